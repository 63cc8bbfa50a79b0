"""The full audit of a record: the rules, and what `assurance access` and `assurance reach` find in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from assurance.access import judge as access
from assurance.access.matrix import matrix
from assurance.check import audit as audits
from assurance.check import declared, order
from assurance.check.audit import audit
from assurance.check.findings import Finding, Report
from assurance.check.recording import KINDS
from assurance.reach import judge as reachability
from assurance.reach.report import reach
from assurance.record import Record
from policies.exceptions import Register
from policies.rule import UNREADABLE, RuleInfo
from policies.rules import RULES

READABLE = RuleInfo(
    "RECORD-READABLE",
    "Who may do what, and what is reached from where, can be worked out",
    "critical",
    ("164.308(a)(1)(ii)(B)",),
    "Correct the input that the message names: a value of another kind than Azure takes.",
    "what cannot be judged does not pass",
)


def full_audit(record: Record, register: Register, today: date) -> Report:
    """Judge ``record`` by every rule, by who may do what, and by what can be reached from where.

    today: the day on which exceptions must still hold.
    """
    ruled = audit(record, register, today)
    access_findings = _findings(record, "access", lambda: matrix(record).report)
    reach_findings = _findings(record, "reach", lambda: reach(record).report)
    return replace(ruled, findings=[*ruled.findings, *order.order_findings(record), *access_findings, *reach_findings])


def _findings(record: Record, command: str, work_out: Callable[[], Report]) -> list[Finding]:
    """What a command finds; that it cannot read the record, where an input is nonsense."""
    try:
        return work_out().findings
    except UNREADABLE as error:
        message = f"`assurance {command}` cannot read an input of this record: {type(error).__name__}: {error}"
        return [Finding.of(READABLE, "fail", message, stack=record.stack)]


def rule_ids() -> set[str]:
    """Ids of all rules that `full_audit` judges by."""
    return {info.id for info in _infos()}


def _infos() -> Iterator[RuleInfo]:
    yield from RULES
    yield from KINDS.values()
    yield READABLE
    for module in (audits, declared, order, access, reachability):
        yield from (value for value in vars(module).values() if isinstance(value, RuleInfo))
