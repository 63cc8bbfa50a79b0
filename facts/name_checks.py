"""How a subscription is asked whether a name is free (`name_checks.yaml`)."""

from documents.reading import data_reader
from documents.sections import Section


class Ask(Section):
    """The question whether a name is free."""

    path: str
    """Provider path below the subscription."""
    version: str
    type: str
    """What the body names as type; empty where the service knows one only."""


class Deleted(Section):
    """Deleted resources that keep their names."""

    path: str
    version: str
    remedy: str
    """What frees or recovers the name; may name {name} and {location}."""


class NameCheck(Section):
    """One type."""

    ask: Ask | None = None
    deleted: Deleted | None = None


name_checks = data_reader(__file__, "name_checks.yaml", dict[str, NameCheck])
"""Rows by type key."""
