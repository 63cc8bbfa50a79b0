"""With a CLI on PATH: what was approved is applied, anything else is refused, and no secret is readable in a state."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ci.approval import file_hash, refusals, write_approval
from ci.engine import Engine
from ci.programs import Done, run_program

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="no Pulumi CLI on PATH")
PROGRAM = """
import pulumi
config = pulumi.Config()
class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("trial:index:Part", name)
        self.register_outputs({})
Part(config.require("part"))
pulumi.export("token", config.require_secret("token"))
"""
SECRET = "plain-text-of-a-secret"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stack in a repository of its own, deployed once; its state is in a folder."""
    root, state = tmp_path / "project", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{state}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "trial")
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.delenv("GITHUB_SHA", raising=False)
    monkeypatch.chdir(root)
    python = Path(sys.executable).parents[1]
    (root / "Pulumi.yaml").write_text(
        f"name: trial\nruntime: {{name: python, options: {{toolchain: pip, virtualenv: {python}}}}}\n"
    )
    (root / "__main__.py").write_text(PROGRAM)
    for command in (
        ["pulumi", "stack", "init", "dev"],
        ["pulumi", "config", "set", "part", "one"],
        ["pulumi", "config", "set", "--secret", "token", SECRET],
        ["git", "init", "-q"],
    ):
        run(command)
    commit()
    run(["pulumi", "up", "--yes", "--non-interactive"])
    return root


def run(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit() -> None:
    run(["git", "add", "-A"])
    run(["git", "-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "-qm", "change"])


def without_pack(arguments: Sequence[str]) -> Done:
    """The same call without the platform's rules, which this trial has none of."""
    words = list(arguments)
    if "--policy-pack" in words:
        at = words.index("--policy-pack")
        del words[at : at + 2]
    return run_program(words)


ENGINE = Engine("dev", without_pack)


def approved(root: Path, folder: Path) -> str:
    run(["pulumi", "config", "set", "part", "two"])
    commit()
    folder.mkdir()
    assert ENGINE.preview(folder / "plan.json").code == 0
    return write_approval(root, folder, ENGINE)


def test_unchanged_plan_is_applied(project: Path, tmp_path: Path) -> None:
    paper = approved(project, tmp_path / "out")
    assert refusals(project, tmp_path / "out", ENGINE, paper) == []
    assert ENGINE.up(tmp_path / "out" / "plan.json").code == 0
    assert "::two" in json.dumps(ENGINE.export())


def test_changed_stack_file_is_refused(project: Path, tmp_path: Path) -> None:
    paper = approved(project, tmp_path / "out")
    run(["pulumi", "config", "set", "part", "three"])
    commit()
    assert any("stack file" in each for each in refusals(project, tmp_path / "out", ENGINE, paper))
    assert ENGINE.up(tmp_path / "out" / "plan.json").code != 0


def test_changed_state_is_refused(project: Path, tmp_path: Path) -> None:
    paper = approved(project, tmp_path / "out")
    run(["pulumi", "up", "--yes", "--non-interactive"])
    assert any("state" in each for each in refusals(project, tmp_path / "out", ENGINE, paper))
    assert file_hash(tmp_path / "out" / "approval.yaml") == paper


def test_no_secret_is_readable_in_state(project: Path) -> None:
    assert SECRET not in json.dumps(ENGINE.export())
    files = [path for path in (project.parent / "state").rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
