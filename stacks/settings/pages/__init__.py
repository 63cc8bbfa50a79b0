"""Writes what follows from the settings: docs/stack-config.md, its schema, docs/changing-settings.md, README's list."""
