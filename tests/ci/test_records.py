"""A repository of two commits: what the run of a change keeps, and what is said of it from the default branch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from assurance.errors import UsageError
from assurance.record import Record
from ci import again
from ci.__main__ import app
from ci.again import PullFiles, base_doubt, compare_again
from ci.artifact import read_artifact
from ci.comment import comment
from ci.records import keep_records
from tests.ci.fake_github import FakeGitHub, running, zipped
from tests.ci.uploaded import pull, run
from tests.harness import ROOT, once
from tests.projects import minimal_config

TODAY = date(2026, 11, 29)
ASKED = PullFiles("2" * 40, {})
LINKED = ("__main__.py", "Pulumi.yaml", "assurance", "components", "documents", "facts", "policies", "stacks")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, config: dict[str, Any]) -> str:
    text = yaml.safe_dump({"config": config}, sort_keys=False)
    (folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "c")
    return git(folder, "rev-parse", "HEAD")


def repository(folder: Path) -> Path:
    """This project with the least stack; the second commit keeps the database's backups for a shorter time."""
    for name in (*LINKED, "database", "requirements-dev.txt", "pyproject.toml", "docs"):
        (folder / name).symlink_to(ROOT / name)
    git(folder, "init", "-q", "-b", "main")
    config = minimal_config()
    commit(folder, config)
    config["medspasync:database"]["backupDays"] = 14
    commit(folder, config)
    return folder


def kept() -> tuple[dict[str, str], str, bool]:
    """(what the run keeps, what it says, whether it holds)."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = repository(Path(name))
        os.chdir(folder)
        said = StringIO()
        try:
            holds = keep_records("HEAD^1", folder / "out", TODAY, Console(file=said, width=160))
        finally:
            os.chdir(here)
        files = {str(each.relative_to(folder / "out")): each.read_text() for each in (folder / "out").rglob("*.json")}
    return files, said.getvalue(), holds


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return once(kept, "ci records")[0]


def test_run_keeps_both_sides() -> None:
    files, said, holds = once(kept, "ci records")
    assert set(files) == {"base/dev.json", "head/dev.json", "findings/dev.json"}
    assert not holds
    assert "weaker than on the base, and nobody accepted that" in said
    read = read_artifact(zipped(files))
    assert read.stacks == ["dev"]
    assert read.unreadable == {}


def test_weakening_is_found_again(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the default branch's code, from the records alone; what the run claims otherwise is shown as a claim."""
    monkeypatch.setattr(again, "base_doubt", lambda *_: None)
    altered = {
        **files,
        "findings/dev.json": files["findings/dev.json"].replace('"status": "pass"', '"status": "fail"', 1),
    }
    with running(FakeGitHub(pulls=[pull(5)])) as github:
        github.upload(altered)
        assert comment(github.client, run(), TODAY) == "commented on #5"
    text = github.comments[0]["body"]
    assert text.startswith("## ❌")
    assert "weaker than on the base" in text.splitlines()[0]
    assert "| backup | 1 |" in text
    assert "35 → 14" in text
    assert "fail; here pass" in text, "the claim of the change's own run"


@pytest.fixture
def default_branch(tmp_path: Path) -> Path:
    return repository(tmp_path)


def test_base_of_no_known_commit_is_doubted(files: dict[str, str], default_branch: Path) -> None:
    base = Record.from_json(files["base/dev.json"])
    base.basis["commit"] = "f" * 40
    assert "no commit of the default branch" in str(base_doubt(base, default_branch, "f" * 40))


def test_forged_base_is_doubted(files: dict[str, str], default_branch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base that hides what the change weakens is not what its commit declares."""
    base, head = (Record.from_json(files[f"{side}/dev.json"]) for side in ("base", "head"))
    base.basis["commit"] = git(default_branch, "rev-parse", "HEAD^1")
    monkeypatch.chdir(default_branch)
    forged = Record.from_json(files["head/dev.json"])
    forged.basis = {**base.basis}
    told = compare_again(
        read_artifact(zipped({"base/dev.json": forged.to_json(), "head/dev.json": head.to_json()})),
        TODAY,
        PullFiles(base.basis["commit"], {}),
        default_branch,
    )
    assert "is not what" in told.doubts[0]
    assert "declares" in told.doubts[0]


def test_base_from_before_the_fork_is_doubted(files: dict[str, str], default_branch: Path) -> None:
    """Against an older base, what a change brings back would be no difference."""
    base = Record.from_json(files["base/dev.json"])
    older, newer = (git(default_branch, "rev-parse", each) for each in ("HEAD^1", "HEAD"))
    base.basis["commit"] = older
    assert "before the change forked off" in str(base_doubt(base, default_branch, newer))


def test_base_that_breaks_its_reader_is_doubted(
    files: dict[str, str], default_branch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise RecursionError("made to break")

    monkeypatch.setattr(again, "record_findings", refuse)
    base = Record.from_json(files["base/dev.json"])
    base.basis["commit"] = git(default_branch, "rev-parse", "HEAD^1")
    assert "unchecked: RecursionError" in str(base_doubt(base, default_branch, base.basis["commit"]))


def test_entry_of_a_register_is_told(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The change's registers are not in the upload, which could leave one out: GitHub is asked for them."""
    monkeypatch.setattr(again, "base_doubt", lambda *_: None)
    trusted = (ROOT / "policies/trusted.yaml").read_text(encoding="utf-8")
    new = "TRU-NEW:\n  stacks: [dev]\n  host: evil.example.com\n  reason: r\n  owner: o\n  expires: 2027-01-01\n"
    others = {
        f"policies/{each}.yaml": (ROOT / f"policies/{each}.yaml").read_text() for each in ("exceptions", "attestations")
    }
    asked = PullFiles("2" * 40, {**others, "policies/trusted.yaml": trusted + new})
    told = compare_again(read_artifact(zipped(files)), TODAY, asked)
    (found,) = [each for each in told.comparison.stacks[0].posture if each.area == "trusted"]
    assert (found.weaker, found.resource) == (True, "TRU-NEW")
    assert told.doubts == []


def test_unreadable_record_silences_nothing(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise RecursionError("made to break")

    monkeypatch.setattr(again, "compare_saved", refuse)
    told = compare_again(read_artifact(zipped(files)), TODAY, ASKED)
    assert told.comparison.stacks == []
    assert told.doubts == ["the records of dev cannot be compared: RecursionError: made to break"]


def test_base_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UsageError, match="no such commit"):
        keep_records("nowhere", tmp_path, TODAY, Console(file=StringIO()))
    result = CliRunner().invoke(app, ["records", "--base", "nowhere", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "nowhere: no such commit" in result.output


def test_room_starts_as_module() -> None:
    done = subprocess.run([sys.executable, "-m", "ci", "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert all(name in done.stdout for name in ("workflows", "records", "comment", "code-scanning"))
