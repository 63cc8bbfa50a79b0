"""A report on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assurance.check.findings import LATER, STATUSES, Finding, Report

SHOWN = 4
"""Resources named for each rule of an exception."""

JUDGED = ("pass", "fail", "warn", "excepted")

COLOURS = {
    "pass": "green",
    "fail": "red",
    "warn": "yellow",
    "excepted": "cyan",
    "not-applicable": "dim",
    "unchecked": "magenta",
}


HEADINGS = {"not-applicable": "N/a"}


def show(console: Console, reports: Sequence[Report]) -> None:
    """Totals of every stack, then what fails, warns, is excepted, was not examined and could not be checked."""
    console.print(_totals_table(reports))
    for report in reports:
        show_violations(console, report)
    for report in reports:
        _show_exceptions(console, report)
    for report in reports:
        _show_gaps(console, report)
    how = "as deployed, outputs simulated" if {r.mode for r in reports} == {"deployed"} else "as at a first preview"
    console.print(
        Text(
            f"\nBasis: declared configuration, seen offline ({how}); nothing was asked of Azure. "
            "Percentages are of the checks that reached a judgement.",
            style="dim",
        ),
        soft_wrap=True,
    )


def _totals_table(reports: Sequence[Report]) -> Table:
    """Checks by status, with percentages of those that reached a judgement."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Stack", no_wrap=True)
    for heading in ("Resources", *(HEADINGS.get(status, status.capitalize()) for status in STATUSES), "Holds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for report in reports:
        counts = report.totals
        judged = sum(counts[status] for status in JUDGED)
        cells = []
        for status in STATUSES:
            count = counts[status]
            share = f" {percentage(count, judged)}" if status in JUDGED and count else ""
            cells.append(Text(f"{count}{share}", style=COLOURS[status] if count else "dim"))
        verdict = Text("yes", style="bold green") if report.holds else Text("no", style="bold red")
        table.add_row(report.stack, str(report.examined), *cells, verdict)
    return table


def percentage(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent, never rounded up to 100 or down to 0."""
    if not whole or part in (0, whole):
        return "100%" if whole and part == whole else "0%"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f}%"


def show_violations(console: Console, report: Report) -> None:
    """What fails or warns, by rule, each with its place and what to do."""
    for _, found in groupby(report.of("fail", "warn"), key=lambda f: (f.rule, f.status)):
        findings = list(found)
        first = findings[0]
        heading = Text.assemble(
            (f"\n{first.status.upper()} ", f"bold {COLOURS[first.status]}"),
            (f"{report.stack} {first.rule} ", "bold"),
            f"{first.title}  ",
            (f"{first.severity}, {', '.join(first.controls)}", "dim"),
        )
        console.print(heading, soft_wrap=True)
        for finding in findings:
            console.print(Text(f"  {finding.name or 'the stack'}: {finding.message}"), soft_wrap=True)
            console.print(Text(f"    {places(finding)}", style="dim"), soft_wrap=True)
        console.print(Text(f"  to do: {first.remediation}", style="italic"), soft_wrap=True)


def _show_exceptions(console: Console, report: Report) -> None:
    """What is not met, by exception: its rules and resources, and how long it still holds."""
    excepted = sorted(report.of("excepted"), key=lambda f: (f.exception, f.rule, f.name))
    if not excepted:
        return
    console.print(Text(f"\n{report.stack}: excepted", style="bold"))
    for (exception, expires), group in groupby(excepted, key=lambda f: (f.exception, f.expires)):
        console.print(Text(f"  {exception} until {expires}", style=COLOURS["excepted"]))
        for rule, found in groupby(group, key=lambda f: f.rule):
            names = [finding.name for finding in found]
            shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
            console.print(Text(f"    {rule}: {shown}"), soft_wrap=True)


def _show_gaps(console: Console, report: Report) -> None:
    """What the audit says nothing about: rules without a resource, and values not known yet."""
    idle = [finding.rule for finding in report.of("not-applicable")]
    if idle:
        console.print(Text(f"\n{report.stack}: nothing to examine for {', '.join(idle)}"), soft_wrap=True)
    unchecked = report.of("unchecked")
    later = [finding for finding in unchecked if finding.message.startswith(LATER)]
    if later:
        rules = ", ".join(sorted({finding.rule for finding in later}))
        told = f"{len(later)} checks need values that only a deployment knows (see --mode deployed): {rules}"
        console.print(Text(f"\n{report.stack}: {told}", style=COLOURS["unchecked"]), soft_wrap=True)
    for finding in unchecked:
        if finding not in later:
            told = f"{finding.rule} is unchecked: {finding.message}"
            console.print(Text(f"\n{report.stack}: {told}", style=COLOURS["unchecked"]), soft_wrap=True)


def places(finding: Finding) -> str:
    """Where a person would look: the line that made the resource, and the entry it was made from."""
    parts = [_place(finding.source) or "no line is known"]
    if finding.origin:
        parts.append(f"from {_place(finding.origin)} {finding.origin.get('key', '')}".rstrip())
    return ", ".join(parts)


def _place(position: dict[str, Any] | None) -> str:
    if not position:
        return ""
    line = position.get("line")
    return f"{position['file']}:{line}" if line else str(position["file"])
