"""What the registers that people sign have in common: entries by id, each for some stacks, by the role that owns it."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from documents.lines import text_lines
from documents.reading import parse_document
from documents.sections import Section

Text = Annotated[str, Field(min_length=10)]
Names = Annotated[list[str], Field(min_length=1)]


class Entry(Section):
    """One entry of a register."""

    stacks: Names
    """Stacks it holds in, by name."""
    owner: Annotated[str, Field(min_length=3)]
    """Role that answers for it, never a person's name."""


class EndingEntry(Entry):
    """One that holds until a day."""

    expires: date
    """Last day on which it holds."""

    def expired(self, today: date) -> bool:
        """Whether its last day is past."""
        return self.expires < today


def read_entries(text: str, type_: Any, file: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The entries of a register, by id, and the line of each; raises DocumentError with every mistake in them."""
    entries = parse_document(text, type_ | None, file) or {}
    lines = text_lines(text)
    return entries, {id_: lines[id_] for id_ in entries}
