"""What a change uploaded can keep nothing busy for ever, fill no memory and silence no comment."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ci.artifact import ArtifactError
from ci.bounded import BoundedError, run_bounded
from ci.comment import comment
from ci.pulls import Pull, head_files
from tests.ci.fake_github import FakeGitHub, running
from tests.ci.uploaded import good, pull, run


def wait_for_ever() -> str:
    threading.Event().wait()
    return ""


def fill_the_memory() -> str:
    return "x" * (1 << 62)


def end_at_once() -> str:
    os._exit(1)


def refuse() -> str:
    raise ArtifactError("ten megabytes")


@pytest.mark.parametrize(
    ("work", "why"),
    [
        (wait_for_ever, "more than 0.1 seconds"),
        (fill_the_memory, "MemoryError"),
        (end_at_once, "ended without an answer"),
        (refuse, "^ten megabytes$"),
    ],
)
def test_bounded_work_says_why_it_ended(work: Callable[[], str], why: str) -> None:
    with pytest.raises(BoundedError, match=why):
        run_bounded(work, 0.1 if work is wait_for_ever else 60)


def test_bounded_work_ends_what_it_started(tmp_path: Path) -> None:
    def start() -> str:
        (tmp_path / "pid").write_text(str(subprocess.Popen(["sleep", "600"]).pid))
        return "done"

    assert run_bounded(start) == "done"
    state = Path("/proc", (tmp_path / "pid").read_text(), "stat")
    assert not state.exists() or state.read_text().split(") ")[1].startswith("Z")


def test_endless_comparison_replaces_the_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an earlier run said must not stay, as if it were about this one."""
    monkeypatch.setattr("ci.comment.run_bounded", lambda work: run_bounded(work, 0.1))
    with running(FakeGitHub(pulls=[pull(5)])) as github:
        github.upload(good())
        assert comment(github.client, run(), date(2026, 11, 29), lambda *_: wait_for_ever()) == "commented on #5"  # type: ignore[arg-type]
    assert "Nothing was compared\\: it took more than" in github.comments[0]["body"]


def test_files_of_the_head_are_text() -> None:
    with running(FakeGitHub(pulls=[pull(5)])) as github:
        github.contents = {"a": "text", "b": b"\xff\xfe", "c": None}
        found = head_files(github.client, Pull(5, "1" * 40), ["a", "b", "c", "d"])
    assert found == {"a": "text", "b": None, "c": None, "d": None}
