"""Lifting a lock for one change: whatever becomes of the change, the lock is back."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deployment import tools
from deployment.arm import ArmError
from deployment.cli import main
from deployment.tools import StoppedError, Tools
from tests.deployment.conftest import PRIMARY, Deployment
from tests.deployment.fake import SUBSCRIPTION, Fault

ADMINISTRATOR = f"{PRIMARY}/administrators/0f0e0d0c"
NAME = PRIMARY.rsplit("/", 1)[-1]
VERSION = "2025-08-01"


@dataclass
class Unlocking:
    """The command against the fake; ``change`` is what its program does, ``ran`` the programs that ran."""

    deployment: Deployment
    lock: str
    change: Callable[[], int]
    ran: list[list[str]] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *arguments: str, program: Sequence[str] = ("revoke",)) -> int:
        folder = self.deployment.folder
        outputs, record = folder / "outputs.json", folder / "record.json"
        outputs.write_text(json.dumps({"deployment": self.deployment.outputs}))
        record.unlink(missing_ok=True)
        self.deployment.fake.changes.clear()
        asked = ["unlock", "test", *(arguments or [NAME]), "--outputs", str(outputs), "--json", str(record)]
        world = Tools(connect=lambda: self.deployment.arm, run=self.run, terminal=lambda: False)
        code = main([*asked, "--", *program] if program else asked, world)
        self.record = json.loads(record.read_text()) if record.exists() else {}
        return code

    def run(self, program: Sequence[str]) -> int:
        self.ran.append(list(program))
        return self.change()

    @property
    def locked(self) -> bool:
        return self.deployment.fake.locks.get(self.lock, {}).get("level") == "CanNotDelete"


@pytest.fixture
def unlocking(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unlocking:
    """A server under a lock, with an administrator whom the change takes away."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    deployment.fake.administrators.add(ADMINISTRATOR)

    def revoke() -> int:
        deployment.arm.delete(ADMINISTRATOR, VERSION)
        return 0

    return Unlocking(deployment, deployment.fake.lock(PRIMARY), revoke)


def journal(folder: Path) -> list[Path]:
    return list((folder / "state").rglob("*.json"))


def test_delete_below_lock_is_refused_and_says_how(unlocking: Unlocking) -> None:
    with pytest.raises(ArmError, match=r"409 ScopeLocked: .*deployment unlock STACK RESOURCE"):
        unlocking.change()
    assert unlocking.deployment.fake.administrators == {ADMINISTRATOR}


@pytest.mark.parametrize("resource", [NAME, NAME.upper(), PRIMARY, ADMINISTRATOR])
def test_planned_change_passes_and_lock_is_back(unlocking: Unlocking, resource: str, tmp_path: Path) -> None:
    before = dict(unlocking.deployment.fake.locks[unlocking.lock])
    other = unlocking.deployment.fake.lock(f"{PRIMARY}-other")
    assert unlocking(resource) == 0
    assert unlocking.deployment.fake.administrators == set()
    assert unlocking.deployment.fake.locks[unlocking.lock] == before
    assert unlocking.deployment.changes == [
        f"DELETE {unlocking.lock}",
        f"DELETE {ADMINISTRATOR}",
        f"PUT {unlocking.lock}",
    ]
    assert other in unlocking.deployment.fake.locks
    assert journal(tmp_path) == []
    assert unlocking.record["exitCode"] == 0
    assert unlocking.record["putBack"] == [unlocking.lock]


def _missing() -> int:
    raise FileNotFoundError(2, "No such file or directory")


def _interrupted() -> int:
    raise KeyboardInterrupt


