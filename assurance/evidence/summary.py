"""The summary of a bundle: what holds, how the controls stand, what to look at, how to run it again."""

from collections.abc import Sequence
from typing import Any

from assurance.evidence.controls import STATUSES
from assurance.evidence.stack import StackEvidence


def control_counts(each: StackEvidence) -> dict[str, int]:
    """How many controls of a stack have each status."""
    return {status: sum(row.status == status for row in each.controls) for status in STATUSES}


def summary(stacks: Sequence[StackEvidence], basis: dict[str, Any]) -> str:
    """A bundle in a page of Markdown. basis: what all its stacks rest on."""
    names = [each.stack for each in stacks]
    commit = f"commit `{basis['commit']}`" if basis.get("commit") else "no commit"
    commit += " with changes that are not committed" if basis.get("dirty") else ""
    lines = [
        f"# Evidence of {', '.join(names)}",
        "",
        f"MedSpaSync platform, {commit}, judged on {stacks[0].today}. Declared configuration, seen "
        "offline: nothing was asked of Azure, and nothing here says what is live.",
        "",
        "Begin with [index.html](index.html); how to follow a claim to its line stands in `docs/auditors.md`.",
        "",
        "## Findings",
        "",
        "| stack | " + " | ".join(stacks[0].report.totals) + " | |",
        "|---|" + "---|" * (len(stacks[0].report.totals) + 1),
    ]
    for each in stacks:
        holds = "holds" if each.report.holds else "does not hold"
        lines.append(f"| {each.stack} | " + " | ".join(map(str, each.report.totals.values())) + f" | {holds} |")
    lines += ["", "## Controls of the Security Rule", "", "| status | " + " | ".join(names) + " |"]
    lines.append("|---|" + "---|" * len(names))
    counts = {each.stack: control_counts(each) for each in stacks}
    lines += [f"| {status} | " + " | ".join(str(counts[name][status]) for name in names) + " |" for status in STATUSES]
    for each in stacks:
        lines += ["", f"## {each.stack}: what to look at", ""]
        lines += _to_look_at(each)
    lines += [
        "",
        "## Run it again",
        "",
        "In a checkout of the commit:",
        "",
        "```sh",
        "make setup && . .venv/bin/activate",
    ]
    lines += ["assurance verify BUNDLE"]
    lines += [
        f"assurance check --record BUNDLE/{each.stack}/record-{each.record.mode}.json --at {each.today}"
        for each in stacks
    ]
    return "\n".join([*lines, "```", ""])


def _to_look_at(each: StackEvidence) -> list[str]:
    found = [
        f"- **not met** {row.id} {row.control.title}: {row.why}" for row in each.controls if row.status == "not met"
    ]
    rules: dict[tuple[str, str, str], int] = {}
    for finding in each.report.with_status("fail", "warn", "unchecked"):
        key = (finding.status, finding.rule, finding.title)
        rules[key] = rules.get(key, 0) + 1
    found += [f"- **{status}** {rule}: {title} ({count})" for (status, rule, title), count in rules.items()]
    return found or ["Nothing."]
