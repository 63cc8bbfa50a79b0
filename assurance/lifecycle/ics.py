"""What ends, as a calendar file (RFC 5545) that any calendar takes."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta

from assurance.basis import basis_line
from assurance.lifecycle.calendar import Calendar, Event
from assurance.lifecycle.endings import FAIL_DAYS, WARN_DAYS

LINE = 75
"""Octets of a line; longer ones go on in the next, behind a space."""


def to_ics(calendars: Sequence[Calendar]) -> str:
    """A day-long event for each end with a day, with alarms as far before it as `assurance lifecycle` warns and fails.

    The same record gives the same file: events keep their identity, so that a calendar updates them.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//MedSpaSync//assurance lifecycle//EN", "CALSCALE:GREGORIAN"]
    rests_on = "; ".join(f"{each.stack}, {each.report.mode}: {basis_line(each.report.basis)}" for each in calendars)
    lines.append(f"X-WR-CALDESC:{_escaped(rests_on)}")
    for each in calendars:
        for event in each.events:
            if event.first.day is not None:
                lines += _event(event, f"{each.today:%Y%m%d}T000000Z")
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(event: Event, stamp: str) -> Iterator[str]:
    first = event.first
    assert first.day is not None
    names = ", ".join(each.name for each in event.endings)
    yield "BEGIN:VEVENT"
    yield f"UID:{hashlib.sha256(f'{event.stack}/{first.id}/{first.name}'.encode()).hexdigest()[:32]}@medspasync"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{first.day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{first.day + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_escaped(f'{event.stack}: {first.id} ends ({len(event.endings)})')}"
    yield f"DESCRIPTION:{_escaped(f'{first.then}. {first.action}. Source: {first.source}. Concerns: {names}')}"
    yield "TRANSP:TRANSPARENT"
    for days in (WARN_DAYS, FAIL_DAYS):
        yield from (
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"TRIGGER:-P{days}D",
            f"DESCRIPTION:{_escaped(first.id)}",
            "END:VALARM",
        )
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    for character in ("\\", ";", ","):
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most `LINE` octets, no character broken."""
    part = ""
    for character in line:
        if len((part + character).encode()) > LINE:
            yield part
            part = " "
        part += character
    yield part
