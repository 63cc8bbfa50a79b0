"""Who may do what to what, worked out from a record."""
