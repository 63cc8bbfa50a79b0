"""A report on the terminal."""

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from assurance.basis import basis_line
from assurance.check.audit import may_be_excepted
from assurance.check.findings import LATER, Report, Status
from assurance.check.tables import COLOURS, by_area, by_control, by_stack
from assurance.record import places
from assurance.terminal import COUNTED, print_line, print_table
from documents.counting import first_of
from policies.exceptions import Register

SHOWN = 4
"""Resources named for each rule of an exception."""


def show(console: Console, reports: Sequence[Report], register: Register, *, quiet: bool = False) -> None:
    """The verdict, and what fails or warns; the checks by stack, area and control; what is excepted, not examined and
    not checked; the verdict again, which is what stays on the screen.

    register: says why what is excepted is. quiet: the verdict and what fails, and nothing else.
    """
    show_verdict(console, reports)
    for report in reports:
        show_violations(console, report, *(("fail",) if quiet else ("fail", "warn")))
    if quiet:
        return
    console.print()
    print_table(console, by_stack(reports))
    for report in reports:
        for heading, rows in (("area", by_area(report)), ("HIPAA control", by_control(report))):
            console.print(Text(f"\n{report.stack}: checks by {heading}", style="bold"))
            print_table(console, rows)
    for report in reports:
        _show_exceptions(console, report, register)
    for report in reports:
        _show_gaps(console, report)
    how = "as deployed, outputs simulated" if {r.mode for r in reports} == {"deployed"} else "as at a first preview"
    print_line(
        console,
        f"\nBasis: declared configuration, seen offline ({how}); nothing was asked of Azure. "
        f"Percentages are of the checks that reached a judgement. {COUNTED}.",
        "dim",
    )
    for report in reports:
        print_line(console, f"{report.stack}: {basis_line(report.basis)}", "dim")
    console.print()
    show_verdict(console, reports)


def show_verdict(console: Console, reports: Sequence[Report]) -> None:
    """A line for each stack: whether it holds, how much fails and which rules do."""
    for report in reports:
        counts = report.totals
        failing = report.with_status("fail")
        rules = ", ".join(dict.fromkeys(finding.rule for finding in failing))
        message = f"{counts['fail']} of {sum(counts.values())} checks fail: {rules}"
        if report.holds:
            message = f"{counts['pass']:,} checks pass, {counts['warn']} warn, {counts['excepted']} are excepted"
        word, style = ("holds", "bold green") if report.holds else ("does not hold", "bold red")
        console.print(Text.assemble((f"{report.stack} {word}", style), f": {message}"), soft_wrap=True)


def show_violations(console: Console, report: Report, *statuses: Status) -> None:
    """What has these statuses, else what fails or warns, by rule, each with its place and what to do."""
    for _, found in groupby(report.with_status(*(statuses or ("fail", "warn"))), key=lambda f: (f.rule, f.status)):
        findings = list(found)
        first = findings[0]
        heading = Text.assemble(
            (f"\n{first.status.upper()} ", f"bold {COLOURS[first.status]}"),
            (f"{report.stack} {first.rule} ", "bold"),
            f"{first.title}  ",
            (f"{first.severity}, {', '.join(first.controls)}", "dim"),
        )
        console.print(heading, soft_wrap=True)
        for finding in findings:
            print_line(console, f"  {finding.name or 'the stack'}: {finding.message}")
            print_line(console, f"    {places(finding.source, finding.origin)}", "dim")
            if finding.seen and finding.seen not in finding.message:
                print_line(console, f"    seen: {finding.seen}", "dim")
        for remediation in dict.fromkeys(finding.remediation for finding in findings):
            print_line(console, f"  to do: {remediation}", "italic")
        if may_be_excepted(first.rule):
            print_line(console, f"  or: an entry for {first.rule} in policies/exceptions.yaml")


def _show_exceptions(console: Console, report: Report, register: Register) -> None:
    """What is not met, by exception: how long it still holds, why, what protects instead, its rules and resources."""
    excepted = sorted(report.with_status("excepted"), key=lambda f: (f.exception, f.rule, f.name))
    if not excepted:
        return
    console.print(Text(f"\n{report.stack}: excepted", style="bold"))
    for (exception, expires), group in groupby(excepted, key=lambda f: (f.exception, f.expires)):
        console.print(Text(f"  {exception} until {expires}", style=COLOURS["excepted"]))
        entry = register.exceptions[exception]
        print_line(console, f"    {entry.reason} Instead: {entry.compensating_control}")
        for rule, found in groupby(group, key=lambda f: f.rule):
            shown = first_of([finding.name for finding in found], SHOWN)
            print_line(console, f"    {rule}: {shown}")


def _show_gaps(console: Console, report: Report) -> None:
    """What the audit says nothing about: rules without a resource, and values not known yet."""
    idle = [finding.rule for finding in report.with_status("not-applicable")]
    if idle:
        print_line(console, f"\n{report.stack}: nothing to examine for {', '.join(idle)}")
    unchecked = report.with_status("unchecked")
    later = [finding for finding in unchecked if finding.message.startswith(LATER)]
    if later:
        rules = ", ".join(sorted({finding.rule for finding in later}))
        message = f"{len(later)} checks need values that only a deployment knows (see --mode deployed): {rules}"
        print_line(console, f"\n{report.stack}: {message}", COLOURS["unchecked"])
    for finding in unchecked:
        if finding not in later:
            message = f"{finding.rule} is unchecked: {finding.message}"
            print_line(console, f"\n{report.stack}: {message}", COLOURS["unchecked"])
