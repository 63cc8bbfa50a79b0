"""The checks of an audit, counted: by stack, by area and by control."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from rich.table import Table
from rich.text import Text

from assurance.check.findings import STATUSES, Finding, Report
from assurance.terminal import number_table
from policies.controls import controls
from policies.rules import RULES

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

OTHER_AREAS = {
    "DECLARED": "Entries of the stack's data",
    "LOG": "Logs that alerts read",
    "STACKS": "Stack files side by side",
    "ACCESS": "Who may do what",
    "REACH": "What is reached from where",
    "RECORD": "What the recorder looks for",
    "EXCEPTION": "Register of exceptions",
}
"""Areas of findings that no rule of policies/rules makes, by the first part of their ids."""


def by_stack(reports: Sequence[Report]) -> Table:
    """A row a stack, with the number of its resources and the verdict."""
    rows = number_table("Stack", "Resources", *_status_headings(), "Holds")
    for report in reports:
        verdict = Text("yes", style="bold green") if report.holds else Text("no", style="bold red")
        rows.add_row(report.stack, str(report.examined), *_cells(report.findings), verdict)
    return rows


def by_area(report: Report) -> Table:
    """A row for each module of rules, in the order of docs/rules.md, then for what else is checked."""
    rows = number_table("Area", "Checks", *_status_headings())
    areas: dict[str, list[Finding]] = {}
    for finding in report.findings:
        areas.setdefault(area(finding.rule), []).append(finding)
    for name, findings in areas.items():
        rows.add_row(name, str(len(findings)), *_cells(findings))
    return rows


def by_control(report: Report) -> Table:
    """A row for each paragraph of the Security Rule; a check that serves several is counted with each."""
    rows = number_table("Control", "", "Checks", *_status_headings())
    paragraphs: dict[str, list[Finding]] = {}
    for finding in report.findings:
        for control in finding.controls:
            paragraphs.setdefault(control, []).append(finding)
    for control, findings in sorted(paragraphs.items()):
        title = controls()[control].title if control in controls() else ""
        rows.add_row(control, title, str(len(findings)), *_cells(findings))
    rows.columns[1].justify = "left"
    return rows


def area(rule: str) -> str:
    """The area of a rule, by its id: its module's name in words."""
    return _areas().get(rule) or OTHER_AREAS.get(rule.split("-")[0], rule)


def percentage(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent, never rounded up to 100 or down to 0."""
    if not whole or part in (0, whole):
        return "100%" if whole and part == whole else "0%"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f}%"


@cache
def _areas() -> dict[str, str]:
    return {rule.id: rule.area.replace("_", " ").capitalize() for rule in RULES}


def _status_headings() -> list[str]:
    return [HEADINGS.get(status, status.capitalize()) for status in STATUSES]


def _cells(findings: Iterable[Finding]) -> list[Text]:
    """Findings by status, with percentages of those that reached a judgement."""
    counts = Counter(finding.status for finding in findings)
    judged = sum(count for status, count in counts.items() if status in JUDGED)
    cells = []
    for status in STATUSES:
        count = counts[status]
        share = f" {percentage(count, judged)}" if status in JUDGED and count else ""
        cells.append(Text(f"{count}{share}", style=COLOURS[status] if count else "dim"))
    return cells
