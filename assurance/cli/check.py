"""``assurance check``: the whole audit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from assurance.check import formats, terminal
from assurance.check.audit import audit
from assurance.check.findings import Report
from assurance.check.presentation import presented
from assurance.cli.options import (
    JsonFile,
    ModeName,
    ProjectDir,
    Quiet,
    RecordFile,
    Stacks,
    console_beside,
    report_file,
    write_report,
)
from assurance.cli.recording import checked_mode, records_with_progress, work_out_of
from assurance.compare.record_declared import RECORD_DECLARED, record_findings
from assurance.errors import UsageError
from assurance.full_audit import full_audit, rule_ids
from assurance.record import Record
from assurance.stacks import no_such_stack, project_root, stack_names
from documents.problems import did_you_mean
from policies.exceptions import Register

SarifFile = Annotated[str | None, report_file("--sarif", "Write the violations as SARIF 2.1.0")]
JunitFile = Annotated[str | None, report_file("--junit", "Write every check as JUnit XML")]
ONE_STACK = "--html is the report of one stack: name one"
HtmlFile = Annotated[str | None, report_file("--html", "Write the report of one stack as one HTML page")]
RulesOnly = Annotated[bool, typer.Option("--rules-only", help="Run the rules of policies/ alone.")]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="RULE", help="Report this rule alone; may be given several times.")
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="DATE", help="The day that is judged, for example 2027-02-28; today when left out."),
]
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
    only: Only = None,
    quiet: Quiet = False,
    at: At = None,
    json_file: JsonFile = None,
    sarif_file: SarifFile = None,
    junit_file: JunitFile = None,
    html_file: HtmlFile = None,
) -> None:
    """Audit each stack: every policy on every resource, with the exceptions of policies/exceptions.yaml, and what
    `access` and `reach` find.

    A saved record is compared with the program at its own commit too (RECORD-DECLARED).
    Exits with 1 when something fails. What only a deployment can know is reported as unchecked, never as passed.
    """
    out = console_beside(json_file, sarif_file, junit_file, html_file)
    today = judged_day(at)
    known_rules(only or ())
    register = Register.load()
    if html_file is not None and len(stacks or []) != 1 and record is None and project is None:
        raise UsageError(ONE_STACK)
    records = records_with_progress(stacks or [], checked_mode(mode), record, project)
    if not all(each.own for each in records):  # ours never apply to another project
        register = Register.load(project / "policies" / "exceptions.yaml") if project else Register()
    known = stack_names(project_root())
    for each in records:
        # Nobody could say which alerts, receivers and retention rules must be in it.
        if each.own and project is None and each.stack not in known:
            raise UsageError(f"{record}: {no_such_stack(each.stack, known)}")
    judge = audit if rules_only else full_audit
    reports = [judge(each, register, today) for each in records]
    compares = record is not None and not (rules_only or no_comparison)
    if compares and (not only or RECORD_DECLARED.id in only):
        compared = record_findings(records[0], project_root())
        reports = [replace(reports[0], findings=[*reports[0].findings, *compared])]
    if only:
        reports = [replace(each, findings=[f for f in each.findings if f.rule in only]) for each in reports]
    reports = [presented(each, project or project_root()) for each in reports]
    terminal.show(out, reports, register, quiet=quiet)
    write_report(json_file, formats.to_json, reports)
    write_report(sarif_file, formats.to_sarif, reports)
    write_report(junit_file, formats.to_junit, reports)
    write_report(html_file, _page, records, reports, register, today)
    if not all(report.holds for report in reports):
        raise typer.Exit(1)


def _page(records: Sequence[Record], reports: Sequence[Report], register: Register, today: date) -> str:
    """The report of one stack. Raises UsageError for several."""
    from assurance.evidence.report import report_page
    from assurance.evidence.stack import gather

    if len(records) != 1:
        raise UsageError(ONE_STACK)
    return report_page(
        work_out_of(records[0], "check --html", lambda record: gather(record, reports[0], register, today))
    )


def judged_day(text: str | None) -> date:
    """The day that ``--at`` names, or today. Raises UsageError for what is no date."""
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text}: allowed is a day, for example 2027-02-28") from None


def known_rules(ids: Sequence[str]) -> None:
    """Raises UsageError for a rule that there is not, with the nearest that there is."""
    known = {*rule_ids(), RECORD_DECLARED.id}
    messages = [f"--only {id_}: no such rule{did_you_mean(id_, known)}" for id_ in ids if id_ not in known]
    if messages:
        raise UsageError(*messages)
