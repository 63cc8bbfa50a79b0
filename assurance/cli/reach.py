"""``assurance reach``: what can be reached from where."""

import typer

from assurance.cli.options import JsonFile, ModeName, ProjectDir, RecordFile, Stack, console_beside, write_report
from assurance.cli.recording import one_record, work_out_of
from assurance.reach import formats, terminal
from assurance.reach.report import reach as work_out


def reach(
    stack: Stack = None,
    mode: ModeName = "deployed",
    record: RecordFile = None,
    project: ProjectDir = None,
    json_file: JsonFile = None,
) -> None:
    """Show what can be reached from where: the Internet, Front Door, Azure's services, subnets and peers.

    Exits with 1 when a site, SCM, database, vault, cache or archive answers on the Internet, or a flow that the
    platform needs (assurance/reach/needed.yaml) is closed.
    """
    found = work_out_of(one_record(stack, mode, record, project), "reach", work_out)
    terminal.show(console_beside(json_file), found)
    write_report(json_file, formats.to_json, found)
    if not found.report.holds:
        raise typer.Exit(1)
