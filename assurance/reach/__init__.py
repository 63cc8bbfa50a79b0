"""What can be reached from where, worked out from a record."""
