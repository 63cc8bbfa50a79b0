"""The period: merges with their reviewers and what they did, and how the registers moved."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assurance.errors import ProgramError, UsageError
from assurance.evidence.merges import MergeComparer
from assurance.evidence.period import Merge, Period, period
from assurance.record import Record
from tests.assurance.check.samples import record as sample

BEFORE = """
EXC-OPEN: {reason: a, expires: 2027-06-30}
EXC-RENEWED: {reason: a, expires: 2026-10-31}
EXC-ENDED: {reason: a, expires: 2026-11-15}
EXC-CHANGED: {reason: a, expires: 2027-06-30}
EXC-CLOSED: {reason: a, expires: 2027-06-30}
"""
AFTER = """
EXC-OPEN: {reason: a, expires: 2027-06-30}
EXC-RENEWED: {reason: a, expires: 2027-10-31}
EXC-ENDED: {reason: a, expires: 2026-11-15}
EXC-CHANGED: {reason: b, expires: 2027-06-30}
EXC-NEW: {reason: a, expires: 2027-06-30}
"""
TODAY = date(2026, 11, 29)


def commit(folder: Path, message: str, **files: str) -> str:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    when = {"GIT_COMMITTER_DATE": "2026-11-01T12:00:00+00:00", "GIT_AUTHOR_DATE": "2026-11-01T12:00:00+00:00"}
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    git = partial(subprocess.run, check=True, capture_output=True, text=True, cwd=folder)
    git(["git", "add", "-A"])
    git(["git", *who, "commit", "-q", "--allow-empty", "-m", message], env=when | {"PATH": "/usr/bin:/bin"})
    return git(["git", "rev-parse", "HEAD"]).stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    register = "policies/exceptions.yaml".replace("/", "__")
    commits = [commit(folder, "Begin", **{register: BEFORE, "stacks__a.py": "1"})]
    commits.append(commit(folder, "Words only", **{"docs__a.md": "x"}))
    commits.append(commit(folder, "More\n\nReviewed-by: Ada", **{"stacks__a.py": "2"}))
    commits.append(commit(folder, "Old", **{"components__b.py": "2"}))
    commits.append(commit(folder, "Registers", **{register: AFTER}))
    return folder, commits


def compare(base: str, head: str) -> list[dict[str, Any]]:
    return [{"stack": "prod", "changes": 2, "weaker": 1, "stronger": 0, "worse": 0, "what": ["exposed"]}]


@pytest.fixture(scope="module")
def told(repository: tuple[Path, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Period:
    folder, commits = repository
    reviews = tmp_path_factory.mktemp("api") / "reviews.json"
    rows = [
        {"number": 7, "mergeCommit": {"oid": commits[3]}, "reviews": [
            {"author": {"login": "grace"}, "state": "APPROVED"}, {"author": {"login": "eve"}, "state": "COMMENTED"}]},
        {"number": 8, "mergeCommit": None, "reviews": []},
    ]  # fmt: skip
    reviews.write_text(json.dumps(rows))

    def some(base: str, head: str) -> list[dict[str, Any]]:
        if head == commits[3]:
            raise ProgramError("prod", "the base does not run", "")
        return compare(base, head)

    return period(folder, commits[0], TODAY, some, reviews)


def test_each_merge_tells_reviewer_and_effect(told: Period) -> None:
    merges: dict[str, Merge] = {each.subject: each for each in told.merges}
    assert list(merges) == ["Words only", "More", "Old", "Registers"]
    assert merges["Words only"].why == "nothing of what is declared was touched"
    assert merges["Words only"].reviewers == ()
    assert (merges["More"].reviewers, merges["More"].known_by) == (("Ada",), "trailer")
    assert merges["More"].comparison[0]["weaker"] == 1
    assert (merges["Old"].reviewers, merges["Old"].known_by) == (("grace",), "pull request")
    assert merges["Old"].why.startswith("not compared: prod: the base does not run")


def test_registers_tell_what_opened_and_ended(told: Period) -> None:
    moved = {(each.id, each.what) for each in told.registers}
    assert moved == {
        ("EXC-RENEWED", "renewed"),
        ("EXC-ENDED", "expired"),
        ("EXC-CHANGED", "changed"),
        ("EXC-CLOSED", "closed"),
        ("EXC-NEW", "opened"),
    }


def test_the_page_says_what_is_not_recorded(told: Period) -> None:
    page = told.to_markdown()
    assert "| not recorded |" in page
    assert "grace (pull request)" in page
    assert "prod: 2 changes, 1 weaker" in page
    assert json.loads(told.to_json())["base"] == told.base


@pytest.mark.parametrize(("since", "word"), [("nowhere", "no such commit"), ("HEAD", "")])
def test_a_period_goes_forward(repository: tuple[Path, list[str]], since: str, word: str, tmp_path: Path) -> None:
    folder, _ = repository
    if word:
        with pytest.raises(UsageError, match=word):
            period(folder, since, TODAY, compare)
    else:
        assert period(folder, since, TODAY, compare).merges == []
    wrong = tmp_path / "reviews.json"
    wrong.write_text('[{"mergeCommit": {"oid": "x"}}]')
    for file in (wrong, tmp_path / "none.json"):
        with pytest.raises(UsageError, match="--reviews"):
            period(folder, "HEAD", TODAY, compare, file)


def test_what_a_shallow_clone_hides_is_said(tmp_path: Path) -> None:
    """A commit without the one before it was not looked at: it did not do nothing."""
    full, clone = tmp_path / "full", tmp_path / "clone"
    run = partial(subprocess.run, check=True, capture_output=True)
    run(["git", "init", "-q", "-b", "main", str(full)])
    commit(full, "Begin", **{"stacks__a.py": "1"})
    run(["git", "-C", str(full), "checkout", "-q", "-b", "side"])
    commit(full, "Side", **{"docs__a.md": "1"})
    run(["git", "-C", str(full), "checkout", "-q", "main"])
    commit(full, "Change", **{"stacks__a.py": "2"})
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    run(["git", "-C", str(full), *who, "merge", "-q", "--no-edit", "side"])
    run(["git", "clone", "-q", "--depth", "2", f"file://{full}", str(clone)])
    (change, _) = period(clone, "HEAD^2", TODAY, compare).merges
    assert change.why.startswith("not compared: the commit before it is not here; this clone is shallow")


def test_a_merge_is_compared_stack_by_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records are made once for each commit, whichever side it is on."""
    made: list[str] = []

    def recorded(
        revision: Any, names: Any, mode: str, *, same_environment: bool
    ) -> tuple[list[Record], frozenset[str]]:
        made.append(revision.commit)
        other = sample()
        if revision.commit == "b":
            other.resources = other.resources[1:]
        return [other], frozenset()

    class Revision:
        root = tmp_path

        def __init__(self, commit: str) -> None:
            self.commit = commit

        def __enter__(self) -> Revision:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("assurance.evidence.merges.checked_out", lambda _, name: Revision(name))
    monkeypatch.setattr("assurance.evidence.merges.record_revision", recorded)
    monkeypatch.setattr("assurance.evidence.merges.stack_names", lambda _: ["dev"])
    comparer = MergeComparer(tmp_path, TODAY)
    (row,) = comparer("a", "b")
    assert (row["stack"], row["changes"]) == ("dev", 1)
    assert comparer("b", "a")[0]["changes"] == 1
    assert made == ["a", "b"]
