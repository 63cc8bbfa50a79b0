"""How a subscription is asked whether a name is free (`name_checks.yaml`)."""

from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section

FILE = Path(__file__).with_name("name_checks.yaml")


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


@cache
def name_checks() -> dict[str, NameCheck]:
    """Rows by type key. Raises DocumentError when the file is wrong."""
    return read_document(FILE, dict[str, NameCheck])
