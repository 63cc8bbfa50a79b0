"""What the edge does with a request, on the terminal."""

from itertools import groupby

from rich.console import Console
from rich.text import Text

from assurance.check.findings import Report
from assurance.check.terminal import show_violations
from assurance.record import places
from assurance.request.formats import BASIS
from assurance.request.message import Request
from assurance.request.outcome import Outcome
from assurance.terminal import print_line, print_table, table

COLOURS = {"forwarded": "green", "blocked": "red", "redirected": "yellow", "refused": "red"}


def show(console: Console, stack: str, request: Request, outcome: Outcome) -> None:
    """Every decision by stage, those of one place over that place, then the result in a few lines."""
    print_line(console, f"{stack}: {request.method} {request.url}", "bold")
    width = max((len(each.name) for each in outcome.decisions), default=0)
    for stage, decisions in groupby(outcome.decisions, key=lambda each: each.stage):
        print_line(console, stage, "bold")
        for where, group in groupby(
            decisions, key=lambda each: places(each.by.source, each.by.origin) if each.by else ""
        ):
            for each in group:
                print_line(console, f"  {each.name:<{width}}  {each.text}".rstrip())
            if where:
                print_line(console, f"    {where}", "dim")
    console.print()
    print_line(console, _result(outcome), f"bold {COLOURS[outcome.kind]}")
    if outcome.undecided:
        print_line(console, f"not decided: {', '.join(outcome.undecided)}", "magenta")
    if outcome.managed:
        print_line(console, f"managed rule sets also look at it: {', '.join(outcome.managed)}")
    print_line(console, f"Basis: {BASIS}.", "dim")


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
    rows = table("Request", "Result", "What the edge does", names=("Result",))
    for finding in report.findings:
        mark = Text("as expected", style="green") if finding.status == "pass" else Text("differs", style="bold red")
        rows.add_row(finding.name, mark, finding.message)
    print_table(console, rows)
    show_violations(console, report)
    counts = report.totals
    said = f"{counts['pass']} requests as expected, {counts['fail']} not"
    print_line(console, f"\n{report.stack}: {said}. Basis: {BASIS}.", "dim")
