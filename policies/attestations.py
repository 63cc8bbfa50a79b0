"""The register of attestations: what people say that no configuration can show, by whom, since and until when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section, one_of
from policies.controls import controls
from policies.entries import EndingEntry, Text, read_entries

DAYS_OF_A_MONTH = 31
"""A month counts as its longest: whoever attests on the same day of a later month is in time."""

AttestationId = Annotated[str, StringConstraints(pattern=r"^ATT-[A-Z0-9-]+$")]
KindId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class AttestationKind(Section):
    """What may be attested; the file's head says what each field means."""

    title: Annotated[str, Field(min_length=5)]
    asks: Text
    required: bool
    months: Annotated[int, Field(ge=1, le=72)] | None
    controls: Annotated[list[Annotated[str, one_of(lambda: controls())]], Field(min_length=1)]
    source: Text


attestation_kinds = data_reader(__file__, "attestation_kinds.yaml", dict[KindId, AttestationKind])
"""The kinds by id."""


class Attestation(EndingEntry):
    """One entry of the register."""

    kind: Annotated[str, one_of(lambda: attestation_kinds())]
    """A kind of attestation_kinds.yaml."""
    statement: Text
    """What is attested."""
    attested: date | None = None
    """Day on which it was signed; None: not yet."""
    expires: date
    """Last day on which it holds; of one that is not signed yet: the day by which it must be."""
    kept: Text
    """Where the signed paper, ticket or report is kept."""

    def problems(self) -> Iterator[Problem]:
        """It ends after it began, and no later than its kind allows."""
        if self.attested is None:
            return
        if self.expires < self.attested:
            yield Problem("expires", str(self.expires), f"a day from {self.attested} on, when it was attested")
        months = attestation_kinds()[self.kind].months
        if months is not None and self.expires > self.attested + timedelta(days=months * DAYS_OF_A_MONTH):
            latest = self.attested + timedelta(days=months * DAYS_OF_A_MONTH)
            yield Problem("expires", str(self.expires), f"{latest} at the latest: {self.kind} holds {months} months")

    def holds(self, today: date) -> bool:
        """Whether it is signed, by ``today``, and its last day is not past."""
        return self.attested is not None and self.attested <= today and not self.expired(today)


@dataclass(frozen=True)
class AttestationRegister:
    """All attestations by id. lines: the line of each in the file."""

    entries: dict[str, Attestation] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    file: str = "policies/attestations.yaml"

    def in_stack(self, stack: str) -> dict[str, Attestation]:
        """Those that are about ``stack``, by id."""
        return {id_: each for id_, each in self.entries.items() if stack in each.stacks}

    @classmethod
    def parse(cls, text: str) -> "AttestationRegister":
        """Read a register from YAML text; raises DocumentError with every mistake in it."""
        return cls(*read_entries(text, dict[AttestationId, Attestation], cls.file))
