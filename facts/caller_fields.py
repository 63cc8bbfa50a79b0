"""Columns of log tables that the caller of a request writes (`caller_fields.yaml`)."""

from datetime import date
from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section


class CallerFields(Section):
    """The columns of one table that a caller chooses, and who says so."""

    columns: list[str]
    source: str
    read: date


@cache
def caller_fields() -> dict[str, CallerFields]:
    """Caller-written columns by table. Raises DocumentError when the file is wrong."""
    path = Path(__file__).with_name("caller_fields.yaml")
    return read_document(path, dict[str, CallerFields])
