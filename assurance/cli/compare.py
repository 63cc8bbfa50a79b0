"""``assurance compare``: what changed since an approved state, and whether it weakens."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

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
from assurance.cli.recording import checked_mode
from assurance.compare import terminal
from assurance.compare.choice import Choice, compare_chosen
from assurance.compare.cost import read_limit, too_dear
from assurance.compare.markdown import to_markdown
from assurance.compare.report import to_json

BaseRef = Annotated[
    str | None,
    typer.Option("--base", metavar="REF", help="A revision; the merge base with the default branch when left out."),
]
BaseRecord = Annotated[Path | None, typer.Option("--base-record", metavar="FILE", help="A saved record as the base.")]
Between = Annotated[
    tuple[str, str] | None, typer.Option("--between", metavar="A B", help="Two stacks of the program at hand.")
]
SameEnvironment = Annotated[
    bool,
    typer.Option("--same-environment", help="Record the base with the packages installed here, not those it locks."),
]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 1 for any difference, not only a weakening.")]
MarkdownFile = Annotated[str | None, report_file("--markdown", "Write a pull request's comment to FILE")]
MaxIncrease = Annotated[
    str | None,
    typer.Option("--max-increase", metavar="AMOUNT|PERCENT", help="Exit with 1 for a bill that rises by more."),
]


def compare(
    stacks: Stacks = None,
    base: BaseRef = None,
    between: Between = None,
    base_record: BaseRecord = None,
    mode: ModeName = "deployed",
    record: RecordFile = None,
    project: ProjectDir = None,
    same_environment: SameEnvironment = False,
    exit_code: ExitCode = False,
    max_increase: MaxIncrease = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
) -> None:
    """Show what changed since a base: resources added, changed, replaced, moved and removed, and what that does to
    access, exposure, edge, encryption, alerts, logs, retention, rates, backup and the rules. Each side is recorded by
    its own revision, in an environment from its own lock file.

    Exits with 1 when something is weaker than on the base and no entry of policies/accepted_changes.yaml covers it,
    or when a bill rises by more than --max-increase or above the stack's budget; with 3 when the base does not run.
    """
    out = console_beside(json_file, markdown_file)
    choice = Choice(
        stacks=tuple(stacks or ()),
        mode=checked_mode(mode),
        base=base,
        between=between,
        base_record=base_record,
        record=record,
        project=project,
        same_environment=same_environment,
    )
    limit = read_limit(max_increase)
    today = datetime.now(UTC).date()
    result = compare_chosen(choice, today)
    if between is None:
        result.dearer = {each.stack: too_dear(each.cost, limit) for each in result.stacks if each.cost}
    terminal.show(out, result, quiet=quiet)
    write_report(markdown_file, to_markdown, result)
    write_report(json_file, to_json, result.stacks, result.basis, result.notes)
    weaker = between is None and any(each.weaker for each in result.stacks)
    if weaker or any(result.dearer.values()) or (exit_code and any(each.differs for each in result.stacks)):
        raise typer.Exit(1)
