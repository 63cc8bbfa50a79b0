"""A report on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assurance.check.findings import STATUSES, Finding, Report

COLOURS = {
    "pass": "green",
    "fail": "red",
    "warn": "yellow",
    "excepted": "cyan",
    "not-applicable": "dim",
    "unchecked": "magenta",
}


def show(console: Console, reports: Sequence[Report]) -> None:
    """Totals of every stack, then what fails, warns, is excepted, was not examined and could not be checked."""
    console.print(_totals_table(reports))
    for report in reports:
        _show_violations(console, report)
        _show_exceptions(console, report)
        _show_gaps(console, report)
    console.print(
        "[dim]Basis: declared configuration, seen offline; nothing was asked of Azure. Percentages are of the checks "
        "that were made.[/dim]",
        highlight=False,
    )


def _totals_table(reports: Sequence[Report]) -> Table:
    """Checks by status, with percentages of those that reached a judgement."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Stack")
    table.add_column("Mode")
    table.add_column("Resources", justify="right")
    for status in STATUSES:
        table.add_column(status.capitalize(), justify="right")
    table.add_column("Holds", justify="right")
    for report in reports:
        counts = report.totals
        judged = sum(counts[status] for status in ("pass", "fail", "warn", "excepted"))
        cells = []
        for status in STATUSES:
            count = counts[status]
            share = f" {percentage(count, judged)}" if status in ("pass", "fail", "warn", "excepted") else ""
            cells.append(Text(f"{count}{share}", style=COLOURS[status] if count else "dim"))
        verdict = Text("yes", style="bold green") if report.holds else Text("no", style="bold red")
        table.add_row(report.stack, report.mode, str(report.examined), *cells, verdict)
    return table


def percentage(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent, never rounded up to 100 or down to 0."""
    if not whole or part in (0, whole):
        return "100%" if whole and part == whole else "0%"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f}%"


def _show_violations(console: Console, report: Report) -> None:
    for (rule, _), found in groupby(report.of("fail", "warn"), key=lambda f: (f.rule, f.status)):
        findings = list(found)
        first = findings[0]
        colour = COLOURS[first.status]
        console.print()
        console.print(
            Text.assemble(
                (f"{first.status.upper()} ", f"bold {colour}"),
                (f"{report.stack} ", "bold"),
                (f"{rule} ", "bold"),
                f"{first.title}  ",
                (f"{first.severity}, {', '.join(first.controls)}", "dim"),
            )
        )
        for finding in findings:
            console.print(Text(f"  {finding.name or 'the stack'}: {finding.message}"), soft_wrap=True)
            console.print(Text(f"    {places(finding)}", style="dim"), soft_wrap=True)
        console.print(Text(f"  to do: {first.remediation}", style="italic"), soft_wrap=True)


def _show_exceptions(console: Console, report: Report) -> None:
    excepted = report.of("excepted")
    if not excepted:
        return
    table = Table(title=f"\n{report.stack}: excepted", title_justify="left", box=None, header_style="bold")
    for column in ("Exception", "Expires", "Rule", "Resource", "What is not met"):
        table.add_column(column, overflow="fold")
    for finding in sorted(excepted, key=lambda f: (f.exception, f.rule, f.name)):
        table.add_row(finding.exception, str(finding.expires), finding.rule, finding.name, Text(finding.message))
    console.print(table)


def _show_gaps(console: Console, report: Report) -> None:
    """What the audit says nothing about: rules without a resource, and values not known yet."""
    idle = [finding.rule for finding in report.of("not-applicable")]
    if idle:
        console.print(f"\n[bold]{report.stack}[/bold]: nothing to examine for {', '.join(idle)}", highlight=False)
    unchecked = report.of("unchecked")
    if unchecked:
        rules = sorted({finding.rule for finding in unchecked})
        console.print(
            f"[bold]{report.stack}[/bold]: {len(unchecked)} checks need values that only a deployment knows "
            f"(try --mode deployed): {', '.join(rules)}",
            highlight=False,
        )


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
