"""What the edge does with a request, worked out from a record."""
