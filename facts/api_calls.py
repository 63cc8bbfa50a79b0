"""API versions of calls that people make by hand (`api_calls.yaml`)."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section

FILE = Path(__file__).with_name("api_calls.yaml")


class ApiCall(Section):
    """One kind of call. The file's head says what each field means."""

    what: str
    type: str
    version: str
    source: str
    read: date


@cache
def api_calls() -> Sequence[ApiCall]:
    """Every row. Raises DocumentError when the file is wrong."""
    return read_document(FILE, list[ApiCall])
