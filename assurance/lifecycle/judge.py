"""LIFECYCLE: what ends, as findings: for `check` on its day, for `assurance lifecycle` before it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from assurance.check.findings import Finding, Status
from assurance.lifecycle.azure import azure_endings, undecided_previews, unversioned
from assurance.lifecycle.endings import Ending
from assurance.lifecycle.own import own_endings
from assurance.record import Record
from policies.exceptions import Register
from policies.rule import RuleInfo

LIFECYCLE = RuleInfo(
    "LIFECYCLE",
    "Nothing in use has ended, or ends before anybody can act",
    "high",
    ("164.308(a)(1)(ii)(B)", "164.308(a)(8)"),
    "Move to what goes on, as the message says; what cannot be mended yet may be an exception that ends on that day.",
    "facts/lifecycle.yaml (what Azure ends), the stack file, and the registers in policies/",
)
REGISTERED = ("exception", "trusted", "accepted change", "attestation")
"""Kinds whose own rules fail from the day on (EXCEPTION-VALID and its like): `check` only warns of them here."""


def endings(record: Record, root: Path) -> list[Ending]:
    """All ends of a record's resources and of the entries about its stack, the next one first."""
    found = [*azure_endings(record), *own_endings(record, root)]
    return sorted(found, key=lambda each: (each.day or date.max, each.id, each.name))


def check_findings(record: Record, register: Register, today: date, root: Path) -> Iterator[Finding]:
    """For `check`: an end warns until its day and fails from that day on. What only moves elsewhere never fails."""
    nothing = True
    for ending in endings(record, root):
        nearness = ending.nearness(today)
        if nearness == "unknown" or (nearness == "past" and ending.kind in REGISTERED):
            continue
        nothing = False
        statuses: dict[str, Status] = {"past": "fail", "near": "warn", "coming": "warn", "later": "pass"}
        status = "warn" if nearness == "past" and ending.effect == "moved" else statuses[nearness]
        yield _finding(ending, status, record, register, today)
    for resource in unversioned(record):
        nothing = False
        message = "the record does not say with which API version it is sent"
        yield Finding.of(LIFECYCLE, "unchecked", message, resource, stack=record.stack)
    if record.own and (rest := undecided_previews(record)):
        nothing = False
        message = f"preview API versions without a row in facts/lifecycle.yaml: {', '.join(rest)}"
        yield Finding.of(LIFECYCLE, "warn", message, stack=record.stack, name="preview API versions")
    if nothing:
        yield Finding.of(LIFECYCLE, "not-applicable", "nothing in this record has an end", stack=record.stack)


def calendar_finding(ending: Ending, record: Record, register: Register, today: date) -> Finding:
    """For `assurance lifecycle`: an end warns half a year before its day and fails two months before it."""
    statuses: dict[str, Status] = {
        "past": "fail",
        "near": "fail",
        "coming": "warn",
        "later": "pass",
        "unknown": "not-applicable",
    }
    return _finding(ending, statuses[ending.nearness(today)], record, register, today)


def _finding(ending: Ending, status: Status, record: Record, register: Register, today: date) -> Finding:
    said = f"{ending.subject} {ending.when(today)}"
    message = said if status == "pass" else f"{said}: {ending.then}. {ending.action} ({ending.status}: {ending.source})"
    id_ = register.find(LIFECYCLE.id, record.stack, ending.name) if status in ("warn", "fail") else None
    more: dict[str, object] = {}
    if id_ is not None:
        entry = register.exceptions[id_]
        more = {"exception": id_, "expires": entry.expires}
        if ending.day is not None and entry.expires > ending.day:
            status = "fail"
            message = f"{id_} holds until {entry.expires}: it must end on {ending.day}, for {message}"
        elif entry.expired(today):
            message = f"{message} ({id_} expired on {entry.expires})"
        else:
            status, message = "excepted", f"{message}; {entry.reason}"
    if ending.place is not None:
        more |= {"origin": ending.place}
    return Finding.of(LIFECYCLE, status, message, ending.resource, stack=record.stack, **({"name": ending.name} | more))
