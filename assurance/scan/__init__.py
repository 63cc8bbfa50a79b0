"""Secrets in plain text: in stack files, in this repository, in any checkout."""
