"""Compares and judges uploaded records again, by the code, rules and registers at hand: those of the default branch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from assurance.basis import git, judged_basis
from assurance.check.findings import Finding, Report
from assurance.compare.choice import Comparison, compare_saved
from assurance.compare.cost import too_dear
from assurance.compare.record_declared import record_findings
from assurance.full_audit import full_audit
from assurance.record import Record
from ci.artifact import Claimed, Uploaded
from policies.exceptions import Register

ROOT = Path(__file__).parents[1]


@dataclass
class Again:
    """What comes of uploaded records. doubts: why the records may not be what they say. claims: where the findings of
    the change's own run differ from those found here."""

    comparison: Comparison
    reports: list[Report] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PullFiles:
    """What GitHub, and not the upload, says of a change. fork_point: where it leaves the default branch; files: the
    registers and stack files as it has them, by path; None for one that is not there."""

    fork_point: str
    files: Mapping[str, str | None]


def compare_again(uploaded: Uploaded, today: date, asked: PullFiles, root: Path = ROOT) -> Again:
    """Compare both sides of every stack. root: the default branch, which has the base's commit."""
    again = Again(Comparison([], {}))
    for name, why in uploaded.unreadable.items():
        again.doubts.append(f"{name} cannot be read, and nothing is said of it: {why}")
    for stack in uploaded.stacks:
        base, head = uploaded.base.get(stack), uploaded.head.get(stack)
        unread = {f"base/{stack}.json", f"head/{stack}.json"} & uploaded.unreadable.keys()
        if unread:  # half a comparison would call everything new, or gone
            continue
        try:
            _one_stack(again, stack, base, head, today, uploaded.findings.get(stack), asked)
        except Exception as error:  # a record made to break what reads it must not silence the rest
            again.doubts.append(f"the records of {stack} cannot be compared: {type(error).__name__}: {error}"[:300])
            continue
        if base is not None and (doubt := base_doubt(base, root, asked.fork_point)):
            again.doubts.append(doubt)
    return again


def _one_stack(
    again: Again,
    stack: str,
    base: Record | None,
    head: Record | None,
    today: date,
    claimed: Sequence[Claimed] | None,
    asked: PullFiles,
) -> None:
    compared = compare_saved(base, head, today, head_files=asked.files)
    if head is not None:
        report = judge_again(head, today)
        again.reports.append(report)
        # Its commit is what the upload says, so that nothing is said of it.
        basis = judged_basis({**head.basis, "commit": None}, head.mode, today)
        again.comparison.basis = again.comparison.basis or basis
        if claimed is None:
            again.claims.append(f"{stack}: it uploaded no findings")
        else:
            again.claims += differing(stack, report.findings, claimed)
    again.comparison.stacks.append(compared)
    again.comparison.dearer[stack] = too_dear(compared.cost, None) if compared.cost else []


def judge_again(record: Record, today: date) -> Report:
    """The audit of a record by the rules and registers at hand."""
    return full_audit(record, Register.load() if record.own else Register(), today)


def differing(stack: str, found: Sequence[Finding], claimed: Sequence[Claimed]) -> list[str]:
    """Where the findings that a run reports differ from those found here, and either of them is bad."""
    here, there = _by_subject(found), _by_subject(claimed)
    differences = []
    for key in sorted(here.keys() | there.keys()):
        mine, theirs = (side[key].status if key in side else None for side in (here, there))
        if mine != theirs and {mine, theirs} & {"fail", "warn"}:
            subject = f"{key[0]} of {(here.get(key) or there[key]).name or 'the stack'}"
            differences.append(f"{stack}: {subject}: {theirs or 'not judged'}; here {mine or 'not judged'}")
    return differences


def _by_subject(findings: Sequence[Finding | Claimed]) -> dict[tuple[str, str], Finding | Claimed]:
    return {(each.rule, each.urn or each.name): each for each in findings}


def base_doubt(base: Record, root: Path, since: str) -> str | None:
    """Why a base record may not be what the default branch declares; None where it is.

    The program of its commit is run, so only a commit of the default branch itself is. since: the commit at which the
    change forks off: against an older base, what the change brings back would be no difference.
    """
    commit = base.basis.get("commit")
    if commit is None or git(root, "merge-base", "--is-ancestor", str(commit), "HEAD") is None:
        return f"the base of {base.stack} was recorded at {commit}, which is no commit of the default branch: unchecked"
    if git(root, "merge-base", "--is-ancestor", since, str(commit)) is None:
        return (
            f"the base of {base.stack} was recorded at {str(commit)[:12]}, before the change forked off at"
            f" {since[:12]}: what the change brings back is not seen"
        )
    try:
        findings = record_findings(base, root)
    except Exception as error:  # a record made to break what reads it
        return f"the base of {base.stack} is unchecked: {type(error).__name__}: {error}"[:300]
    wrong = [each for each in findings if each.status != "pass"]
    if not wrong:
        return None
    return (
        f"the base record of {base.stack} is not what {str(commit)[:12]} declares: "
        f"{wrong[0].name or 'the stack'}: {wrong[0].message[:200]}"
    )
