"""Each side is recorded from its own files, and what cannot be recorded is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from assurance.basis import commit_of
from assurance.cli import app
from assurance.compare import environments
from assurance.compare.environments import LOCK, python_for
from assurance.errors import UsageError
from tests.harness import ROOT
from tests.programs import PROGRAMS, write_program

GROUP = """from pulumi_azure_native import resources

resources.ResourceGroup("group", resource_group_name="rg", location="westeurope", tags={"a": "1"})
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def committed(folder: Path) -> str:
    """The commit of everything in ``folder``."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "c")
    return git(folder, "rev-parse", "HEAD")


def compare(folder: Path, *arguments: str) -> tuple[Result, dict[str, Any]]:
    target = folder.parent / "comparison.json"
    target.unlink(missing_ok=True)
    result = CliRunner().invoke(app, ["compare", "--project", str(folder), "--json", str(target), *arguments])
    return result, json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A project of one resource group in a repository of one commit."""
    folder = write_program(tmp_path / "program", GROUP)
    committed(folder)
    return folder


def test_a_comment_changes_nothing(program: Path) -> None:
    (program / "__main__.py").write_text(f"# a comment that moves every line\n\n{GROUP}", encoding="utf-8")
    result, found = compare(program, "--exit-code")
    assert result.exit_code == 0, result.stdout
    (stack,) = found["stacks"]
    assert (stack["changes"], stack["rules"], stack["posture"], stack["cost"]) == ([], [], [], None)
    assert stack["base"] == {"commit": git(program, "rev-parse", "HEAD")}
    assert stack["head"]["dirty"] is True


def test_a_change_is_told_with_both_sides(program: Path) -> None:
    first = git(program, "rev-parse", "HEAD")
    (program / "__main__.py").write_text(GROUP.replace("westeurope", "northeurope"), encoding="utf-8")
    committed(program)
    result, found = compare(program, "--base", first)
    assert result.exit_code == 0
    (change,) = found["stacks"][0]["changes"]
    assert change["change"] == "replaced"
    assert change["properties"] == [
        {"path": "location", "before": "westeurope", "after": "northeurope", "forcesReplacement": True}
    ]
    assert change["source"] == change["baseSource"] == {"file": "__main__.py", "line": 3}
    assert "location: westeurope → northeurope  forces replacement" in result.stdout
    assert "recorded by this assurance" in result.stdout
    assert compare(program, "--base", first, "--exit-code")[0].exit_code == 1


def test_revision_that_is_not_there_is_exit_2(program: Path, tmp_path: Path) -> None:
    result, _ = compare(program, "--base", "nowhere")
    assert result.exit_code == 2
    assert "--base nowhere: no such commit" in result.stderr
    outside = write_program(tmp_path / "outside", GROUP)
    result, _ = compare(outside)
    assert result.exit_code == 2
    assert "name a revision with --base REF" in result.stderr


def test_shallow_clone_says_how_to_get_more(program: Path, tmp_path: Path) -> None:
    """What a commit that is not there means in a clone with little history."""
    (program / "more.txt").write_text("x")
    committed(program)
    clone = tmp_path / "clone"
    git(program, "clone", "-q", "--depth", "1", f"file://{program}", str(clone))
    result, _ = compare(clone, "--base", "HEAD~1")
    assert result.exit_code == 2
    assert "git fetch --unshallow" in result.stderr


def test_base_that_does_not_run_is_exit_3(program: Path) -> None:
    (program / "__main__.py").write_text("raise RuntimeError('by design')\n", encoding="utf-8")
    broken = committed(program)
    (program / "__main__.py").write_text(GROUP, encoding="utf-8")
    result, _ = compare(program)
    assert result.exit_code == 3
    assert "by design" in result.stderr
    assert broken[:12] in result.stderr


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--base", "x", "--between", "a", "b"], "--base and --between: give one of them"),
        (["--between", "dev", "dev"], "two stacks"),
        (["prod", "--between", "dev", "prod"], "--between names both stacks"),
        (["--max-increase", "much"], "an amount like 100 or a percentage like 10%"),
        (["--base-record", "/nowhere.json"], "/nowhere.json"),
    ],
)
def test_options_that_exclude_each_other_exit_2(arguments: list[str], what: str) -> None:
    result = CliRunner().invoke(app, ["compare", *arguments])
    assert result.exit_code == 2
    assert what in result.stderr


