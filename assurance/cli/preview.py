"""``assurance preview``: the platform as Pulumi would show it."""

import time
from typing import Annotated

import typer

from assurance.cli.options import (
    JsonFile,
    ModeName,
    ProjectDir,
    RecordFile,
    Stacks,
    console_beside,
    report_file,
    write_report,
)
from assurance.cli.recording import checked_mode, records_with_progress
from assurance.errors import UsageError
from assurance.preview import terminal
from assurance.stacks import project_root, stack_names

HtmlFile = Annotated[str | None, report_file("--html", "Write the same as one HTML page")]
Full = Annotated[bool, typer.Option("--full", help="Every resource, also when several stacks are shown.")]

ONE_RECORD = "--json writes one record: name one stack"


def preview(
    stacks: Stacks = None,
    mode: ModeName = "preview",
    record: RecordFile = None,
    project: ProjectDir = None,
    json_file: JsonFile = None,
    html_file: HtmlFile = None,
    full: Full = False,
) -> None:
    """Show what each stack declares: the resource tree, counts, outputs, secrets still to be supplied, time.

    Exits with 1 when the program declares what a real engine or Azure would refuse.
    """
    started = time.perf_counter()
    ours = record is None and project is None
    if json_file is not None and len(set(stacks or (stack_names(project_root()) if ours else ()))) > 1:
        raise UsageError(ONE_RECORD)
    records = records_with_progress(stacks or [], checked_mode(mode), record, project)
    if json_file is not None and len(records) != 1:
        raise UsageError(ONE_RECORD)
    out = console_beside(json_file, html_file)
    for each in records:
        terminal.show_stack(out, each, full=full or len(records) == 1)
    terminal.show_summary(out, records, time.perf_counter() - started)
    write_report(json_file, records[0].to_json)
    if html_file is not None:
        from assurance.preview.page import page

        write_report(html_file, page, records)
    if any(each.problems for each in records):
        raise typer.Exit(1)
