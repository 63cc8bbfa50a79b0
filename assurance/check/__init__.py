"""Judges records by the policies and says what was found."""
