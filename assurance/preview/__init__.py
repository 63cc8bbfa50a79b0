"""Shows a record to a person."""
