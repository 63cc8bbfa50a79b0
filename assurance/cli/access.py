"""``assurance access``: who may do what to what."""

from typing import Annotated

import typer

from assurance.access import formats, terminal
from assurance.access.matrix import matrix
from assurance.cli.options import JsonFile, ModeName, ProjectDir, RecordFile, Stack, checked_target, write_text
from assurance.cli.recording import one_record, work_out_of
from assurance.errors import UsageError
from assurance.terminal import console

CsvFile = Annotated[
    str | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        callback=checked_target,
        help="Write a row for each right as CSV; - is standard output.",
    ),
]


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
    if json_file == csv_file == "-":
        raise UsageError("only one report can go to standard output")
    found = work_out_of(one_record(stack, mode, record, project), "access", matrix)
    terminal.show(console(stderr="-" in (json_file, csv_file)), found)
    for target, write in ((json_file, formats.to_json), (csv_file, formats.to_csv)):
        if target is not None:
            write_text(target, write(found))
    if not found.report.holds:
        raise typer.Exit(1)
