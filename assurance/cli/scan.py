"""``assurance scan``: secrets in plain text."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from assurance.cli.options import JsonFile, console_beside, report_file, write_report
from assurance.scan.baseline import DEFAULT, Baseline
from assurance.scan.report import REMEDY, to_json, to_sarif
from assurance.scan.report import scan as work_out
from assurance.stacks import project_root
from documents.counting import counted

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH", help="Files, or folders with all below; this project when none.")
]
SarifFile = Annotated[str | None, report_file("--sarif", "Write SARIF 2.1.0 to FILE")]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline", metavar="FILE", help=f"What may stand there, with reasons; the project's {DEFAULT} else."
    ),
]


def scan(
    paths: Paths = None, baseline: BaselineFile = None, json_file: JsonFile = None, sarif_file: SarifFile = None
) -> None:
    """Look for secrets in plain text: in stack files, this repository, or any checkout.

    Names file, line and kind, never the secret. Exits with 1 when one is found that the baseline does not accept, or
    when the whole project is scanned and an entry of the baseline accepts nothing.
    """
    out = console_beside(json_file, sarif_file)
    root = project_root()
    own = root / DEFAULT
    accepted = Baseline.load(baseline) if baseline else Baseline.load(own) if own.is_file() else Baseline()
    result = work_out(paths or [root], accepted, root)
    out._emoji = False  # a line number between colons is no picture
    for each in result.found:
        message = escape(f"{each.file}:{each.line}: {each.kind}")
        out.print(f"[red]FAIL[/red] {message}  [dim]{each.fingerprint}[/dim]", highlight=False, soft_wrap=True)
    stale = [] if paths else accepted.unused
    for entry in stale:
        line = f" line {entry.line}" if entry.line else ""
        why = f"ended on {entry.until}" if accepted.ended(entry) else "accepts nothing any more"
        out.print(f"[red]FAIL[/red] {escape(f'{accepted.file}: {entry.file}{line}: {why}')}", highlight=False)
    if result.found:
        out.print(f"to do: {REMEDY}", highlight=False)
    message = f"{counted(result.read, 'file')} read, {counted(len(result.found), 'secret')} in plain text"
    message += f", {result.accepted} accepted"
    out.print(message + (f", {len(result.unread)} not read: no text, or too large" if result.unread else ""))
    write_report(json_file, to_json, result)
    write_report(sarif_file, to_sarif, result)
    if result.found or stale:
        raise typer.Exit(1)
