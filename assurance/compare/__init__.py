"""What changed between two records, and whether it weakens."""
