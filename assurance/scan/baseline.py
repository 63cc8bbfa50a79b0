"""The baseline: what a scan finds and people have looked at, each with the reason why it may stand there."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from assurance.errors import UsageError
from documents.reading import read_document
from documents.sections import Section

DEFAULT = Path("policies") / "scan_baseline.yaml"


class Accepted(Section):
    """One entry. file: which files, ``*`` for any text; line: the fingerprint of one line there, left out for all;
    until: the last day on which it accepts something, left out for ever."""

    file: Annotated[str, Field(min_length=3)]
    line: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")] | None = None
    reason: Annotated[str, Field(min_length=10)]
    until: date | None = None


@dataclass
class Baseline:
    """All entries. today: the day on which they are asked; used: which of them something needed."""

    entries: Sequence[Accepted] = ()
    file: str = ""
    today: date = field(default_factory=date.today)
    used: set[int] = field(default_factory=set)

    def covers(self, path: str, text: str) -> bool:
        """Whether a finding in this file, on a line of this text, was accepted."""
        mark = fingerprint(text)
        for number, entry in enumerate(self.entries):
            if fnmatchcase(path, entry.file) and entry.line in (None, mark) and not self.ended(entry):
                self.used.add(number)
                return True
        return False

    def ended(self, entry: Accepted) -> bool:
        """Whether its last day is past."""
        return entry.until is not None and entry.until < self.today

    @property
    def unused(self) -> list[Accepted]:
        """Entries that nothing needed."""
        return [entry for number, entry in enumerate(self.entries) if number not in self.used]

    @classmethod
    def load(cls, path: Path) -> "Baseline":
        """Read a baseline. Raises UsageError where it is not there, DocumentError with every mistake in it."""
        try:
            path.stat()
        except OSError as error:
            raise UsageError(f"--baseline {path}: {error.strerror or error}") from None
        return cls(read_document(path, list[Accepted] | None) or [], path.name)


def fingerprint(text: str) -> str:
    """Of a line, without what surrounds it: it stays when the line moves, and tells nothing of the secret."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:12]
