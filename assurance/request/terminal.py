"""What the edge does with a request, on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assurance.check.findings import Report
from assurance.check.terminal import show_violations
from assurance.joins import place
from assurance.request.formats import BASIS
from assurance.request.message import Request
from assurance.request.outcome import Outcome

COLOURS = {"forwarded": "green", "blocked": "red", "redirected": "yellow", "refused": "red"}


def show(console: Console, stack: str, request: Request, outcome: Outcome) -> None:
    """Every decision with its place, then the result in a few lines."""
    console.print(Text(f"{stack}: {request.method} {request.url}", style="bold"), soft_wrap=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Step", "Name", "Decision", "Where"):
        table.add_column(heading, overflow="fold")
    last = ""
    for each in outcome.decisions:
        where = Text(place(each.by) if each.by else "", style="dim")
        table.add_row(each.stage if each.stage != last else "", each.name, each.text, where)
        last = each.stage
    console.print(table)
    console.print()
    console.print(Text(_result(outcome), style=f"bold {COLOURS[outcome.kind]}"), soft_wrap=True)
    if outcome.undecided:
        console.print(Text(f"not decided: {', '.join(outcome.undecided)}", style="magenta"), soft_wrap=True)
    if outcome.managed:
        console.print(Text(f"managed rule sets also look at it: {', '.join(outcome.managed)}"), soft_wrap=True)
    console.print(Text(f"Basis: {BASIS}.", style="dim"), soft_wrap=True)


def _result(outcome: Outcome) -> str:
    status = f" ({outcome.status})" if outcome.status else ""
    if outcome.kind == "blocked":
        return f"blocked{status} by {outcome.rule}"
    if outcome.kind == "redirected":
        return f"redirected{status} to {outcome.location}"
    if outcome.kind == "refused":
        return f"refused{status}: {outcome.decisions[-1].text}"
    cached = ", from the cache where the origin allows it" if outcome.cached else ", never cached"
    return f"forwarded by route {outcome.route} to origin {outcome.origin}{cached}"


def show_examples(console: Console, report: Report) -> None:
    """Every example with its result; those that differ in full."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Request", "Result", "What the edge does"):
        table.add_column(heading, overflow="fold")
    for finding in report.findings:
        mark = Text("as expected", style="green") if finding.status == "pass" else Text("differs", style="bold red")
        table.add_row(finding.name, mark, finding.message)
    console.print(table)
    show_violations(console, report)
    counts = report.totals
    console.print(
        Text(
            f"\n{report.stack}: {counts['pass']} requests as expected, {counts['fail']} not. Basis: {BASIS}.",
            style="dim",
        ),
        soft_wrap=True,
    )
