"""What Azure keeps of what is deleted (`soft_delete.yaml`)."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from documents.reading import read_document
from documents.sections import Section

FILE = Path(__file__).with_name("soft_delete.yaml")


class Remains(Section):
    """What stays of a deleted thing. The file's head says what each field means."""

    types: list[str]
    what: str
    kept: str
    setting: str | None = None
    name: Literal["taken", "free", "returns", "none"]
    scope: str = ""
    again: str
    source: str
    read: date


@cache
def remains() -> Sequence[Remains]:
    """Every row, in the file's order. Raises DocumentError when the file is wrong."""
    return read_document(FILE, list[Remains])
