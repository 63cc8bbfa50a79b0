"""Quotas of a subscription in a region (`quotas.yaml`)."""

from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section

FILE = Path(__file__).with_name("quotas.yaml")


class Quota(Section):
    """Where the use of a type is counted."""

    path: str
    """Provider path below the subscription; names {location}."""
    version: str
    name: str
    """The name of the count in the answer."""


@cache
def quotas() -> dict[str, Quota]:
    """Rows by type key. Raises DocumentError when the file is wrong."""
    return read_document(FILE, dict[str, Quota])
