"""Limits of a subscription (`limits.yaml`)."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from documents.reading import read_document
from documents.sections import Section

FILE = Path(__file__).with_name("limits.yaml")


class Limit(Section):
    """How many resources of a type there may be. The file's head says what each field means."""

    type: str
    limit: int
    per: Literal["subscription", "region"]
    adjustable: bool
    catalogue: Literal["activity"] | None = None
    source: str
    read: date


@cache
def limits() -> Mapping[str, Limit]:
    """Limits by name. Raises DocumentError when the file is wrong."""
    return read_document(FILE, dict[str, Limit])
