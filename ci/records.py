"""What pull-request.yml uploads: the records of both sides and the findings of the head, as JSON."""

from datetime import date
from pathlib import Path

from rich.console import Console

from assurance.basis import judged_basis
from assurance.check import terminal as check_terminal
from assurance.check.findings import Report
from assurance.check.formats import to_json
from assurance.compare import terminal
from assurance.compare.choice import Comparison, compare_saved
from assurance.compare.cost import too_dear
from assurance.compare.markdown import to_markdown
from assurance.compare.revision import checked_out, record_revision, resolve_commit
from assurance.full_audit import full_audit
from assurance.record import Record
from assurance.stacks import project_root, records_for, stack_names
from ci.artifact import MODE
from ci.comment import summarize
from policies.exceptions import Register


def keep_records(base: str, out: Path, today: date, console: Console) -> bool:
    """Record, judge and compare every stack; write ``head/``, ``findings/`` and ``base/`` under ``out``, in this order,
    so that a base that does not run leaves what is known of the head.

    base: a revision. Returns whether everything holds and nothing is weaker.
    Raises UsageError for a base that is not there, and ProgramError where a side does not run.
    """
    root = project_root()
    commit = resolve_commit(root, base)
    register = Register.load()
    heads = records_for([], MODE)
    reports = [full_audit(each, register, today) for each in heads]
    for record, report in zip(heads, reports, strict=True):
        _write(out / "head" / f"{record.stack}.json", record.to_json())
        _write(out / "findings" / f"{record.stack}.json", to_json([report]))
    with checked_out(root, commit) as revision:
        stacks = stack_names(revision.root)
        bases, rules = record_revision(revision, stacks, MODE) if stacks else ([], None)
    for record in bases:
        _write(out / "base" / f"{record.stack}.json", record.to_json())
    result = _compared(bases, heads, rules, today)
    check_terminal.show(console, reports, register)
    terminal.show(console, result)
    summarize(to_markdown(result, _failures(reports)))
    weaker = any(each.weaker for each in result.stacks) or any(result.dearer.values())
    return all(each.holds for each in reports) and not weaker


def _compared(bases: list[Record], heads: list[Record], rules: frozenset[str] | None, today: date) -> Comparison:
    before, after = ({each.stack: each for each in side} for side in (bases, heads))
    stacks = [
        compare_saved(before.get(stack), after.get(stack), today, rules) for stack in dict.fromkeys((*before, *after))
    ]
    result = Comparison(stacks, judged_basis((heads or bases)[0].basis, MODE, today))
    result.dearer = {each.stack: too_dear(each.cost, None) for each in stacks if each.cost}
    return result


def _failures(reports: list[Report]) -> list[str]:
    failed = {report.stack: report.totals["fail"] for report in reports if not report.holds}
    return (
        [f"**`check` fails**: {', '.join(f'{count} in {stack}' for stack, count in failed.items())}"] if failed else []
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n", encoding="utf-8")
