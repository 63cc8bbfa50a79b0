"""What Azure keeps of what is deleted (`soft_delete.yaml`)."""

from typing import Literal

from documents.reading import data_reader
from facts.decisions import Sourced


class Remains(Sourced):
    """What stays of a deleted thing. The file's head says what each field means."""

    types: list[str]
    what: str
    kept: str
    setting: str | None = None
    name: Literal["taken", "free", "returns", "none"]
    scope: str = ""
    again: str


remains = data_reader(__file__, "soft_delete.yaml", list[Remains])
"""Every row, in the file's order."""
