"""Long-term backup: rights before the instance, generations that outlive each other, targets that settings back."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from assurance.record import Mode, Record
from components.backup import LONG_TERM_BACKUP_ROLE, READER_ROLE
from stacks.backup import BACKUPS_LOST, DATA_LOST, build_backup, drill_inputs, generations, recovery_targets
from stacks.database import DatabaseKeys, build_database
from stacks.settings.backup import BackupSettings, KeepSettings
from stacks.settings.between.regions import backup_problems
from stacks.settings.database import DatabaseSettings
from tests.harness import MODES, only, record
from tests.stacks import layers
from tests.stacks.settings.sections import read, refused
from tests.stacks.settings.test_database import ELSEWHERE, burstable, config, platform


def built(mode: Mode = "deployed", protect: bool = True, **changes: Any) -> Record:
    def build() -> None:
        common = layers.common(protect=protect)
        database = build_database(
            read(DatabaseSettings, config(geoRedundantBackup=False)),
            common,
            layers.network(),
            layers.identity("database-bootstrap"),
            DatabaseKeys(primary=layers.encryption_key("postgres"), geo=None),
        )
        settings = read(BackupSettings, changes)
        protected = build_backup(settings, common, database)
        pulumi.export("recovery", drill_inputs(read(DatabaseSettings, config()), settings, protected))

    return record(build, mode)


@pytest.mark.parametrize("mode", MODES)
def test_backups_cannot_be_removed_before_their_time(mode: Mode) -> None:
    properties = only(built(mode), "dataprotection:BackupVault").inputs["properties"]
    assert properties["securitySettings"] == {
        "immutabilitySettings": {"state": "Unlocked"},
        "softDeleteSettings": {"state": "On", "retentionDurationInDays": 14},
    }
    assert properties["storageSettings"] == [{"datastoreType": "VaultStore", "type": "GeoRedundant"}]
    restore = properties["featureSettings"]["crossSubscriptionRestoreSettings"]
    assert restore["state"] == "Disabled"
    assert properties["monitoringSettings"]["azureMonitorAlertSettings"]["alertsForAllJobFailures"] == "Enabled"


def test_vaults_own_identity_has_exactly_what_backup_needs() -> None:
    result = built()
    vault = only(result, "dataprotection:BackupVault")
    server = only(result, "dbforpostgresql:Server")
    principal = vault.outputs["identity"]["principalId"]
    granted = {
        (role.inputs["scope"], role.inputs["roleDefinitionId"].rsplit("/", 1)[-1])
        for role in result.of_type("authorization:RoleAssignment")
        if role.inputs["principalId"] == principal
    }
    group = f"/subscriptions/{layers.SUBSCRIPTION}/resourceGroups/rg-data"
    assert granted == {(server.id, LONG_TERM_BACKUP_ROLE), (group, READER_ROLE)}


@pytest.mark.parametrize("mode", MODES)
def test_instance_comes_after_rights_and_servers_last_operation(mode: Mode) -> None:
    result = built(mode)
    instance = only(result, "dataprotection:BackupInstance")
    rights = {r.urn for r in result.of_type("authorization:RoleAssignment") if r.name.startswith("backup")}
    assert len(rights) == 2
    last = result.of_type("dbforpostgresql:AdministratorsMicrosoftEntra")[-1]
    assert rights | {last.urn} <= set(instance.dependencies)
    early = {dependency for urn in rights for dependency in result.by_urn[urn].dependencies}
    assert last.urn not in early, "the rights must spread while the server is configured"


def test_the_instance_names_the_server() -> None:
    result = built()
    server = only(result, "dbforpostgresql:Server")
    instance = only(result, "dataprotection:BackupInstance").inputs["properties"]
    source = instance["dataSourceInfo"]
    assert instance["dataSourceSetInfo"] == {**source, "objectType": "DatasourceSet"}
    assert source["resourceID"] == source["resourceUri"] == server.id
    assert source["datasourceType"] == "Microsoft.DBforPostgreSQL/flexibleServers"
    policy = only(result, "dataprotection:BackupPolicy")
    info = only(result, "dataprotection:BackupInstance").inputs["properties"]["policyInfo"]
    assert info["policyId"] == policy.id


def test_every_generation_is_kept_under_same_name() -> None:
    rules = only(built(), "dataprotection:BackupPolicy").inputs["properties"]["policyRules"]
    backup, *retention = rules
    assert backup["trigger"]["schedule"]["repeatingTimeIntervals"] == ["R/2026-01-04T03:00:00+00:00/P1W"]
    marks = {mark["tagInfo"]["tagName"]: mark for mark in backup["trigger"]["taggingCriteria"]}
    kept = {rule["name"]: rule["lifecycles"][0]["deleteAfter"]["duration"] for rule in retention}
    assert kept == {"Yearly": "P6Y", "Monthly": "P12M", "Default": "P84D"}
    assert set(marks) == set(kept)
    assert [name for name, mark in marks.items() if mark["isDefault"]] == ["Default"]
    assert marks["Yearly"]["taggingPriority"] < marks["Monthly"]["taggingPriority"] < 99
    assert marks["Yearly"]["criteria"][0]["absoluteCriteria"] == ["FirstOfYear"]


def test_changed_content_is_another_policy() -> None:
    """Azure changes no policy of a backup vault."""

    def name(**changes: Any) -> str:
        return str(only(built(**changes), "dataprotection:BackupPolicy").inputs["backupPolicyName"])

    assert name() == name(softDeleteDays=30)
    assert name() != name(keep={"weeklyWeeks": 13})
    assert name() != name(start="2026-01-05T03:00:00Z")
    # The vault's lock refuses the delete of the old one (409 ScopeLocked): it is left.
    assert only(built(), "dataprotection:BackupPolicy").options["retainOnDelete"] is True


@pytest.mark.parametrize("mode", MODES)
def test_off_means_nothing_is_made(mode: Mode) -> None:
    result = built(mode, enabled=False)
    kinds = ("BackupVault", "BackupPolicy", "BackupInstance")
    assert result.of_type(*(f"dataprotection:{kind}" for kind in kinds)) == []


@pytest.mark.parametrize("asked", [True, False])
def test_protection_is_what_was_asked_for(asked: bool) -> None:
    result = built(protect=asked)
    assert only(result, "dataprotection:BackupVault").options["protect"] is asked
    assert ("backup-lock" in {r.name for r in result}) is asked


def test_generations_that_are_off_are_left_out() -> None:
    keep = read(KeepSettings, {"monthlyMonths": 0, "yearlyYears": 0, "weeklyWeeks": 4})
    assert [(k.name, k.duration) for k in generations(keep)] == [("Weekly", "P28D")]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"softDeleteDays": 13}, "softDeleteDays"),
        ({"softDeleteDays": 181}, "softDeleteDays"),
        ({"keep": {"yearlyYears": 11}}, "keep.yearlyYears"),
        ({"keep": {"weeklyWeeks": 0}}, "keep.weeklyWeeks"),
        ({"keep": {"weeklyWeeks": 521}}, "keep.weeklyWeeks"),
        ({"keep": {"weeklyWeeks": 60}}, "keep.monthlyMonths"),
        ({"keep": {"monthlyMonths": 120}}, "keep.yearlyYears"),
        ({"immutability": "On"}, "immutability"),
        ({"redundancy": "GRS"}, "redundancy"),
        ({"start": "2026-01-04T03:00:00"}, "start"),
        ({"start": "2026-01-04T03:00:00+02:00"}, "start"),
        ({"start": "Sunday"}, "start"),
    ],
)
def test_what_azure_refuses_is_refused(changes: dict[str, Any], key: str) -> None:
    assert not refused(BackupSettings, {})
    assert refused(BackupSettings, changes) == {key}


def test_redundancy_fits_the_region() -> None:
    def crossed(location: str, **changes: Any) -> int:
        return len(list(backup_problems(read(BackupSettings, changes), platform(location))))

    assert crossed("eastus2") == 0
    assert crossed("austriaeast") == 1
    assert crossed("austriaeast", enabled=False) == 0


def test_targets_name_only_ways_back_that_exist() -> None:
    def targets(data: dict[str, Any], **backup: Any) -> set[str]:
        return set(recovery_targets(read(DatabaseSettings, data), read(BackupSettings, backup)))

    assert targets(config()) == {
        "data deleted or damaged",
        "zone lost",
        "server lost",
        "region lost",
        "server and its backups deleted",
    }
    assert targets(burstable(geoRedundantBackup=False), enabled=False) == {"data deleted or damaged"}
    there = config(replica={"location": "centralus", "network": ELSEWHERE})
    assert "region lost, replica promoted" in targets(there)
    assert "zone lost" not in targets(config(highAvailability="SameZone"))


@pytest.mark.parametrize("enabled", [True, False])
def test_drill_is_measured_against_stacks_own_targets(enabled: bool) -> None:
    settings, backup = read(DatabaseSettings, config(geoRedundantBackup=False)), read(BackupSettings, {})
    targets = recovery_targets(settings, backup)
    result = built(enabled=enabled)
    measured = dict(result.outputs["recovery"])
    assert (measured.pop("rpoMinutes"), measured.pop("rtoMinutes")) == (targets[DATA_LOST].rpo, targets[DATA_LOST].rto)
    if enabled:
        copy = measured.pop("longTerm")
        assert copy["instanceId"] == only(result, "dataprotection:BackupInstance").id
        assert copy["rpoMinutes"] > targets[BACKUPS_LOST].rpo
    assert not measured
    told = targets[DATA_LOST].as_output()
    assert told == {"rpoMinutes": 5, "rtoMinutes": 240, "source": targets[DATA_LOST].source}
