"""``assurance lifecycle``: what ends when."""

from typing import Annotated

import typer

from assurance.cli.check import At, judged_day
from assurance.cli.options import JsonFile, ModeName, RecordFile, Stacks, console_beside, report_file, write_report
from assurance.cli.recording import checked_mode, records_with_progress, work_out_of
from assurance.lifecycle import terminal
from assurance.lifecycle.calendar import calendar, to_json
from assurance.lifecycle.ics import to_ics
from assurance.stacks import project_root
from policies.exceptions import Register

IcsFile = Annotated[str | None, report_file("--ics", "Write a calendar file with an event for each end")]


def lifecycle(
    stacks: Stacks = None,
    mode: ModeName = "deployed",
    record: RecordFile = None,
    at: At = None,
    ics: IcsFile = None,
    json_file: JsonFile = None,
) -> None:
    """Show what ends when: API versions, engines, rule sets and portals of Azure (facts/lifecycle.yaml), and what the
    stack's own data lets end: keys, secrets, exemptions, budgets, exceptions and the other registers of policies/.

    Warns 180 days before an end and exits with 1 from 60 days before it on, naming every resource that it concerns.
    """
    out = console_beside(json_file, ics)
    today = judged_day(at)
    register, root = Register.load(), project_root()
    records = records_with_progress(stacks or [], checked_mode(mode), record)
    calendars = [work_out_of(each, "lifecycle", lambda one: calendar(one, register, today, root)) for each in records]
    terminal.show(out, calendars)
    write_report(json_file, to_json, calendars)
    write_report(ics, to_ics, calendars)
    if not all(each.report.holds for each in calendars):
        raise typer.Exit(1)
