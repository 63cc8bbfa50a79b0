"""How each paragraph of the Security Rule stands in one stack, from its findings, attestations and what Azure does."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from assurance.check.attestations import ATTESTED, CURRENT
from assurance.check.findings import Finding, Status
from documents.counting import counted
from policies.attestations import AttestationRegister, attestation_kinds
from policies.controls import Control, controls

ControlStatus = Literal["not met", "exception", "partial", "attested", "inherited", "not examined", "met"]
STATUSES: tuple[ControlStatus, ...] = (
    "not met", "exception", "partial", "not examined", "attested", "inherited", "met",
)  # fmt: skip
"""In the order in which a reader should look at them."""


TOLD: Mapping[Status, tuple[str, str]] = {
    "fail": ("fails", "fail"),
    "excepted": ("is excepted", "are excepted"),
    "warn": ("warns", "warn"),
    "unchecked": ("could not be checked", "could not be checked"),
    "pass": ("passes", "pass"),
}
"""What one finding of a status does, and what several do."""


SIGNED = (ATTESTED.id, CURRENT.id)
"""Rules on what people sign."""


@dataclass(frozen=True)
class Claim:
    """A kind of attestation in one stack. entry: id of the register's entry that holds, or of the one that does not;
    required: the stack fails without it; holds: it is signed and has not ended; says: in words."""

    kind: str
    required: bool
    holds: bool
    entry: str
    says: str

    @property
    def missing(self) -> bool:
        """Whether it is required and does not hold."""
        return self.required and not self.holds


def status_of(findings: Mapping[Status, int], claims: Iterable[Claim] = (), inherited: bool = False) -> ControlStatus:
    """How something stands: the first that is true of

    not met: a finding fails, or a required attestation is missing or ended; exception: the only failures are excepted;
    partial: something could not be checked, or warns; met: something was examined, and passes; not examined: rules are
    about it and found nothing to examine; attested, inherited: only such a row is mapped; not examined: nothing is.
    """
    each = list(claims)
    if findings.get("fail") or any(claim.missing for claim in each):
        return "not met"
    if findings.get("excepted"):
        return "exception"
    if findings.get("unchecked") or findings.get("warn"):
        return "partial"
    if findings.get("pass"):
        return "met"
    if findings.get("not-applicable"):
        return "not examined"
    if any(claim.holds for claim in each):
        return "attested"
    return "inherited" if inherited else "not examined"


def claims_of(register: AttestationRegister, stack: str, today: date, *, phi: bool) -> dict[str, Claim]:
    """Each kind of attestation in ``stack``. phi: patients' data may be there, so that kinds can be required."""
    here = register.in_stack(stack)
    found = {}
    for kind, row in attestation_kinds().items():
        own = {id_: entry for id_, entry in here.items() if entry.kind == kind}
        holding = next((id_ for id_, entry in own.items() if entry.holds(today)), "")
        entry = holding or next(iter(own), "")
        if holding:
            says = f"{entry}: signed {own[entry].attested}, until {own[entry].expires}"
        elif entry:
            ended = own[entry].expired(today)
            says = f"{entry}: {'ended' if ended else 'not signed yet, due'} {own[entry].expires}"
        else:
            says = "no entry"
        found[kind] = Claim(kind, row.required and phi, bool(holding), entry, says)
    return found


@dataclass(frozen=True)
class ControlRow:
    """One paragraph in one stack. rules: by id, how many of its findings have each status."""

    id: str
    control: Control
    status: ControlStatus
    counts: Mapping[Status, int]
    rules: Mapping[str, Mapping[Status, int]]
    claims: tuple[Claim, ...]

    @property
    def examined(self) -> int:
        """How many findings reached a judgement or could not be checked: its population."""
        return sum(count for status, count in self.counts.items() if status != "not-applicable")

    @property
    def why(self) -> str:
        """What the status rests on, in words."""
        if self.status == "not met":
            missing = (f"{claim.kind}: {claim.says}" for claim in self.claims if claim.missing)
            return "; ".join([*self._messages("fail"), *missing])
        if self.status == "exception":
            return "; ".join(self._messages("excepted"))
        if self.status == "partial":
            return "; ".join(self._messages("warn", "unchecked"))
        if self.status == "attested":
            return "; ".join(claim.says for claim in self.claims if claim.holds)
        if self.status == "inherited":
            return self.control.inherited
        if self.status == "not examined":
            nothing = "its rules found nothing to examine" if self.rules else "no rule of this program is about it"
            return self.control.about or f"{nothing}, and nobody attests it here"
        return "; ".join(self._messages("pass"))

    def _messages(self, *statuses: Status) -> Iterator[str]:
        """How many findings have each of these statuses, in words."""
        for status in statuses:
            if number := self.counts.get(status, 0):
                yield counted(number, f"finding {TOLD[status][0]}", f"findings {TOLD[status][1]}")

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON holds it."""
        return {
            "id": self.id,
            "title": self.control.title,
            "requirement": {"R": "required", "A": "addressable"}[self.control.status],
            "asks": self.control.asks,
            "status": self.status,
            "why": self.why,
            "examined": self.examined,
            "counts": dict(self.counts),
            "rules": {rule: dict(counts) for rule, counts in self.rules.items()},
            "attestations": [
                {"kind": c.kind, "entry": c.entry, "required": c.required, "holds": c.holds, "says": c.says}
                for c in self.claims
            ],
            "inherited": self.control.inherited,
            "crosswalk": {
                "NIST SP 800-66r2": self.control.sp80066,
                "NIST SP 800-53r5": self.control.sp80053.nist,
                "added by us": self.control.sp80053.ours,
            },
        }


def control_rows(findings: Iterable[Finding], claims: Mapping[str, Claim]) -> list[ControlRow]:
    """Every paragraph, in the order of the law.

    What people attest counts by its claim: that a finding on it passes examines nothing of the program.
    """
    by_control: dict[str, dict[str, Counter[Status]]] = {id_: {} for id_ in controls()}
    for finding in findings:
        for control in finding.controls:
            by_control.setdefault(control, {}).setdefault(finding.rule, Counter())[finding.status] += 1
    rows = []
    for id_, paragraph in controls().items():
        rules = dict(sorted(by_control[id_].items()))
        counts: Counter[Status] = Counter()
        for rule, each in rules.items():
            counts.update({status: count for status, count in each.items() if rule not in SIGNED or status != "pass"})
        own = tuple(claims[kind] for kind, row in attestation_kinds().items() if id_ in row.controls and kind in claims)
        status = status_of(counts, own, bool(paragraph.inherited))
        rows.append(ControlRow(id_, paragraph, status, counts, rules, own))
    return rows
