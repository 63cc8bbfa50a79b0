"""The database room: SQL that protects PHI in PostgreSQL, and the runner that applies and verifies it.

Stands alone: imports no other room. ``python -m database --help`` lists the commands, ``docs/database.md`` explains
roles, contexts, keys and the audit chain.
"""
