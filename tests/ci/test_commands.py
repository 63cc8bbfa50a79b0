"""The commands that workflows call."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ci.__main__ import app
from ci.sign_in import NEEDED
from ci.workflows import read_registry
from tests.ci.conftest import DIGEST, HOST, Answers, Programs


def test_commands_of_workflows_exist(tmp_path: Path) -> None:
    for name in ("plan", "permission", "deploy", "build", "push", "release", "drift", "verify", "issue", "assessment"):
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0, name


def test_only_release_fetches_another_repository() -> None:
    fetching = [
        name for name, workflow in read_registry().workflows.items()
        if any(job.checkouts for job in workflow.jobs.values())
    ]  # fmt: skip
    assert fetching == ["release-app.yml"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "dev", "--out", "out"],
        ["permission", "dev"],
        ["deploy", "dev", "--approval", "out", "--approved", "0" * 64],
        ["build", "--app", "backend", "--context", "nowhere"],
        ["push", "--app", "backend", "--registry", HOST],
        ["push", "--app", "backend", "--registry", HOST, "--digest", "latest"],
        ["release", "--stack", "dev", "--app", "backend", "--digest", DIGEST],
        ["drift", "dev", "--out", "out"],
        ["verify", "dev"],
        ["issue", "Drift", "--body", "text"],
        ["assessment"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_command_outside_a_workflow_is_wrong_use(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NEEDED, "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_digest_given_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    arguments = ["push", "--app", "backend", "--registry", HOST, "--digest", DIGEST]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert outputs.read_text() == f"digest={DIGEST}\n"


def test_commands_do_what_their_modules_do(job: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in, and with the engine's and Azure's answers in place of theirs."""
    programs = Programs()
    monkeypatch.setattr("ci.__main__.run_program", programs)
    monkeypatch.setattr("ci.__main__.ask_graph", lambda _question: {"data": []})
    monkeypatch.setattr("ci.__main__.plan_stack", lambda *_given: False)
    monkeypatch.setattr("ci.__main__.deploy_stack", lambda *_given: False)
    monkeypatch.setenv("STACK_OUTPUTS", "{}")
    expected = {
        ("drift", "dev", "--out", str(tmp_path / "drift")): 0,
        ("verify", "dev"): 0,
        ("plan", "dev", "--out", str(tmp_path)): 1,
        ("deploy", "dev", "--approval", str(tmp_path), "--approved", "0" * 64): 1,
        ("release", "--stack", "dev", "--app", "backend", "--digest", DIGEST): 0,
    }
    for arguments, code in expected.items():
        assert CliRunner().invoke(app, list(arguments)).exit_code == code, arguments
    assert any("--outputs" in words for words in programs.ran)
