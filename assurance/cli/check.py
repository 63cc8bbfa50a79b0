"""``assurance check``: the whole audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from assurance.check import formats, terminal
from assurance.check.audit import audit
from assurance.cli.options import JsonFile, ModeName, ProjectDir, RecordFile, Stacks, write_text
from assurance.cli.recording import checked_mode, records_with_progress
from assurance.compare.record_declared import record_findings
from assurance.errors import UsageError
from assurance.full_audit import full_audit
from assurance.stacks import no_such_stack, project_root, stack_names
from assurance.terminal import console
from policies.exceptions import Register

SarifFile = Annotated[
    str | None,
    typer.Option("--sarif", metavar="FILE", help="Write the violations as SARIF 2.1.0; - is standard output."),
]
JunitFile = Annotated[
    str | None, typer.Option("--junit", metavar="FILE", help="Write every check as JUnit XML; - is standard output.")
]
RulesOnly = Annotated[bool, typer.Option("--rules-only", help="Run the rules of policies/ alone.")]
NoComparison = Annotated[
    bool,
    typer.Option("--no-comparison", help="With --record: do not compare the record with the program it is of."),
]


def check(
    stacks: Stacks = None,
    mode: ModeName = "deployed",
    record: RecordFile = None,
    project: ProjectDir = None,
    rules_only: RulesOnly = False,
    no_comparison: NoComparison = False,
    json_file: JsonFile = None,
    sarif_file: SarifFile = None,
    junit_file: JunitFile = None,
) -> None:
    """Audit each stack: every policy on every resource, with the exceptions of policies/exceptions.yaml, and what
    `access` and `reach` find.

    A saved record is compared with the program at its own commit too (RECORD-DECLARED).
    Exits with 1 when something fails. What only a deployment can know is reported as unchecked, never as passed.
    """
    targets = [json_file, sarif_file, junit_file]
    if targets.count("-") > 1:
        raise UsageError("only one report can go to standard output")
    register = Register.load()
    records = records_with_progress(stacks or [], checked_mode(mode), record, project)
    known = stack_names(project_root())
    for each in records:
        # Nobody could say which alerts, receivers and retention rules must be in it.
        if each.own and project is None and each.stack not in known:
            raise UsageError(f"{record}: {no_such_stack(each.stack, known)}")
    today = datetime.now(UTC).date()
    judge = audit if rules_only else full_audit
    reports = [judge(each, register, today) for each in records]
    if record is not None and not (rules_only or no_comparison):
        compared = record_findings(records[0], project_root())
        reports = [replace(reports[0], findings=[*reports[0].findings, *compared])]
    terminal.show(console(stderr="-" in targets), reports, register)
    for target, write in zip(targets, (formats.to_json, formats.to_sarif, formats.to_junit), strict=True):
        if target is not None:
            write_text(target, write(reports))
    if not all(report.holds for report in reports):
        raise typer.Exit(1)
