"""Says on a pull request what its run found: in one comment of ours, which later runs edit, and in the summary."""

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from assurance.basis import git
from assurance.compare.markdown import escaped, to_markdown
from assurance.compare.posture.build import REGISTERS
from assurance.stacks import stack_names
from ci.again import ROOT, Again, PullFiles, compare_again
from ci.artifact import ArtifactError, Uploaded, download_artifact, read_artifact
from ci.bounded import BoundedError, run_bounded
from ci.github import GitHub
from ci.judging import lead_of
from ci.pulls import Pull, Run, changed_files, find_pull, fork_point, head_files, is_current

AUTHOR = "github-actions[bot]"
"""Whose comments a workflow's own token writes."""
_OURS = re.compile(r"<!-- medspasync-assurance run (\d+)\.(\d+) -->")

Compare = Callable[[Uploaded, date, PullFiles], Again]


def comment(github: GitHub, run: Run, today: date, compare: Compare = compare_again) -> str:
    """Write the comment on the run's pull request, and say in a line what was done. Raises GitHubError."""
    pull, why = find_pull(github, run)
    if pull is None:
        summarize(f"No comment: {escaped(why)}.")
        return f"no comment: {why}"
    text = _text(github, run, pull, today, compare)
    summarize(text)
    if not is_current(github, pull):
        return f"no comment: #{pull.number} was closed or moved on meanwhile"
    return _write(github, run, pull, text)


def summarize(text: str) -> None:
    """Add Markdown to the job's summary, where there is one."""
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a", encoding="utf-8") as summary:
            summary.write(f"{text}\n")


def _text(github: GitHub, run: Run, pull: Pull, today: date, compare: Compare) -> str:
    lead = list(filter(None, [lead_of(changed_files(github, pull))]))
    stack_files = [f"Pulumi.{stack}.yaml" for stack in stack_names(ROOT)]
    here = git(ROOT, "rev-parse", "HEAD") or "HEAD"
    asked = PullFiles(fork_point(github, pull, here), head_files(github, pull, [*REGISTERS, *stack_files]))
    try:
        archive = download_artifact(github, run)
        return run_bounded(lambda: _compared(archive, run, lead, asked, today, compare))
    except (ArtifactError, BoundedError) as error:
        return _nothing(run, lead, f"Nothing was compared: {error}")


def _compared(archive: bytes, run: Run, lead: list[str], asked: PullFiles, today: date, compare: Compare) -> str:
    again = compare(read_artifact(archive), today, asked)
    doubts = [f"**In doubt**: {escaped(doubt)}" for doubt in again.doubts]
    if not again.comparison.stacks:
        return _nothing(run, [*lead, *doubts], "Nothing was compared: no stack has a record that can be read")
    return to_markdown(again.comparison, [*lead, *doubts], again.claims) + _ended(run)


def _nothing(run: Run, lead: list[str], why: str) -> str:
    return "".join(f"> ⚠️ {line}\n\n" for line in lead) + f"## ❌ {escaped(why[:500])}\n" + _ended(run)


def _ended(run: Run) -> str:
    link = f" ([run]({run.html_url}))" if run.html_url.startswith("https://") else ""
    return f"\nOf {run.head_sha[:12]}; its run ended with {escaped(run.conclusion)}{link}.\n"


def _write(github: GitHub, run: Run, pull: Pull, text: str) -> str:
    body = f"{text}\n<!-- medspasync-assurance run {run.id}.{run.run_attempt} -->\n"
    mine = [each for each in github.pages(f"issues/{pull.number}/comments") if _number(each)]
    if not mine:
        github.send("POST", f"issues/{pull.number}/comments", {"body": body})
        return f"commented on #{pull.number}"
    if _number(mine[0]) > (run.id, run.run_attempt):
        return f"no comment: a later run has spoken on #{pull.number}"
    github.send("PATCH", f"issues/comments/{int(mine[0]['id'])}", {"body": body})
    return f"edited the comment on #{pull.number}"


def _number(each: Any) -> tuple[int, ...]:
    """(run, attempt) that wrote a comment; empty where it is not ours, whatever it says."""
    found = list(_OURS.finditer(each.get("body") or ""))
    author = each.get("user") or {}
    if not found or author.get("login") != AUTHOR or author.get("type") != "Bot":
        return ()
    return tuple(map(int, found[-1].groups()))
