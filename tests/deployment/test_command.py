"""The command as a whole: first run, second run, plan, verify, wrong use."""

from __future__ import annotations

import io
import json
import re
import runpy
from pathlib import Path

import pytest

from deployment.cli import main
from deployment.steps import STEPS
from deployment.tools import Tools
from tests.deployment.conftest import BACKEND, PRIMARY, Deployment, digest
from tests.deployment.fake import Fault

QUIET = {"worm-extend", "worm-lock"} | {step.name for step in STEPS if step.when != "always"}
"""Steps that have nothing to do after a first `up`, that only look, or that run only where they are named."""
RELEASE = ("--image", f"backend={digest('b')}")


def test_first_run_does_everything_and_second_nothing(deployment: Deployment) -> None:
    assert deployment(*RELEASE) == 0
    done = {step for step in deployment.results if deployment.status(step) & {"done"}}
    assert done == {step.name for step in STEPS} - QUIET
    assert deployment(*RELEASE) == 0
    assert deployment.changes == []
    assert {status for step in deployment.results for status in deployment.status(step)} == {"already", "skipped"}
    assert deployment.verify(*RELEASE) == 0


def test_plan_and_verification_send_nothing_and_name_work(deployment: Deployment) -> None:
    before = {step.name for step in STEPS} - QUIET
    assert deployment("--plan", *RELEASE) == 0
    assert {step for step in deployment.results if "planned" in deployment.status(step)} == before
    assert deployment.changes == []
    assert deployment.verify(*RELEASE) == 1
    assert deployment.changes == []


def test_failed_step_stops_run_and_rerun_continues(deployment: Deployment) -> None:
    fault = Fault("POST", r"/restart$", 403, "AuthorizationFailed")
    deployment.fake.faults.append(fault)
    assert deployment() == 1
    results = deployment.results["postgres-restart"]
    # One server failed, the other had its turn.
    assert {status for status, _ in results.values()} == {"failed", "done"}
    assert "403 AuthorizationFailed" in deployment.detail("postgres-restart")
    assert "/restart" in deployment.detail("postgres-restart")
    assert deployment.results["database-apply"] == {"-": ("skipped", "not run, because postgres-restart failed")}
    assert not any("/jobs/" in change for change in deployment.changes)
    assert deployment() == 0
    assert sum(change.endswith("/restart") for change in deployment.changes) == 1
    assert not any("privateEndpointConnections" in change for change in deployment.changes)


def test_verification_looks_at_every_step_though_one_fails(deployment: Deployment) -> None:
    deployment.fake.faults.append(Fault("GET", r"/originGroups$", 403, "AuthorizationFailed"))
    assert deployment.verify() == 1
    assert deployment.status("private-links") == {"failed"}
    assert deployment.status("postgres-restart") == {"planned"}


def test_throttled_request_is_repeated_after_azures_delay(deployment: Deployment) -> None:
    deployment.fake.faults.append(Fault("POST", r"/restart$", 429, "TooManyRequests", {"Retry-After": "17"}))
    assert deployment("--step", "postgres-restart") == 0
    assert 17.0 in deployment.clock.waits


def test_outputs_of_another_stack_are_refused(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert deployment(stack="prod") == 2
    assert "outputs of stack test, not of prod" in capsys.readouterr().err
    assert deployment.fake.requests == []


def test_id_of_another_stack_changes_nothing(deployment: Deployment) -> None:
    deployment.outputs["databases"] = {"primary": PRIMARY.replace("mss-test", "mss-prod")}
    assert deployment("--step", "postgres-restart") == 1
    assert "404 ResourceNotFound" in deployment.detail("postgres-restart")
    assert deployment.changes == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--step", "reboot"), r"--step reboot: no such step \(allowed: private-links, "),
        (("--image", f"fronted={digest('b')}"), r"no app of this stack \(allowed: backend, marketing\)"),
        (("--image", "backend=latest"), "an image is given by digest"),
        (("--image", f"backend={digest('b')}", "--image", f"backend={digest('c')}"), "given twice"),
    ],
)
def test_wrong_use_is_told(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert deployment(*arguments) == 2
    assert re.search(message, capsys.readouterr().err)
    assert deployment.fake.requests == []


def test_named_steps_run_in_their_order_and_alone(deployment: Deployment) -> None:
    assert deployment("--step", "postgres-restart", "--step", "private-links") == 0
    assert list(deployment.results) == ["private-links", "postgres-restart"]


def test_the_report_goes_where_it_is_asked_to(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert deployment("--step", "private-links", "--json", "-") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["stack"] == "test"
    assert report["totals"] == {"done": 2}
    assert deployment("--step", "private-links", "--json", "/nowhere/at/all.json") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "not JSON"),
        ("{}", "no output `deployment`"),
        ('{"deployment": {"stack": "test", "jobs": {}}}', "deployment.apps: Field required"),
        ("[1]", "no output `deployment`"),
    ],
)
def test_outputs_that_cannot_be_used_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(text)
    assert main(["run", "test", "--outputs", str(file)]) == 2
    assert message in capsys.readouterr().err


def test_a_missing_outputs_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "test", "--outputs", "/nowhere/outputs.json"]) == 2
    assert "/nowhere/outputs.json: No such file" in capsys.readouterr().err


def test_outputs_come_from_standard_input(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"deployment": deployment.outputs})))
    assert (
        main(
            ["verify", "org/project/test", "--outputs", "-", "--step", "private-links"],
            Tools(connect=lambda: deployment.arm),
        )
        == 1
    )


def _pulumi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A Pulumi CLI, the only command on PATH."""
    cli = folder / "pulumi"
    cli.write_text(f"#!/bin/sh\n{script}\n")
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_outputs_come_from_the_pulumi_cli(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = json.dumps({"deployment": deployment.outputs})
    _pulumi(tmp_path, monkeypatch, f'[ "$*" = "stack output --json --stack test" ] && echo \'{known}\'')
    assert main(["run", "test", "--step", "private-links"], Tools(connect=lambda: deployment.arm)) == 0
    assert any(BACKEND in change for change in deployment.changes)


def test_what_keeps_pulumi_cli_from_answering_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _pulumi(tmp_path, monkeypatch, "echo 'error: no stack named test' >&2; exit 1")
    assert main(["run", "test"]) == 2
    assert "no stack named test" in capsys.readouterr().err
    assert main(["run", "--", "-x"]) == 2
    assert "no name of a stack" in capsys.readouterr().err
    (tmp_path / "pulumi").unlink()
    assert main(["run", "test"]) == 2
    assert "the Pulumi CLI is not on PATH: give the stack's outputs with --outputs FILE" in capsys.readouterr().err


def test_every_step_has_own_name_and_summary() -> None:
    assert len({step.name for step in STEPS}) == len(STEPS)
    assert all(step.summary for step in STEPS)


def test_it_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["deployment", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("deployment", run_name="__main__")
    assert ended.value.code == 0
    assert "slot-swap-back" in capsys.readouterr().out


def test_fault_of_ours_shows_its_frames(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.pages = {"https://backend.example.com/healthz": [None]}  # type: ignore[list-item]
    assert deployment("--step", "smoke") == 3
    told = capsys.readouterr().err
    assert "error: AttributeError" in told
    assert "steps/smoke.py" in told
    assert "site-packages" not in told


@pytest.mark.parametrize("arguments", [["dance", "test"], ["run"], ["run", "test", "--nonsense"]])
def test_wrong_arguments_are_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage: python -m deployment" in capsys.readouterr().err
