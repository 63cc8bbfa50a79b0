"""What ends when: what Azure takes away, and what a stack's own data lets end."""
