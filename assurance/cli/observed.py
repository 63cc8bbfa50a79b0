"""``assurance observed``: what is live against what is declared."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from assurance.basis import file_hash, judged_basis
from assurance.check.findings import Report
from assurance.check.formats import to_json
from assurance.check.terminal import show_violations
from assurance.cli.check import At, judged_day
from assurance.cli.options import JsonFile, ProjectDir, RecordFile, Stack, console_beside, write_report
from assurance.cli.recording import one_record
from assurance.errors import UsageError
from assurance.observed.graph import graph_findings, read_graph
from assurance.observed.state import read_state, state_findings
from assurance.terminal import print_line
from documents.counting import counted

StateFile = Annotated[
    Path | None, typer.Option("--state", metavar="FILE", help="`pulumi stack export --file FILE`, after a refresh.")
]
GraphFile = Annotated[
    Path | None, typer.Option("--graph", metavar="FILE", help="The answer to the query of docs/drift.md, as JSON.")
]


def observed(
    stack: Stack = None,
    state: StateFile = None,
    graph: GraphFile = None,
    record: RecordFile = None,
    project: ProjectDir = None,
    at: At = None,
    json_file: JsonFile = None,
) -> None:
    """Compare what is live with what is declared: a stack export by its inputs, a Resource Graph answer by what exists.

    Exits with 1 for what was changed, is missing or was never declared. What a source cannot show is not examined, and
    named.
    """
    if (state is None) == (graph is None):
        raise UsageError("give one of --state FILE and --graph FILE: what is live")
    source = state or graph
    assert source is not None
    rows = read_state(source) if state else read_graph(source)
    declared = one_record(stack, "deployed", record, project)
    findings = list(state_findings(declared, rows) if state else graph_findings(declared, rows))  # type: ignore[arg-type]
    basis = {**judged_basis(declared.basis, declared.mode, judged_day(at)), "observed": file_hash(source)}
    report = Report(declared.stack, declared.mode, findings, len(rows), basis)
    screen = console_beside(json_file)
    show_violations(screen, report)
    skipped = Counter(f.message for f in report.with_status("unchecked"))
    for message, count in sorted(skipped.items()) if graph else ():
        print_line(screen, f"{count} {message}", "dim")
    counts = ", ".join(f"{count} {status}" for status, count in report.totals.items() if count)
    basis_told = f"{source.name} ({counted(len(rows), 'row')}), observed; and what {declared.stack} declares"
    print_line(screen, f"\n{counts or 'nothing compared'}. Basis: {basis_told}.", "dim")
    write_report(json_file, to_json, [report])
    if not report.holds:
        raise typer.Exit(1)
