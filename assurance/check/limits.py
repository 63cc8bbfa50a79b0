"""STACKS-LIMITS: what all stacks of a subscription have together fits into it (facts/limits.yaml)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding
from assurance.check.stack_files import StackFile, may_share_subscription, not_at_hand, stack_files
from assurance.record import Record
from documents.yaml_text import read_if_possible
from facts.limits import Limit, limits
from policies.rule import RuleInfo

LIMITS = RuleInfo(
    "STACKS-LIMITS",
    "All stacks of a subscription together stay within its limits",
    "high",
    ("164.308(a)(1)(ii)(D)", "164.308(a)(7)(ii)(C)"),
    "Give a stack a subscription of its own (azure-native:subscriptionId), or take alerts out of the catalogue: Azure "
    "refuses what is one too many, and the last stack stays without it.",
    "facts/limits.yaml, with the page of each limit",
)
ALERTS = "stacks/catalogues/alerts.yaml"


def limit_findings(record: Record, root: Path) -> Iterator[Finding]:
    """One finding for each limit on a type of the record.

    Its own resources are counted in the record. Of the stacks beside it, without running them: entries of the alert
    catalogue where each becomes one resource, at most; else as many as the record has, for one program makes them all.
    """
    if reason := not_at_hand(record, root):
        yield Finding.of(LIMITS, *reason, stack=record.stack)
        return
    own, others, unread = stack_files(record, root)
    beside = [other for other in others if own is not None and may_share_subscription(own, other)]
    for name, limit in limits().items():
        count = len(record.of_type(limit.type))
        if not count:
            continue
        parts = {record.stack: count} | {
            other.path.name: count if limit.catalogue is None else _entries(root, limit, other) for other in beside
        }
        total = sum(parts.values())
        said = f"{total} of {limit.limit} {name} per {limit.per} ({', '.join(f'{k}: {v}' for k, v in parts.items())})"
        status: Any = "fail" if total > limit.limit else "unchecked" if unread else "pass"
        message = {
            "fail": f"{said}; {'a support request may raise it' if limit.adjustable else 'Azure raises it for nobody'}",
            "unchecked": f"{said}, without {', '.join(unread)}, which cannot be read",
            "pass": said,
        }[status]
        yield Finding.of(LIMITS, status, message, stack=record.stack, name=name)


def _entries(root: Path, limit: Limit, file: StackFile) -> int:
    """The catalogue's entries of an engine that a stack may make: those on the subscription only where it owns it."""
    catalogue = read_if_possible(root / ALERTS)
    if catalogue is None:
        return limit.limit + 1  # what cannot be counted does not pass
    rows = [row for row in catalogue.values() if isinstance(row, dict) and row.get("engine") == limit.catalogue]
    owner = file.get("subscription.owner") is True
    return sum(owner or row.get("kind") != "subscription" for row in rows)
