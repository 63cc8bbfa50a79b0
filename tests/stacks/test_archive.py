"""The audit archive: every container a feed writes to is immutable before the first record arrives."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.record import Mode, Record, Resource
from stacks.archive import build_archive
from stacks.settings.archive import DATABASE_AUDIT, SIX_YEARS, ArchiveSettings
from stacks.settings.between.regions import archive_problems
from stacks.settings.jobs import DatabaseJobSettings
from tests.harness import MODES, only, record
from tests.stacks import layers
from tests.stacks.settings.sections import read, refused
from tests.stacks.settings.test_database import platform

FULL = {
    "tables": ["AZKVAuditLogs", "PGSQLServerLogs"],
    "direct": {
        "frontDoor": ["FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog"],
        "database": ["PostgreSQLLogs"],
    },
    "activityLog": True,
}
FRONT_DOOR = f"{layers.GROUP}/providers/Microsoft.Cdn/profiles/afd"
SERVERS = {
    part: f"{layers.GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql-{part}"
    for part in ("primary", "replica")
}


def built(mode: Mode = "deployed", protect: bool = True, job: dict[str, Any] | None = None, **changes: Any) -> Record:
    def build() -> None:
        build_archive(
            read(ArchiveSettings, {**FULL, **changes}),
            read(DatabaseJobSettings, job or {}),
            layers.common(protect=protect),
            layers.network(),
            layers.encryption_key("archive"),
            FRONT_DOOR,
            SERVERS,
        )

    return record(build, mode)


@pytest.mark.parametrize("mode", MODES)
def test_account_takes_no_key_public_caller_old_tls(mode: Mode) -> None:
    account = only(built(mode), "storage:StorageAccount").inputs
    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["publicNetworkAccess"] == "Disabled"
    assert account["networkRuleSet"]["defaultAction"] == "Deny"
    assert account["networkRuleSet"]["bypass"] == "AzureServices"
    assert account["minimumTlsVersion"] == "TLS1_2"
    assert account["enableHttpsTrafficOnly"] is True
    assert account["isLocalUserEnabled"] is account["isSftpEnabled"] is False
    assert account["encryption"]["requireInfrastructureEncryption"] is True
    assert account["encryption"]["keySource"] == "Microsoft.Keyvault"


def test_account_is_encrypted_with_our_key_without_version() -> None:
    result = built()
    account = only(result, "storage:StorageAccount")
    encryption = account.inputs["encryption"]
    assert encryption["keyVaultProperties"] == {
        "keyName": "archive",
        "keyVaultUri": "https://kv-archive.vault.azure.net",
    }
    user = encryption["encryptionIdentity"]["encryptionUserAssignedIdentity"]
    assert account.inputs["identity"]["userAssignedIdentities"] == [user]
    assert only(result, "authorization:RoleAssignment").urn in account.dependencies


@pytest.mark.parametrize("mode", MODES)
def test_every_container_keeps_its_records_for_six_years(mode: Mode) -> None:
    result = built(mode)
    containers = {c.urn for c in result.of_type("storage:BlobContainer")}
    policies = result.of_type("storage:BlobContainerImmutabilityPolicy")
    assert len(containers) == len(policies) == 6
    covered = set()
    for policy in policies:
        assert policy.inputs["immutabilityPeriodSinceCreationInDays"] == SIX_YEARS == 2192
        assert policy.inputs["allowProtectedAppendWritesAll"] is True
        assert policy.options["retainOnDelete"] is True
        # ARM wants the policy's ETag, which the engine does not send: the step worm-extend lengthens it.
        assert policy.options["ignoreChanges"] == ["immutabilityPeriodSinceCreationInDays"]
        covered |= set(policy.dependencies) & containers
    assert covered == containers


@pytest.mark.parametrize("mode", MODES)
def test_database_job_has_own_container_for_retired_months(mode: Mode) -> None:
    before = {c.inputs["containerName"] for c in built(mode).of_type("storage:BlobContainer")}
    image = {"repository": "database", "digest": f"sha256:{'0' * 64}"}
    result = built(mode, job={"image": image})
    made = {c.inputs["containerName"]: c for c in result.of_type("storage:BlobContainer")}
    assert set(made) - before == {DATABASE_AUDIT}
    policies = result.of_type("storage:BlobContainerImmutabilityPolicy")
    (policy,) = [p for p in policies if made[DATABASE_AUDIT].urn in p.dependencies]
    assert policy.inputs["immutabilityPeriodSinceCreationInDays"] == SIX_YEARS


def direct(result: Record) -> list[Resource]:
    return [d for d in result.of_type("monitor:DiagnosticSetting") if d.inputs["name"] == "to-archive"]


def test_containers_are_those_that_feeds_write_to() -> None:
    result = built()
    declared = {c.inputs["containerName"] for c in result.of_type("storage:BlobContainer")}
    export = only(result, "operationalinsights:DataExport").inputs
    fed = {f"am-{table.lower()}" for table in export["tableNames"]}
    fed |= {f"insights-logs-{log['category'].lower()}" for d in direct(result) for log in d.inputs["logs"]}
    only(result, "monitor:SubscriptionDiagnosticSetting")
    fed.add("insights-activity-logs")
    assert declared == fed
    assert all(name == name.lower() and len(name) <= 63 for name in declared)


def test_no_feed_starts_before_every_policy_holds() -> None:
    result = built()
    policies = {p.urn for p in result.of_type("storage:BlobContainerImmutabilityPolicy")}
    feeds = [
        only(result, "operationalinsights:DataExport"),
        only(result, "monitor:SubscriptionDiagnosticSetting"),
        *direct(result),
    ]
    assert {d.inputs["resourceUri"] for d in direct(result)} == {FRONT_DOOR, *SERVERS.values()}
    account = only(result, "storage:StorageAccount")
    for feed in feeds:
        assert policies <= set(feed.dependencies)
        assert account.id in (feed.inputs.get("storageAccountId"), feed.inputs.get("resourceId"))


def test_the_export_is_the_workspaces_own() -> None:
    export = only(built(), "operationalinsights:DataExport").inputs
    assert export["workspaceName"] == "log"
    assert export["resourceGroupName"] == "rg-data"
    assert export["enable"] is True


@pytest.mark.parametrize("mode", MODES)
def test_feeds_that_are_off_leave_nothing_behind(mode: Mode) -> None:
    result = built(mode, tables=[], direct={}, activityLog=False)
    assert result.of_type("storage:BlobContainer", "operationalinsights:DataExport") == []
    assert result.of_type("monitor:SubscriptionDiagnosticSetting") == []
    assert direct(result) == []


def test_records_go_only_after_their_retention() -> None:
    rule = only(built(), "storage:ManagementPolicy").inputs["policy"]["rules"][0]
    deletion = rule["definition"]["actions"]["baseBlob"]["delete"]
    assert deletion["daysAfterModificationGreaterThan"] > SIX_YEARS
    assert set(rule["definition"]["filters"]["blobTypes"]) == {"appendBlob", "blockBlob"}
    service = only(built(), "storage:BlobServiceProperties").inputs
    assert service["deleteRetentionPolicy"] == service["containerDeleteRetentionPolicy"]
    assert service["deleteRetentionPolicy"] == {"days": 30, "enabled": True, "allowPermanentDelete": False}
    assert service["cors"] == {"corsRules": []}, "what Azure shows at a refresh is declared"


def test_what_happens_to_the_archive_is_logged() -> None:
    result = built()
    account = only(result, "storage:StorageAccount")
    logged = next(d for d in result.of_type("monitor:DiagnosticSetting") if d.name == "archive-diagnostics")
    assert logged.inputs["resourceUri"] == f"{account.id}/blobServices/default"


@pytest.mark.parametrize("asked", [True, False])
def test_protection_is_what_was_asked_for(asked: bool) -> None:
    result = built(protect=asked)
    assert only(result, "storage:StorageAccount").options["protect"] is asked
    assert len(result.of_type("authorization:ManagementLockByScope")) == int(asked)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"retentionDays": 0}, "retentionDays"),
        ({"deleteAfterDays": 2192}, "deleteAfterDays"),
        ({"softDeleteDays": 400}, "softDeleteDays"),
        ({"redundancy": "Premium"}, "redundancy"),
        ({"tables": ["AzureDiagnostics"]}, "tables[0]"),
        ({"tables": ["AZKVAuditLogs", "StorageBlobLogs"]}, "tables[1]"),
        ({"tables": ["AZKVAuditLogs", "AZKVAuditlogs"]}, "tables"),
        ({"tables": ["My_Table_CL"]}, "tables.0"),
        ({"direct": {"frontDoor": ["FrontDoorHealthProbeLog"]}}, "direct.frontDoor.0"),
        ({"direct": {"database": ["PostgreSQLLogs", "PostgreSQLLogs"]}}, "direct.database"),
        ({"locked": True}, "locked"),
    ],
)
def test_what_would_lose_records_is_refused(changes: dict[str, Any], key: str) -> None:
    assert not refused(ArchiveSettings, FULL)
    assert refused(ArchiveSettings, {**FULL, **changes}) == {key}


def test_redundancy_fits_the_region() -> None:
    def crossed(redundancy: str, location: str) -> int:
        return len(list(archive_problems(read(ArchiveSettings, {"redundancy": redundancy}), platform(location))))

    assert crossed("GZRS", "eastus2") == 0
    assert crossed("GRS", "westus") == 0
    assert crossed("GRS", "austriaeast") == 1
    assert crossed("LRS", "austriaeast") == 0
