"""``assurance access``: who may do what to what."""

from typing import Annotated

import typer

from assurance.access import formats, terminal
from assurance.access.matrix import matrix
from assurance.cli.options import (
    JsonFile,
    ModeName,
    ProjectDir,
    RecordFile,
    Stack,
    console_beside,
    report_file,
    write_report,
)
from assurance.cli.recording import one_record, work_out_of

CsvFile = Annotated[str | None, report_file("--csv", "Write a row for each right as CSV")]


def access(
    stack: Stack = None,
    mode: ModeName = "deployed",
    record: RecordFile = None,
    project: ProjectDir = None,
    json_file: JsonFile = None,
    csv_file: CsvFile = None,
) -> None:
    """Show who may do what to what: identities, their users, their rights, and who reads which secret.

    Exits with 1 when someone unknown has a right, an identity is shared, or a right is wider than its duty.
    """
    out = console_beside(json_file, csv_file)
    found = work_out_of(one_record(stack, mode, record, project), "access", matrix)
    terminal.show(out, found)
    write_report(json_file, formats.to_json, found)
    write_report(csv_file, formats.to_csv, found)
    if not found.report.holds:
        raise typer.Exit(1)
