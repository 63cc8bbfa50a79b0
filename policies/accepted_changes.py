"""The register of accepted changes: which weakening may be merged, why, until when, and what protects instead."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from documents.problems import Problem
from policies.entries import Entry, Text, read_entries

REGISTER_FILE = Path(__file__).with_name("accepted_changes.yaml")
LONGEST = timedelta(days=30)
"""An accepted change is a step on the way, not a state: longer ones are exceptions."""

Area = Literal[
    "access",
    "exposure",
    "edge",
    "encryption",
    "alerts",
    "logs",
    "retention",
    "rates",
    "backup",
    "rules",
    "exceptions",
    "trusted",
    "moved",
]
ChangeId = Annotated[str, StringConstraints(pattern=r"^CHG-[A-Z0-9-]+$")]


class AcceptedChange(Entry):
    """One entry of the register."""

    area: Area
    """What gets weaker."""
    resource: Annotated[str, Field(min_length=1)]
    """Logical names of the resources it covers; ``*`` stands for any text."""
    property: Annotated[str, Field(min_length=1)]
    """What gets weaker, as the comparison names it; ``*`` stands for any text. In area ``rules`` the rule's id."""
    reason: Text
    """Why it is done."""
    compensating_control: Text
    """What protects meanwhile."""
    accepted: date
    """Day on which it was accepted."""
    until: date
    """Last day on which it holds."""

    def problems(self) -> Iterator[Problem]:
        """It may not hold longer than `LONGEST`, nor end before it begins."""
        latest = self.accepted + LONGEST
        if not self.accepted <= self.until <= latest:
            allowed = f"from {self.accepted} to {latest}: {LONGEST.days} days after it was accepted at most"
            yield Problem("until", str(self.until), allowed)

    def covers(self, stack: str, area: str, name: str, property_: str) -> bool:
        """Whether it is about this weakening, past its last day or not."""
        return (
            stack in self.stacks
            and area == self.area
            and fnmatchcase(name, self.resource)
            and fnmatchcase(property_, self.property)
        )


@dataclass(frozen=True)
class AcceptedChanges:
    """All accepted changes by id. lines: the line of each in the file."""

    changes: dict[str, AcceptedChange] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    file: str = "policies/accepted_changes.yaml"

    def find(self, stack: str, area: str, name: str, property_: str, today: date) -> str | None:
        """The id of the entry that covers this weakening today; None where none does, or its last day is past."""
        ids = [id_ for id_, entry in self.changes.items() if entry.covers(stack, area, name, property_)]
        return next((id_ for id_ in ids if self.changes[id_].until >= today), None)

    def past(self, today: date) -> list[str]:
        """Entries that cover nothing any more."""
        return [id_ for id_, entry in self.changes.items() if entry.until < today]

    @classmethod
    def load(cls, path: Path = REGISTER_FILE) -> "AcceptedChanges":
        """Read the register; no file is an empty one. Raises DocumentError with every mistake in it."""
        return cls.parse(path.read_text(encoding="utf-8")) if path.is_file() else cls()

    @classmethod
    def parse(cls, text: str) -> "AcceptedChanges":
        """Read a register from YAML text; raises DocumentError with every mistake in it."""
        return cls(*read_entries(text, dict[ChangeId, AcceptedChange], cls.file))
