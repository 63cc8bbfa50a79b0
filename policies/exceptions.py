"""The register of exceptions: which rule may be broken where, why, until when, and what protects instead."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, StringConstraints

from documents.lines import text_lines
from documents.problems import DocumentError, Problem
from documents.reading import parse_document
from documents.sections import Section
from policies.attestations import AttestationRegister
from policies.trusted import TrustedRegister

REGISTER_FILE = Path(__file__).with_name("exceptions.yaml")

Text = Annotated[str, Field(min_length=10)]
Parsed = TypeVar("Parsed")


ExceptionId = Annotated[str, StringConstraints(pattern=r"^EXC-[A-Z0-9-]+$")]


class ExceptionEntry(Section):
    """One entry of the register."""

    rules: Annotated[list[str], Field(min_length=1)]
    """Ids of the rules it relaxes."""
    stacks: Annotated[list[str], Field(min_length=1)]
    """Stacks it holds in, by name."""
    resource: Annotated[str, Field(min_length=1)]
    """Logical name of the resources it covers; ``*`` stands for any text."""
    reason: Text
    """Why the rule is not met."""
    compensating_control: Text
    """What protects instead."""
    owner: Annotated[str, Field(min_length=3)]
    """Role that answers for it, never a person's name."""
    expires: date
    """Last day on which it holds."""

    def expired(self, today: date) -> bool:
        """Whether its last day is past."""
        return self.expires < today

    def covers(self, rule_id: str, stack: str, name: str) -> bool:
        """Whether it is about this rule on this resource of this stack, expired or not."""
        return rule_id in self.rules and stack in self.stacks and fnmatchcase(name, self.resource)


@dataclass(frozen=True)
class Register:
    """All exceptions by id. lines: the line of each in the file. trusted, attestations: the registers beside it."""

    exceptions: dict[str, ExceptionEntry] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    file: str = "policies/exceptions.yaml"
    trusted: TrustedRegister = field(default_factory=TrustedRegister)
    attestations: AttestationRegister = field(default_factory=AttestationRegister)

    def covering(self, rule_id: str, stack: str, name: str) -> ExceptionEntry | None:
        """The exception for this rule on this resource, expired or not."""
        found = self.find(rule_id, stack, name)
        return self.exceptions[found] if found else None

    def find(self, rule_id: str, stack: str, name: str) -> str | None:
        """The id of the exception for this rule on this resource; the one that holds longest when there are several."""
        ids = [id_ for id_, exception in self.exceptions.items() if exception.covers(rule_id, stack, name)]
        return max(ids, key=lambda id_: self.exceptions[id_].expires, default=None)

    @classmethod
    def load(cls, path: Path = REGISTER_FILE) -> "Register":
        """Read the register, and those beside it; raises DocumentError with every mistake in them."""
        files = (path, path.with_name("trusted.yaml"), path.with_name("attestations.yaml"))
        return cls.parse(*(each.read_text(encoding="utf-8") if each.is_file() else None for each in files))

    @classmethod
    def parse(cls, text: str | None, trusted: str | None = None, attestations: str | None = None) -> "Register":
        """Read the registers from YAML texts; None is none. Raises DocumentError with every mistake in them."""
        problems: list[Problem] = []

        def read(parse: Callable[[], Parsed], otherwise: Parsed) -> Parsed:
            try:
                return parse()
            except DocumentError as error:
                problems.extend(error.problems)
                return otherwise

        entries = dict[ExceptionId, ExceptionEntry] | None
        exceptions: dict[str, ExceptionEntry] = read(lambda: parse_document(text or "", entries, cls.file) or {}, {})
        strangers, attested = TrustedRegister(), AttestationRegister()
        if trusted is not None:
            strangers = read(lambda: TrustedRegister.parse(trusted), strangers)
        if attestations is not None:
            attested = read(lambda: AttestationRegister.parse(attestations), attested)
        if problems:
            raise DocumentError(problems)
        lines = text_lines(text or "")
        return cls(exceptions, {id_: lines[id_] for id_ in exceptions}, trusted=strangers, attestations=attested)