def test_two_saved_records_are_compared(tmp_path: Path) -> None:
    saved = []
    for side, text in (("base", GROUP), ("head", GROUP.replace('"a": "1"', '"a": "2"'))):
        target = tmp_path / f"{side}.json"
        folder = write_program(tmp_path / side, text)
        assert CliRunner().invoke(app, ["preview", "--project", str(folder), "--json", str(target)]).exit_code == 0
        saved.append(str(target))
    target = tmp_path / "out.json"
    options = ["--base-record", saved[0], "--record", saved[1], "--json", str(target)]
    result = CliRunner().invoke(app, ["compare", *options])
    assert result.exit_code == 0
    (stack,) = json.loads(target.read_text(encoding="utf-8"))["stacks"]
    assert [each["properties"][0]["path"] for each in stack["changes"]] == ["tags.a"]
    assert (stack["base"], stack["head"]) == ({"record": saved[0]}, {"record": saved[1]})


def test_between_exits_1_only_with_exit_code(tmp_path: Path) -> None:
    text = "import pulumi\n" + GROUP.replace('"1"', "pulumi.get_stack()")
    folder = write_program(tmp_path / "p", text)
    result, found = compare(folder, "--between", "dev", "prod", "--exit-code")
    assert (result.exit_code, found["stacks"][0]["changes"]) == (0, [])
    shutil.rmtree(folder)
    folder = write_program(tmp_path / "p", text.replace("pulumi.get_stack()", "str(len(pulumi.get_stack()))"))
    assert compare(folder, "--between", "dev", "prod")[0].exit_code == 0
    result, found = compare(folder, "--between", "dev", "prod", "--exit-code")
    assert (result.exit_code, len(found["stacks"][0]["changes"])) == (1, 1)


@pytest.mark.skipif(commit_of(ROOT)["commit"] is None, reason="not in a repository")
def test_a_comment_in_this_project_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base is recorded by its own assurance, in a process of its own."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(clone)], check=True, capture_output=True)
    source = clone / "components" / "key_vault.py"
    source.write_text(f"# a comment that moves every line\n{source.read_text(encoding='utf-8')}", encoding="utf-8")
    monkeypatch.chdir(clone)
    target = tmp_path / "out.json"
    options = ["dev", "--base", "HEAD", "--same-environment", "--exit-code", "--json", str(target)]
    result = CliRunner().invoke(app, ["compare", *options])
    assert result.exit_code == 0, result.output
    assert "another version of one does is hidden" in result.stdout
    found = json.loads(target.read_text(encoding="utf-8"))
    assert found["stacks"][0]["changes"] == found["stacks"][0]["rules"] == []
    assert found["basis"]["mode"] == "deployed"


def test_the_same_lock_is_the_same_environment(tmp_path: Path) -> None:
    shutil.copy(ROOT / LOCK, tmp_path / LOCK)
    assert python_for(tmp_path) == Path(sys.executable)


def test_another_lock_is_another_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made once, and kept by the lock's hash."""
    commands: list[tuple[str, ...]] = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*command: str) -> None:
        commands.append(command[1:])
        if command[1] == "venv":
            (Path(command[-1]) / "lib" / "python3" / "site-packages").mkdir(parents=True)

    monkeypatch.setattr(environments, "_run", run)
    (tmp_path / LOCK).write_text("pulumi==3.0.0\n", encoding="utf-8")
    first = python_for(tmp_path)
    assert first.is_relative_to(tmp_path / "cache")
    installed = metadata.distributions(path=[str(first.parents[1] / "lib" / "python3" / "site-packages")])
    assert [each.metadata["Name"] for each in installed] == ["medspasync-platform"]
    assert commands[1][-3:] == ("--require-hashes", "-r", str(tmp_path / LOCK))
    assert python_for(tmp_path) == first
    assert len(commands) == 2
    (tmp_path / LOCK).write_text("pulumi==3.1.0\n", encoding="utf-8")
    assert python_for(tmp_path) != first
    with pytest.raises(UsageError, match="use --same-environment"):
        python_for(PROGRAMS)
