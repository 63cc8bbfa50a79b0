"""What ends when, on the terminal."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from rich.console import Console
from rich.text import Text

from assurance.check.tables import COLOURS
from assurance.lifecycle.calendar import Calendar, Event, stable_version
from assurance.lifecycle.endings import FAIL_DAYS, WARN_DAYS
from assurance.terminal import print_line, print_table, table


def show(console: Console, calendars: Sequence[Calendar]) -> None:
    """Ends by day, then everything that fails or warns by name, what has no day, and previews."""
    for each in calendars:
        print_line(console, f"\n{each.stack}: what ends, as seen on {each.today}", "bold")
        rows = table("Day", "Days", "Verdict", "What", "Concerns", names=("Day", "Days", "Verdict"))
        for event in each.events:
            days = event.first.days(each.today)
            rows.add_row(
                str(event.first.day or "no day"),
                "" if days is None else str(days),
                Text(event.status, style=COLOURS.get(event.status, "")),
                event.first.id,
                str(len(event.endings)) if len(event.endings) > 1 else event.first.name,
            )
        print_table(console, rows)
        for event in each.events:
            if event.status in ("fail", "warn", "excepted"):
                _show_event(console, event, each.today)
        _show_previews(console, each)
    print_line(
        console,
        f"\nWarns {WARN_DAYS} days before an end and fails {FAIL_DAYS} days before it; what lives shorter than a "
        "year, half and a sixth of its life before. Basis: declared configuration, seen offline, and "
        "facts/lifecycle.yaml; an end that nobody has announced is in neither.",
        "dim",
    )


def _show_event(console: Console, event: Event, today: date) -> None:
    first = event.first
    heading = Text.assemble(
        (f"\n{event.status.upper()} ", f"bold {COLOURS[event.status]}"),
        (f"{event.stack} {first.id} ", "bold"),
        f"{first.when(today)}: {first.then}",
    )
    print_line(console, heading)
    ordered = sorted(event.endings, key=lambda each: (each.type, each.name))
    for type_, group in groupby(ordered, key=lambda each: each.type):
        names = ", ".join(each.name for each in group)
        print_line(console, f"  {type_.removeprefix('azure-native:')}: {names}" if type_ else f"  {names}")
    for exception in sorted({finding.exception for finding in event.findings if finding.exception}):
        print_line(console, f"  {exception}", COLOURS["excepted"])
    read = f", read {first.read}" if first.read else ""
    print_line(console, f"  {first.status}: {first.source}{read}", "dim")
    print_line(console, f"  to do: {first.action}", "italic")


def _show_previews(console: Console, calendar: Calendar) -> None:
    if not calendar.previews:
        return
    print_line(console, "\nPreview API versions, which Azure may end 90 days after a notice", "bold")
    for (type_, version), count in sorted(calendar.previews.items()):
        said = f"  {type_.removeprefix('azure-native:')} {version} ({count}); stable: {stable_version(type_)}"
        print_line(console, said)
