"""What ends when in one stack, complete, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from assurance.basis import judged_basis
from assurance.check.findings import Finding, Report, shared_basis, totals
from assurance.json_text import json_text
from assurance.lifecycle.azure import previews
from assurance.lifecycle.endings import Ending
from assurance.lifecycle.judge import calendar_finding, endings
from assurance.record import Record
from facts.decisions import No
from facts.lifecycle import lifecycle
from policies.exceptions import Register

WORST = ("fail", "warn", "excepted", "pass", "not-applicable")


@dataclass(frozen=True)
class Event:
    """One end of one stack, with all whom it concerns and the finding on each."""

    stack: str
    endings: tuple[Ending, ...]
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Ending:
        """What all of them say."""
        return self.endings[0]

    @property
    def status(self) -> str:
        """The worst of the findings."""
        return min((finding.status for finding in self.findings), key=WORST.index)


@dataclass(frozen=True)
class Calendar:
    """previews: how many resources are sent with a preview API version, by type and version."""

    stack: str
    today: date
    events: list[Event]
    previews: dict[tuple[str, str], int]
    report: Report


def calendar(record: Record, register: Register, today: date, root: Path) -> Calendar:
    """Every end that concerns a stack, the next one first; those without a day last."""
    judged = [(each, calendar_finding(each, record, register, today)) for each in endings(record, root)]
    events = []
    for _, group in groupby(judged, key=lambda pair: (pair[0].day, pair[0].id)):
        found = list(group)
        events.append(Event(record.stack, tuple(one for one, _ in found), tuple(finding for _, finding in found)))
    basis = judged_basis(record.basis, record.mode, today)
    report = Report(record.stack, record.mode, [finding for _, finding in judged], len(record.resources), basis)
    return Calendar(record.stack, today, events, dict(previews(record)), report)


def stable_version(type_: str) -> str:
    """What stands beside a preview version: the stable one, or why there is none."""
    row = lifecycle().previews.get(type_)
    if row is None:
        return "nobody decided (facts/lifecycle.yaml, previews)"
    return f"none: {row.stable.no}" if isinstance(row.stable, No) else f"{row.stable}: {row.why}"


def to_json(calendars: Sequence[Calendar]) -> str:
    """Events with their subjects, findings and totals, as `check` writes them."""
    reports = [each.report for each in calendars]
    content = {
        "events": [_event(event, each.today) for each in calendars for event in each.events],
        "previews": [
            {
                "stack": each.stack,
                "type": type_,
                "apiVersion": version,
                "resources": count,
                "stable": stable_version(type_),
            }
            for each in calendars
            for (type_, version), count in sorted(each.previews.items())
        ],
        "findings": [finding.as_dict() for report in reports for finding in report.findings],
        "totals": totals(reports),
        "basis": shared_basis(reports),
    }
    return json_text(content)


def _event(event: Event, today: date) -> dict[str, Any]:
    first = event.first
    return {
        "stack": event.stack,
        "id": first.id,
        "kind": first.kind,
        "ends": first.day.isoformat() if first.day else None,
        "days": first.days(today),
        "unknown": first.why,
        "status": event.status,
        "effect": first.effect,
        "then": first.then,
        "action": first.action,
        "confidence": first.status,
        "source": first.source,
        "read": first.read.isoformat() if first.read else None,
        "subjects": [
            {
                "name": each.name,
                "what": each.subject,
                "urn": each.resource.urn if each.resource else "",
                "type": each.type,
                "apiVersion": each.resource.apiVersion if each.resource else None,
                "source": each.resource.source if each.resource else None,
                "origin": each.place or (each.resource.origin if each.resource else None),
            }
            for each in event.endings
        ],
    }
