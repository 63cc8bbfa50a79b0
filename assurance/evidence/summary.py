"""The summary of a bundle: what holds, how the controls stand, what to look at, how to run it again."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from assurance.evidence.controls import STATUSES
from assurance.evidence.stack import StackEvidence
from assurance.pages.builder import build_text


def control_counts(each: StackEvidence) -> dict[str, int]:
    """How many controls of a stack have each status."""
    return {status: sum(row.status == status for row in each.controls) for status in STATUSES}


def summary(stacks: Sequence[StackEvidence], basis: dict[str, Any]) -> str:
    """A bundle in a page of Markdown. basis: what all its stacks rest on."""
    commit = f"commit `{basis['commit']}`" if basis.get("commit") else "no commit"
    commit += " with changes that are not committed" if basis.get("dirty") else ""
    counts = [control_counts(each) for each in stacks]
    return build_text(
        "assurance.evidence",
        "summary.md.j2",
        stacks=stacks,
        names=[each.stack for each in stacks],
        commit=commit,
        counts={status: [each[status] for each in counts] for status in STATUSES},
        to_look_at=_to_look_at,
    )


def _to_look_at(each: StackEvidence) -> list[str]:
    found = [
        f"- **not met** {row.id} {row.control.title}: {row.why}" for row in each.controls if row.status == "not met"
    ]
    rules = Counter((f.status, f.rule, f.title) for f in each.report.with_status("fail", "warn", "unchecked"))
    return found + [f"- **{status}** {rule}: {title} ({count})" for (status, rule, title), count in rules.items()]
