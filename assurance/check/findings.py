"""What an audit found: one finding for each rule on each resource it examined."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from functools import cache
from typing import Any, Literal

from assurance.record import Resource
from policies.rule import RuleInfo

Status = Literal["pass", "fail", "warn", "excepted", "not-applicable", "unchecked"]

STATUSES: tuple[Status, ...] = ("pass", "fail", "warn", "excepted", "not-applicable", "unchecked")
"""fail: a violation; warn: one of a rule of low severity; excepted: one that a valid exception covers;
not-applicable: the rule found nothing to examine; unchecked: it needs a value that only a deployment can know."""


LATER = "known only when deployed: "
"""How the message of a finding begins that is unchecked because a value is not known yet."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule's judgement of one resource.

    urn, type, name: the resource; empty when the rule examined none or the finding is about the stack.
    source: the line that made the resource; origin: the data entry it was made from.
    seen: what was there, in words; what the rule looked at. exception, expires: id and last day of the exception that
    covers it. also: URNs of the other resources that a shared warning is about.
    """

    rule: str
    title: str
    severity: str
    status: Status
    controls: tuple[str, ...]
    stack: str
    message: str
    remediation: str
    seen: str = ""
    urn: str = ""
    type: str = ""
    name: str = ""
    source: dict[str, Any] | None = None
    origin: dict[str, Any] | None = None
    exception: str = ""
    expires: date | None = None
    also: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        info: RuleInfo,
        status: Status,
        message: str,
        resource: Resource | None = None,
        *,
        stack: str,
        **more: Any,
    ) -> "Finding":
        """The judgement of ``resource``, or of the stack, by the rule ``info``.

        more: fields that differ from the resource's. Where ``seen`` is not given, or empty, the message says what was.
        """
        # Not by the constructor: a frozen class sets field by field, which is half of what a finding takes.
        finding = object.__new__(cls)
        fields = vars(finding)
        fields.update(_rule_fields(info))
        fields["status"], fields["stack"], fields["message"] = status, stack, message
        if resource is not None:
            fields["urn"], fields["type"], fields["name"] = resource.urn, resource.type, resource.name
            fields["source"], fields["origin"] = resource.source, resource.origin
        fields.update(more)
        fields["seen"] = fields["seen"] or message
        return finding

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON holds it; an exception only where one covers it."""
        plain = dict(vars(self))
        plain["controls"], plain["also"] = list(self.controls), list(self.also)
        if not self.also:
            del plain["also"]
        plain["expires"] = self.expires.isoformat() if self.expires else None
        if not self.exception:
            del plain["exception"], plain["expires"]
        return plain


@cache
def _rule_fields(info: RuleInfo) -> dict[str, Any]:
    """Every field of a finding, with what its rule says of itself."""
    defaults = {each.name: each.default for each in fields(Finding) if each.default is not MISSING}
    return defaults | {
        "rule": info.id,
        "title": info.title,
        "severity": info.severity,
        "status": "",
        "controls": info.controls,
        "stack": "",
        "message": "",
        "remediation": info.remediation,
    }


@dataclass(frozen=True)
class Report:
    """The audit of one record.

    examined: how many resources the record has, components not counted. basis: what the judgement rests on, see
    `assurance.basis.judged_basis`.
    """

    stack: str
    mode: str
    findings: list[Finding] = field(default_factory=list)
    examined: int = 0
    basis: dict[str, Any] = field(default_factory=dict)

    @property
    def totals(self) -> dict[str, int]:
        """Findings by status; every status is there."""
        counts = Counter(finding.status for finding in self.findings)
        return {status: counts[status] for status in STATUSES}

    def with_status(self, *statuses: Status) -> list[Finding]:
        """Findings with one of these statuses, worst first."""
        ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
        matches = [finding for finding in self.findings if finding.status in statuses]
        return sorted(matches, key=lambda f: (ranks[f.severity], f.rule, f.name))

    @property
    def holds(self) -> bool:
        """Whether nothing fails. Warnings, and what could not be checked, do not count as failures."""
        return self.totals["fail"] == 0


def totals(reports: Iterable[Report]) -> dict[str, int]:
    """Findings of several reports by status."""
    summed: dict[str, int] = dict.fromkeys(STATUSES, 0)
    for report in reports:
        for status, count in report.totals.items():
            summed[status] += count
    return summed


def shared_basis(reports: Sequence[Report]) -> dict[str, Any]:
    """What several reports rest on: a value that all share stands alone, others stand by stack."""
    keys = dict.fromkeys(key for report in reports for key in report.basis)
    shared: dict[str, Any] = {}
    for key in keys:
        values = {report.stack: report.basis.get(key) for report in reports}
        first = next(iter(values.values()))
        shared[key] = first if all(value == first for value in values.values()) else values
    return shared
