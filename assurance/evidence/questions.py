"""What others ask, each with an answer: proposed changes of the Security Rule, and the first requests of an audit."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from assurance.check.findings import Finding, Status
from assurance.evidence.controls import Claim, ControlStatus, status_of
from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section, one_of
from policies.attestations import attestation_kinds
from policies.controls import controls
from policies.entries import Text

Kind = Annotated[str, one_of(lambda: attestation_kinds())]


class Proposal(Section):
    """One row of proposed_rule.yaml; the file's head says what each field means."""

    id: str
    section: str
    asks: Text
    rules: list[str] = []
    attestations: list[Kind] = []
    here: Text

    def problems(self) -> Iterator[Problem]:
        """Something decides where the platform stands."""
        if not self.rules and not self.attestations:
            yield Problem("", self.id, "rules, or attestations")


class Request(Section):
    """One row of audit_requests.yaml; the file's head says what each field means."""

    id: str
    asks: Text
    controls: Annotated[list[Annotated[str, one_of(lambda: controls())]], Field(min_length=1)]
    files: list[str] = []
    commands: list[str] = []
    attestations: list[Kind] = []
    source: Text

    def problems(self) -> Iterator[Problem]:
        """Something answers it."""
        if not (self.files or self.commands or self.attestations):
            yield Problem("", self.id, "files, commands or attestations")


proposals = data_reader(__file__, "proposed_rule.yaml", list[Proposal])
"""What is proposed."""

requests = data_reader(__file__, "audit_requests.yaml", list[Request])
"""The usual first requests."""


def standing(findings: Iterable[Finding], claims: Mapping[str, Claim]) -> list[tuple[Proposal, ControlStatus]]:
    """Where a stack stands with each proposal, worked out as a control's status is."""
    by_rule: dict[str, Counter[Status]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, Counter())[finding.status] += 1
    found = []
    for row in proposals():
        counts: Counter[Status] = Counter()
        for rule in row.rules:
            counts.update(by_rule.get(rule, Counter()))
        found.append((row, status_of(counts, [claims[kind] for kind in row.attestations])))
    return found
