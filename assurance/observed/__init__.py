"""What is live against what is declared."""
