"""The full audit of a record: the rules, the entries of the stack's data, what the recorder noticed, the logs that
alerts read, and what `assurance access` and `assurance reach` find in it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from assurance.access import judge as access
from assurance.access.matrix import matrix
from assurance.check import apart, attestations, dates, declared, limits, log_feeds, order, outputs, owner, recording
from assurance.check import audit as audits
from assurance.check.findings import LATER, Finding, Report
from assurance.lifecycle import judge as lifecycle
from assurance.reach import judge as reachability
from assurance.reach.report import reach
from assurance.record import Record
from assurance.stacks import project_root
from assurance.unread import unread_paths
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


def full_audit(record: Record, register: Register, today: date, root: Path | None = None) -> Report:
    """Judge ``record`` by every rule, by its data's entries, by who may do what, and by what is reached from where.

    today: the day on which exceptions must still hold. root: folder of the stack files and catalogues; this project's,
    when not given.
    """
    root = root or project_root()
    reached = _findings(record, "reach", lambda: reach(record).report)
    reach_findings = [audits.excepted(f, register, today) if f.status == "warn" else f for f in reached]
    elsewhere = [*lifecycle.check_findings(record, register, today, root), *reach_findings]
    ruled = audits.audit(record, register, today, more=elsewhere)
    checked = [*declared.declared_findings(record, root), *recording.recording_findings(record)]
    if record.own:
        checked += [*log_feeds.feed_findings(record), *owner.owner_findings(record, root)]
        checked += [
            *limits.limit_findings(record, root),
            *apart.apart_findings(record, root),
            *dates.date_findings(record, root, today),
        ]
    if record.platform:
        checked += attestations.attestation_findings(record, register.attestations, today)
    access_findings = _findings(record, "access", lambda: matrix(record).report)
    checked += order.order_findings(record)
    return replace(ruled, findings=[*ruled.findings, *checked, *access_findings, *_unread_findings(record)])


def _findings(record: Record, command: str, work_out: Callable[[], Report]) -> list[Finding]:
    """What a command finds; that it cannot read the record, where an input is nonsense."""
    try:
        return work_out().findings
    except UNREADABLE as error:
        message = f"`assurance {command}` cannot read an input of this record: {type(error).__name__}: {error}"
        return [Finding.of(READABLE, "fail", message, stack=record.stack)]


def _unread_findings(record: Record) -> list[Finding]:
    return [
        Finding.of(
            READABLE,
            "unchecked",
            f"{LATER}entries of {', '.join(paths)}; the others were judged",
            record.by_urn[urn],
            stack=record.stack,
        )
        for urn, paths in unread_paths(record).items()
    ]


def rule_ids() -> set[str]:
    """Ids of all rules that `full_audit` judges by."""
    return {info.id for info in _infos()}


def _infos() -> Iterator[RuleInfo]:
    yield from RULES
    yield from recording.KINDS.values()
    yield READABLE
    checks = (audits, apart, attestations, dates, declared, limits, log_feeds, order, outputs, owner)
    for module in (*checks, access, reachability, lifecycle):
        yield from (value for value in vars(module).values() if isinstance(value, RuleInfo))
