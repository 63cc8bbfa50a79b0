"""Restore drills: what is restored, what is found wrong, and what is refused before anything is made."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.deployment.conftest import PRIMARY
from tests.deployment.drill.conftest import BEGIN, COPY, DELETE, PUT, Drills, copies
from tests.deployment.fake.restore import IDENTITY, KEY, SUBNET


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
