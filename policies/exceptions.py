"""The register of exceptions: which rule may be broken where, why, until when, and what protects instead."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, StringConstraints

from documents.problems import DocumentError, Problem
from policies.attestations import AttestationRegister
from policies.entries import EndingEntry, Names, Text, read_entries
from policies.trusted import TrustedRegister

REGISTER_FILE = Path(__file__).with_name("exceptions.yaml")

Parsed = TypeVar("Parsed")


ExceptionId = Annotated[str, StringConstraints(pattern=r"^EXC-[A-Z0-9-]+$")]


class ExceptionEntry(EndingEntry):
    """One entry of the register."""

    rules: Names
    """Ids of the rules it relaxes."""
    resource: Annotated[str, Field(min_length=1)]
    """Logical name of the resources it covers; ``*`` stands for any text."""
    reason: Text
    """Why the rule is not met."""
    compensating_control: Text
    """What protects instead."""

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

        def read(parse: Callable[[str], Parsed], text: str | None, otherwise: Parsed) -> Parsed:
            try:
                return otherwise if text is None else parse(text)
            except DocumentError as error:
                problems.extend(error.problems)
                return otherwise

        none: tuple[dict[str, Any], dict[str, int]] = ({}, {})
        exceptions = read(lambda each: read_entries(each, dict[ExceptionId, ExceptionEntry], cls.file), text, none)
        strangers = read(TrustedRegister.parse, trusted, TrustedRegister())
        attested = read(AttestationRegister.parse, attestations, AttestationRegister())
        if problems:
            raise DocumentError(problems)
        return cls(*exceptions, trusted=strangers, attestations=attested)