def _stopped() -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    return 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: 255, "exit code 255"),
        (_missing, "No such file"),
        (_interrupted, "interrupted"),
        (_stopped, "interrupted"),
    ],
)
def test_lock_is_back_after_a_failed_change(
    unlocking: Unlocking, change: Callable[[], int], told: str, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    unlocking.change = change
    assert unlocking() == 1
    assert unlocking.locked
    assert any(told in problem for problem in unlocking.record["problems"])
    assert journal(tmp_path) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_lock_is_put_back_while_azure_is_busy(unlocking: Unlocking) -> None:
    unlocking.deployment.fake.faults += [
        Fault("PUT", "/locks/", 429, "TooManyRequests", {"Retry-After": "7"}),
        Fault("PUT", "/locks/", 409, "AnotherOperationInProgress", times=3),
    ]
    assert unlocking() == 0
    assert unlocking.locked
    assert 7.0 in unlocking.deployment.clock.waits


def test_lock_that_cannot_return_is_reported_and_recovered(
    unlocking: Unlocking, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    unlocking.deployment.fake.faults.append(Fault("PUT", "/locks/", 403, "AuthorizationFailed", times=1))
    assert unlocking() == 1
    assert not unlocking.locked
    told = capsys.readouterr().err
    assert "NOT BACK" in told
    assert f"az rest --method put --url 'https://management.azure.com{unlocking.lock}" in told
    assert len(journal(tmp_path)) == 1
    unlocking.change = lambda: 0
    assert unlocking() == 0
    assert unlocking.record["putBack"] == [unlocking.lock] * 2
    assert journal(tmp_path) == []


def test_next_run_recovers_what_a_killed_one_left(unlocking: Unlocking, tmp_path: Path) -> None:
    """A run that was killed leaves the journal; the next puts that lock back before it does anything else."""
    unlocking.change = lambda: os._exit(9)
    if not (child := os.fork()):
        unlocking()
    os.waitpid(child, 0)
    assert len(journal(tmp_path)) == 1
    assert not unlocking.locked
    unlocking.change = lambda: 0
    assert unlocking() == 0
    assert unlocking.locked
    assert unlocking.deployment.changes[0] == f"PUT {unlocking.lock}"


def test_lock_that_azure_keeps_is_not_worked_under(unlocking: Unlocking) -> None:
    unlocking.deployment.fake.faults.append(Fault("DELETE", "/locks/", 403, "AuthorizationFailed"))
    assert unlocking() == 1
    assert unlocking.ran == []
    assert unlocking.locked


def test_plan_lifts_nothing(unlocking: Unlocking) -> None:
    assert unlocking(NAME, "--plan") == 0
    assert unlocking.deployment.changes == []
    assert unlocking.ran == []


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ("stmssprodx", r"no lock of stack test stands on it \(locked: psql-mss-test-x7k2\)"),
        (f"{SUBSCRIPTION}/resourceGroups/rg-other/providers/Microsoft.Web/sites/a", "a lock that is not of stack test"),
    ],
)
def test_resource_without_lock_of_ours_is_refused(
    unlocking: Unlocking, capsys: pytest.CaptureFixture[str], resource: str, told: str
) -> None:
    unlocking.deployment.fake.lock(f"{SUBSCRIPTION}/resourceGroups/rg-other")
    assert unlocking(resource) == 2
    assert re.search(told, capsys.readouterr().err)
    assert unlocking.deployment.changes == []


def test_two_locks_on_a_resource_are_refused(unlocking: Unlocking, capsys: pytest.CaptureFixture[str]) -> None:
    unlocking.deployment.fake.lock(PRIMARY, "second", "ReadOnly")
    assert unlocking() == 2
    assert "2 locks stand on it" in capsys.readouterr().err


def test_engine_that_refreshes_is_refused(unlocking: Unlocking, capsys: pytest.CaptureFixture[str]) -> None:
    """It would make the lock again, and only then delete below it."""
    assert unlocking(program=("pulumi", "up", "--stack", "test")) == 2
    assert "--refresh=false" in capsys.readouterr().err
    assert unlocking.deployment.changes == []
    unlocking.change = lambda: 0
    assert unlocking(program=("pulumi", "up", "--refresh=false", "--stack", "test")) == 0


def test_without_a_command_a_terminal_is_needed(unlocking: Unlocking, capsys: pytest.CaptureFixture[str]) -> None:
    assert unlocking(program=()) == 2
    assert "give the change after --" in capsys.readouterr().err


def test_own_program_gets_signals_and_is_awaited(tmp_path: Path) -> None:
    assert tools.run_program([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    script = (
        "import os, signal, sys; signal.signal(2, lambda *_: sys.exit(3)); os.kill(os.getppid(), 15); signal.pause()"
    )

    def stop(*_: object) -> None:
        raise StoppedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(StoppedError):
            tools.run_program([sys.executable, "-c", script])
    finally:
        signal.signal(signal.SIGTERM, before)
