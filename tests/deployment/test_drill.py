"""Restore drills: what is restored, what is found wrong, and that the copy never stays unless it was asked for."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployment.arm import Arm
from deployment.cli import main
from deployment.tools import Tools
from tests.deployment.conftest import ARCHIVE, DATA, DAYS, PRIMARY, PROFILE, Clock, Token
from tests.deployment.fake import Answer, Fault
from tests.deployment.fake.restore import IDENTITY, KEY, SUBNET, RestoringArm

BEGIN = datetime(2026, 12, 1, 6, tzinfo=UTC)
COPY = f"{PRIMARY}-drill"
INSTANCE = f"{DATA}/providers/Microsoft.DataProtection/backupVaults/bvault-mss-test/backupInstances/psql-mss-test-x7k2"
PUT, DELETE = f"PUT {COPY}", f"DELETE {COPY}"


@dataclass
class Drills:
    """The command against the fake; the clock stands still while nobody waits."""

    fake: RestoringArm
    clock: Clock
    outputs: dict[str, Any]
    folder: Path
    record: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.clock.time)

    def __call__(self, *arguments: str) -> int:
        outputs, record = self.folder / "outputs.json", self.folder / "record.json"
        outputs.write_text(json.dumps({"deployment": self.outputs}))
        record.unlink(missing_ok=True)
        self.fake.changes.clear()
        arm = Arm(endpoint=self.fake.url, authentication=Token(), sleep=self.clock.sleep, now=self.clock.now)
        given = ["drill", "test", "--outputs", str(outputs), "--json", str(record), *arguments]
        code = main(given, Tools(connect=lambda: arm, clock=self.now))
        self.record = json.loads(record.read_text()) if record.exists() else {}
        return code

    @property
    def problems(self) -> str:
        return "; ".join(self.record["problems"])


@pytest.fixture
def drills(tmp_path: Path) -> Iterator[Drills]:
    clock = Clock()
    fake = RestoringArm(lambda: BEGIN + timedelta(seconds=clock.time))
    fake.source(PRIMARY, (BEGIN - timedelta(days=35)).isoformat())
    fake.points = [(BEGIN - timedelta(days=days)).isoformat() for days in (17, 10, 3)]
    outputs: dict[str, Any] = {
        "stack": "test",
        "groups": {"data": DATA},
        "frontDoorId": PROFILE,
        "edge": {"headers": [], "removed": []},
        "apps": {},
        "databases": {"primary": PRIMARY},
        "maintenanceWindow": {"day": 0, "hour": 7, "minute": 0},
        "archive": {"accountId": ARCHIVE, "containers": [], "lock": False, "retentionDays": DAYS},
        "jobs": {},
        "recovery": {
            "rpoMinutes": 5,
            "rtoMinutes": 240,
            "longTerm": {"instanceId": INSTANCE, "rpoMinutes": 8 * 24 * 60},
        },
    }
    yield Drills(fake, clock, outputs, tmp_path)
    fake.close()


def copies(drills: Drills) -> list[str]:
    return [server for server in drills.fake.full if server != PRIMARY]


def test_a_drill_restores_measures_compares_and_deletes(drills: Drills) -> None:
    before = json.dumps(drills.fake.full[PRIMARY])
    assert drills() == 0
    assert drills.fake.changes == [PUT, DELETE]
    assert copies(drills) == []
    assert json.dumps(drills.fake.full[PRIMARY]) == before
    record = drills.record
    assert record["result"] == "passed"
    assert record["removal"] == "deleted"
    assert record["pointInTime"] == (BEGIN - timedelta(minutes=5)).isoformat()
    assert record["inThePair"]["region"] == "centralus"
    assert record["targets"] == {"rpoMinutes": 5, "rtoMinutes": 240}
    assert 0 < record["measured"]["restoreMinutes"] < 5
    assert record["measured"]["recoveryPointMinutes"] == 5.0
    assert len(record["checks"]) >= 19
    assert all(check["holds"] for check in record["checks"])
    assert record["parametersToSet"] == ["pgaudit.log"]
    assert record["startedAt"] < record["deletedAt"] <= record["endedAt"]


def test_restore_sets_what_azure_does_not_copy(drills: Drills) -> None:
    assert drills() == 0
    (body,) = drills.fake.sent
    properties = body["properties"]
    assert properties["sourceServerResourceId"] == PRIMARY
    assert properties["network"]["delegatedSubnetResourceId"] == SUBNET
    assert properties["network"]["publicNetworkAccess"] == "Disabled"
    assert properties["dataEncryption"] == {
        "type": "AzureKeyVault",
        "primaryKeyURI": KEY,
        "primaryUserAssignedIdentityId": IDENTITY,
    }
    assert list(body["identity"]["userAssignedIdentities"]) == [IDENTITY]
    assert properties["authConfig"]["passwordAuth"] == "Disabled"
    assert body["tags"]["environment"] == "test"


def test_second_drill_is_as_good_as_first(drills: Drills) -> None:
    assert [drills(), drills()] == [0, 0]
    assert drills.fake.changes == [PUT, DELETE]
    assert copies(drills) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties.network.publicNetworkAccess", "Enabled"),
        ("properties.authConfig.passwordAuth", "Enabled"),
        ("properties.dataEncryption.type", "SystemManaged"),
        ("properties.dataEncryption.primaryEncryptionKeyStatus", "Invalid"),
        ("properties.version", "16"),
        ("properties.storage.storageSizeGB", 64),
        ("properties.backup.backupRetentionDays", 7),
        ("sku.tier", "Burstable"),
        ("parameters.require_secure_transport", "off"),
        ("administrators", ["o-bootstrap", "o-stranger"]),
    ],
)
def test_copy_weaker_than_source_fails_and_is_deleted(drills: Drills, path: str, value: Any) -> None:
    drills.fake.weakened = {path: value}
    assert drills() == 1
    assert drills.record["result"] == "failed"
    assert path.removeprefix("parameters.") in drills.problems
    assert copies(drills) == []


def test_a_restore_slower_than_promised_fails_the_drill(drills: Drills) -> None:
    drills.outputs["recovery"]["rtoMinutes"] = 1
    drills.fake.polls = 6
    assert drills() == 1
    assert "the target is 1" in drills.problems
    assert drills.record["measured"]["restoreMinutes"] > 1
    assert copies(drills) == []


def test_endless_restore_is_abandoned_after_double_target(drills: Drills) -> None:
    drills.outputs["recovery"]["rtoMinutes"] = 10
    drills.fake.polls = 10_000
    assert drills() == 1
    assert "StillRunning" in drills.problems
    # Azure refuses to delete what it still makes: said loudly, since PHI is in it.
    assert "NOT deleted" in drills.problems
    assert drills.record["removal"] == "not deleted"
    drills.fake.full[COPY]["properties"]["state"] = "Ready"
    assert drills("--remove") == 0
    assert drills.record["removal"] == "deleted"
    assert copies(drills) == []


def test_copy_that_fails_to_start_is_deleted(drills: Drills) -> None:
    drills.fake.stuck = "Disabled"
    assert drills() == 1
    assert "the copy is Disabled after" in drills.problems
    assert copies(drills) == []


@pytest.mark.parametrize("fault", [Fault("PUT", "-drill$", 403, "AuthorizationFailed"), Fault("PUT", "-drill$", 400)])
def test_restore_that_azure_refuses_fails_with_its_reason(drills: Drills, fault: Fault) -> None:
    drills.fake.faults.append(fault)
    assert drills() == 1
    assert f"{fault.status} {fault.code}" in drills.problems
    assert copies(drills) == []


def test_copy_is_deleted_when_its_examination_fails(drills: Drills) -> None:
    drills.fake.faults.append(Fault("GET", "/configurations$", 403, "AuthorizationFailed"))
    assert drills() == 1
    assert "403 AuthorizationFailed" in drills.problems
    assert drills.fake.changes == [PUT, DELETE]
    assert copies(drills) == []


def test_an_unanswered_restore_is_not_left_behind(drills: Drills) -> None:
    """The request went through, its answer was lost: Azure refuses the repetition, and the copy goes all the same."""
    drills.fake.polls = 0
    drills.fake.faults.append(Fault("PUT", "-drill$", 504, after=True))
    states = iter(["Starting", "Starting", "Ready"])
    delete = drills.fake._delete

    def busy_at_first(server: str) -> Answer:
        drills.fake.full[server]["properties"]["state"] = next(states, "Ready")
        return delete(server)

    drills.fake._delete = busy_at_first  # type: ignore[method-assign]
    assert drills() == 1
    assert "409 ServerNameAlreadyExists" in drills.problems
    assert drills.record["removal"] == "deleted"
    assert copies(drills) == []


def test_refused_deletion_is_reported_and_can_be_repeated(drills: Drills) -> None:
    drills.fake.faults.append(Fault("DELETE", "-drill$", 403, "AuthorizationFailed"))
    assert drills() == 1
    assert "NOT deleted" in drills.problems
    assert drills.record["removal"] == "not deleted"
    assert copies(drills) == [COPY]
    assert drills("--remove", "--plan") == 0
    assert copies(drills) == [COPY]
    assert drills("--remove") == 0
    assert copies(drills) == []
    assert drills("--remove") == 0
    assert drills.fake.changes == []
    assert drills.record["removal"] == "nothing to delete"
    assert drills.record["result"] == "removal only"


def test_copy_that_stays_after_deletion_fails_drill(drills: Drills) -> None:
    """Azure says that it is gone, and it is still there."""
    drills.fake._delete = lambda *_: Answer(204)  # type: ignore[method-assign,assignment]
    assert drills() == 1
    assert "StillThere" in drills.problems


def test_copy_kept_on_request_is_never_overwritten(drills: Drills) -> None:
    assert drills("--keep") == 0
    assert drills.record["removal"] == "kept"
    assert copies(drills) == [COPY]
    assert drills() == 1
    assert "kept by an earlier drill" in drills.problems
    assert drills.fake.changes == []
    assert drills("--remove") == 0
    assert copies(drills) == []


def test_server_that_no_drill_made_is_left_alone(drills: Drills) -> None:
    drills.fake.full[COPY] = {"tags": {}, "properties": {"state": "Ready"}}
    assert [drills(), drills("--remove")] == [1, 1]
    assert "not made by a drill" in drills.problems
    assert drills.fake.changes == []


def test_next_drill_deletes_copy_of_killed_one_only(drills: Drills) -> None:
    """The copy of a drill that runs still is left alone."""
    assert drills("--keep") == 0
    drills.fake.full[COPY]["tags"]["restoreDrill"] = "temporary"
    assert drills() == 1
    assert "a drill runs since 2026-12-01" in drills.problems
    assert copies(drills) == [COPY]
    drills.clock.time += 10 * 3600  # longer than any drill takes
    assert drills() == 0
    assert drills.fake.changes == [DELETE, PUT, DELETE]
    assert copies(drills) == []


def test_a_copy_without_a_time_is_a_leftover(drills: Drills) -> None:
    assert drills("--keep") == 0
    drills.fake.full[COPY]["tags"] = {"restoreDrill": "temporary"}
    assert drills() == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_drill_that_is_stopped_deletes_copy_first(
    drills: Drills, stop: signal.Signals, request: pytest.FixtureRequest
) -> None:
    # In the background of a shell SIGINT is ignored from the start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    wait, signals = drills.clock.sleep, [stop]

    def stopped_once(seconds: float) -> None:
        wait(seconds)
        if signals:
            drills.fake.full[COPY]["properties"]["state"] = "Ready"
            signal.raise_signal(signals.pop())

    drills.clock.sleep = stopped_once  # type: ignore[method-assign]
    assert drills() == 1
    assert "interrupted" in drills.problems
    assert drills.record["removal"] == "deleted"
    assert copies(drills) == []


def test_a_plan_changes_nothing(drills: Drills) -> None:
    assert drills("--plan") == 0
    assert drills.fake.changes == []
    assert drills.record["result"] == "planned"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("state", "Stopped", "is Stopped"),
        ("dataEncryption.primaryEncryptionKeyStatus", "Invalid", "the key of psql-mss-test-x7k2 is Invalid"),
    ],
)
def test_source_without_backup_is_refused_before_restore(drills: Drills, path: str, value: str, told: str) -> None:
    """Before anything is made."""
    *parts, last = path.split(".")
    place = drills.fake.full[PRIMARY]["properties"]
    for part in parts:
        place = place[part]
    place[last] = value
    assert drills() == 1
    assert told in drills.problems
    assert drills.fake.changes == []


def test_long_term_copy_is_examined_where_present(drills: Drills) -> None:
    drills.fake.points = [(BEGIN - timedelta(days=9)).isoformat()]
    assert drills() == 1
    assert "long-term backup: newest copy" in drills.problems
    drills.fake.points = []
    assert drills() == 1
    assert "newest copy is None" in drills.problems
    drills.fake.points, drills.fake.protection = [drills.now().isoformat()], "ProtectionError"
    assert drills() == 1
    assert "long-term backup: state is ProtectionError" in drills.problems
    del drills.outputs["recovery"]["longTerm"]
    assert drills() == 0
    assert not any(check["name"].startswith("long-term") for check in drills.record["checks"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--at", "yesterday"), "no point in time with a zone"),
        (("--at", "2026-11-30T06:00:00"), "no point in time with a zone"),
        (("--at", "2026-12-02T06:00:00Z"), "in the future (it is 2026-12-01"),
        (("--at", "2026-10-01T06:00:00Z"), "backups reach back to 2026-10-27"),
        (("--remove", "--keep"), "--remove stands alone"),
        (("--remove", "--at", "2026-11-30T06:00:00Z"), "--remove stands alone"),
        (("--json", "/nowhere/at/all.json"), "/nowhere/at/all.json: No such file"),
    ],
)
def test_wrong_use_is_told_before_anything_is_made(
    drills: Drills, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert drills(*arguments) == 2
    assert message in capsys.readouterr().err
    assert drills.fake.changes == []
    assert drills.record.get("result") in (None, "not run")


def test_point_in_time_is_restored_in_utc(drills: Drills) -> None:
    assert drills("--at", "2026-11-30T08:30:00+02:00") == 0
    (body,) = drills.fake.sent
    assert body["properties"]["pointInTimeUTC"] == "2026-11-30T06:30:00+00:00"


def test_name_without_room_for_copy_is_refused(drills: Drills, capsys: pytest.CaptureFixture[str]) -> None:
    drills.outputs["databases"]["primary"] = PRIMARY.replace("psql-mss-test-x7k2", "p" * 60)
    assert drills() == 2
    assert "too long a name for a copy" in capsys.readouterr().err


def test_the_record_goes_to_standard_output(drills: Drills, capsys: pytest.CaptureFixture[str]) -> None:
    assert drills("--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["result"] == "passed"
