"""What a workflow may do is written in ci/workflows.yaml; everything more, and everything less, is told."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ci.__main__ import app
from ci.workflows import FOLDER, read_registry, workflow_problems
from tests.harness import ROOT

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
COMMENT = "pull-request-comment.yml"
CHANGE = "pull-request.yml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    return tmp_path


def told(copy: Path, file: str, old: str, new: str) -> str:
    """What is told after ``old`` became ``new`` in a workflow."""
    path = copy / FOLDER / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return "\n".join(map(str, workflow_problems(copy)))


def test_workflows_are_as_registered() -> None:
    assert [str(each) for each in workflow_problems()] == []


BREAKS = {
    "the limit of all jobs dropped": (CHANGE, "permissions: {}\n", "", "permissions = null"),
    "every right for all jobs": (CHANGE, "permissions: {}\n", "permissions: write-all\n", "permissions = 'write-all'"),
    "the limit of a job dropped": (
        CHANGE,
        "    permissions:\n      contents: read #",
        "    #",
        "jobs.checks.permissions",
    ),
    "a right more": (COMMENT, "contents: read # the default branch\n", "contents: write\n", "jobs.comment.permissions"),
    "a pin dropped": (CHANGE, CHECKOUT, "actions/checkout@v7.0.1", CHECKOUT),
    "another commit": (CHANGE, "@3d3c42e5", "@3d3c42e6", CHECKOUT),
    "a tag that the commit is not": (CHANGE, "# v7.0.1", "# v7.0.2", CHECKOUT),
    "an action of somebody": (CHANGE, CHECKOUT, f"a/b@{'0' * 40} # v1", "uses = 'a/b': an action of ci/workflows.yaml"),
    "a local action": (CHANGE, f"uses: {CHECKOUT}", "uses: ./here", "NAME@COMMIT"),
    "a trigger more": (CHANGE, "  merge_group:\n", "  merge_group:\n  pull_request_target:\n", "on = "),
    "a trigger for more": (COMMENT, "types: [completed]", "types: [completed, requested]", "on.* the triggers"),
    "a secret": (
        CHANGE,
        "run: .ci/run",
        "run: .ci/run\n        env: {A: '${{ secrets.KEY }}'}",
        "['KEY']: the secrets",
    ),
    "a secret in brackets": (
        CHANGE,
        "run: .ci/run",
        "run: .ci/run\n        env: {A: \"${{ secrets['K'] }}\"}",
        "['K']",
    ),
    "all secrets": (
        CHANGE,
        "run: .ci/run",
        "run: .ci/run\n        env: {A: '${{ toJSON(secrets) }}'}",
        "the secrets of",
    ),
    "the token": (CHANGE, "run: .ci/run", "run: .ci/run\n        env: {A: '${{ github.token }}'}", "token: false"),
    "credentials that stay": (
        CHANGE,
        "persist-credentials: false",
        "persist-credentials: true",
        "persist-credentials: f",
    ),
    "the change's code": (COMMENT, "fetch-depth: 0", "ref: ${{ github.event.workflow_run.head_sha }}", "no ref"),
    "logic": (CHANGE, "run: make setup", "run: make setup && curl x", "one call"),
    "text of the change in a command": (CHANGE, "run: make setup", "run: make ${{ github.head_ref }}", "one call"),
    "several lines": (CHANGE, "run: make setup", "run: |\n          make setup\n          echo", "one call"),
    "another command": (CHANGE, "run: make setup", "run: makefile", "one call"),
    "no time limit": (CHANGE, "    timeout-minutes: 60\n", "", "jobs.checks.timeout-minutes"),
    "a runner that moves": (CHANGE, "runs-on: ubuntu-24.04", "runs-on: ubuntu-latest", "jobs.checks.runs-on"),
    "runs that pile up": (CHANGE, "concurrency:", "name: x\nenv:", "concurrency = |env = "),
    "a failure that is not told": (
        CHANGE,
        "run: .ci/run",
        "run: .ci/run\n        continue-on-error: true",
        "continue-on",
    ),
    "a container": (
        CHANGE,
        "    timeout-minutes: 60",
        "    timeout-minutes: 60\n    container: x",
        "jobs.checks.container",
    ),
    "an environment": (
        CHANGE,
        "    timeout-minutes: 60",
        "    timeout-minutes: 60\n    environment: prod",
        "environment",
    ),
    "a job more": (CHANGE, "  compare:\n", "  comparison:\n", "the jobs of ci/workflows.yaml"),
    "a finding silenced": (
        CHANGE,
        "  merge_group:",
        "  merge_group: # zizmor: ignore[excessive-permissions]",
        "zizmor",
    ),
    "another one silenced": (
        COMMENT,
        "ignore[dangerous-triggers]",
        "ignore[dangerous-triggers, unpinned-uses]",
        "zizmor",
    ),
    "a key twice": (CHANGE, "permissions: {}\n", "permissions: write-all\npermissions: {}\n", "each key once"),
    "no YAML": (CHANGE, "name: pull-request\n", "name: [\n", FOLDER),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_workflow_that_may_more_fails(name: str, copy: Path) -> None:
    file, old, new, expected = BREAKS[name]
    found = told(copy, file, old, new)
    for part in expected.replace(".*", "|").split("|"):
        assert part in found, found


def add_workflow(copy: Path) -> None:
    (copy / FOLDER / "new.yml").write_text("on: push\n", encoding="utf-8")


def remove_workflow(copy: Path) -> None:
    (copy / FOLDER / CHANGE).unlink()


def configure_zizmor(copy: Path) -> None:
    (copy / ".github" / "zizmor.yml").write_text("rules: {}\n", encoding="utf-8")


@pytest.mark.parametrize("change", [add_workflow, remove_workflow, configure_zizmor])
def test_files_are_as_registered(change: Callable[[Path], None], copy: Path) -> None:
    change(copy)
    assert len(workflow_problems(copy)) == 1


def test_exactly_one_finding_is_ignored() -> None:
    (ignored,) = read_registry().ignored
    assert (ignored.file, ignored.audit) == (COMMENT, "dangerous-triggers")


@pytest.mark.parametrize(
    ("old", "new"), [("contents: read #", "contents: write #"), (CHECKOUT, "actions/checkout@main")]
)
def test_zizmor_finds_what_is_dangerous(old: str, new: str, copy: Path) -> None:
    """As `make lint` calls it."""
    path = copy / FOLDER / CHANGE
    path.write_text(path.read_text(encoding="utf-8").replace(old, new).replace("permissions: {}\n", ""), "utf-8")
    options = ["--offline", "--quiet", "--no-progress", "--persona", "pedantic"]
    command = [ROOT / ".venv" / "bin" / "zizmor", *options, str(copy / FOLDER)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_command_tells_and_fails(monkeypatch: pytest.MonkeyPatch, copy: Path) -> None:
    assert CliRunner().invoke(app, ["workflows"]).exit_code == 0
    add_workflow(copy)
    found = workflow_problems(copy)
    monkeypatch.setattr("ci.__main__.workflow_problems", lambda: found)
    result = CliRunner().invoke(app, ["workflows"])
    assert result.exit_code == 1
    assert ".github/workflows/new.yml" in result.output


def test_commands_of_workflows_exist() -> None:
    """A workflow that calls what is not there would fail only when it runs."""
    named = {each.name or str(each.callback and each.callback.__name__) for each in app.registered_commands}
    called = {
        match[1]
        for path in (ROOT / FOLDER).glob("*.yml")
        for match in re.finditer(r"python -m ci ([a-z-]+)", path.read_text(encoding="utf-8"))
    }
    assert {"records", "comment", "code-scanning"} <= called
    assert called <= named
