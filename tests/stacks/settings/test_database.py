"""Database settings: what Azure would refuse is refused before anything runs, with the reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from documents.problems import Problem
from stacks.catalogues.alerts import alert_catalogue
from stacks.catalogues.database_parameters import parameters
from stacks.database_parameters import parameter_values, pooler_values
from stacks.settings.between.regions import replica_problems
from stacks.settings.database import SIZES_GB, DatabaseSettings
from stacks.settings.platform import PlatformSettings
from tests.stacks.settings.sections import read, refused

GUID = "11111111-1111-4111-8111-111111111111"
SUBNET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
ELSEWHERE = {"subnetId": SUBNET, "dnsZoneId": SUBNET}
KEY = {"uri": "https://kv-far.vault.azure.net/keys/postgres", "identityId": SUBNET}


def config(**changes: Any) -> dict[str, Any]:
    return {
        "version": "17",
        "tier": "GeneralPurpose",
        "sku": "Standard_D2ds_v5",
        "storage": {"sizesGb": [128]},
        **changes,
    }


def burstable(**changes: Any) -> dict[str, Any]:
    small = {"tier": "Burstable", "sku": "Standard_B2s", "highAvailability": "Disabled", "pooler": None}
    return config(**{**small, **changes})


def platform(location: str = "eastus2") -> PlatformSettings:
    return read(
        PlatformSettings,
        {
            "short": "mss",
            "code": "test",
            "location": location,
            "owner": "platform-team",
            "costCenter": "cc",
            "dataClassification": "phi",
        },
    )


def crossed(database: dict[str, Any], location: str = "eastus2") -> dict[str, Problem]:
    return {p.key: p for p in replica_problems(read(DatabaseSettings, database), platform(location))}


def test_what_is_left_out_is_the_safe_value() -> None:
    settings = read(DatabaseSettings, config())
    assert not refused(DatabaseSettings, config())
    assert settings.high_availability == "ZoneRedundant"
    assert settings.geo_redundant_backup
    assert settings.backup_days == 35
    assert settings.authentication == "entra"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"highAvailability": "ZoneRedundant"}, "highAvailability"),
        ({"highAvailability": "SameZone"}, "highAvailability"),
        ({"pooler": {}}, "pooler"),
        ({"replica": {}}, "replica"),
    ],
)
def test_burstable_tier_has_no_standby_pooler_replica(changes: dict[str, Any], key: str) -> None:
    """The burstable tier has no standby no pooler and no replica."""
    assert not refused(DatabaseSettings, burstable())
    assert refused(DatabaseSettings, burstable(**changes)) == {key}
    larger = {**burstable(**changes), "tier": "GeneralPurpose", "sku": "Standard_D2ds_v5"}
    assert not refused(DatabaseSettings, larger)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"sku": "Standard_B2s"}, "sku"),
        ({"sku": "Standard_E2ds_v5"}, "sku"),
        ({"version": "11"}, "version"),
        ({"database": "postgres"}, "database"),
        ({"backupDays": 6}, "backupDays"),
        ({"backupDays": 36}, "backupDays"),
        ({"storage": {"sizesGb": [100]}}, "storage.sizesGb"),
        ({"storage": {"sizesGb": [128, 64]}}, "storage.sizesGb"),
        ({"storage": {"sizesGb": [128, 128]}}, "storage.sizesGb"),
        ({"storage": {"sizesGb": []}}, "storage.sizesGb"),
        ({"zone": "1", "standbyZone": "1"}, "standbyZone"),
        ({"zone": None}, "standbyZone"),
        ({"authentication": "entra-and-password"}, "administratorLogin"),
        ({"authentication": "entra-and-password", "administratorLogin": "administrator"}, "administratorLogin"),
        ({"authentication": "entra-and-password", "administratorLogin": "pg_boss"}, "administratorLogin"),
        ({"administratorLogin": "medspa"}, "administratorLogin"),
        ({"authentication": "password"}, "authentication"),
        ({"administrators": [{"name": "g", "objectId": "a-name"}]}, "administrators.0.objectId"),
        ({"administrators": [{"name": "g", "objectId": GUID}, {"name": "h", "objectId": GUID}]}, "administrators"),
        ({"maintenance": {"hour": 24}}, "maintenance.hour"),
        ({"pooler": {"defaultPoolSize": 0}}, "pooler.defaultPoolSize"),
        ({"database": "Robert'); --"}, "database"),
        ({"replica": {"location": "mars"}}, "replica.location"),
        ({"geoBackup": True}, "geoBackup"),
    ],
)
def test_what_azure_refuses_is_refused(changes: dict[str, Any], key: str) -> None:
    assert refused(DatabaseSettings, config(**changes)) == {key}


@pytest.mark.parametrize("size", SIZES_GB)
def test_azures_own_storage_steps_are_taken(size: int) -> None:
    assert not refused(DatabaseSettings, config(storage={"sizesGb": [size]}))


@pytest.mark.parametrize(
    ("replica", "keys"),
    [
        ({}, set()),
        ({"location": "eastus2"}, set()),
        ({"network": ELSEWHERE}, {"database.replica.network"}),
        ({"key": KEY}, {"database.replica.key"}),
        ({"location": "centralus", "network": ELSEWHERE}, set()),
        ({"location": "centralus"}, {"database.replica.network"}),
        ({"location": "centralus", "network": ELSEWHERE, "key": KEY}, {"database.replica.key"}),
        ({"location": "northeurope", "network": ELSEWHERE, "key": KEY}, set()),
        ({"location": "northeurope", "network": ELSEWHERE}, {"database.replica.key"}),
    ],
)
def test_replica_needs_network_and_key_there(replica: dict[str, Any], keys: set[str]) -> None:
    """A replica needs a network and a key where it is."""
    assert set(crossed(config(replica=replica))) == keys


def test_paired_key_exists_only_with_geo_backup() -> None:
    """The paired region has a key only with geo backup."""
    there = {"location": "centralus", "network": ELSEWHERE}
    assert set(crossed(config(replica=there, geoRedundantBackup=False))) == {"database.replica.key"}
    assert not crossed(config(replica={**there, "key": KEY}, geoRedundantBackup=False))


@pytest.fixture
def parameter_file(tmp_path: Path) -> Path:
    row = {"static": False, "platform_default": "off", "source": "x", "reason": "y", "controls": []}
    rows = [
        {**row, "name": "log_connections", "value": "on"},
        {**row, "name": "log_checkpoints", "value": "off"},
        {**row, "name": "pg_qs.query_capture_mode", "value": "top", "tier": "non-burstable"},
        {**row, "name": "index_tuning.mode", "value": "report", "tier": "non-burstable", "vcores": 4},
        {**row, "name": "metrics.pgbouncer_diagnostics", "value": "on", "tier": "non-burstable"},
    ]
    file = tmp_path / "parameters.yaml"
    file.write_text(yaml.safe_dump(rows), encoding="utf-8")
    return file


def test_only_differing_parameters_of_tier_are_set(parameter_file: Path) -> None:
    """Only parameters that differ from azures default and that the tier has are set."""

    def names(data: dict[str, Any]) -> list[str]:
        return list(parameter_values(read(DatabaseSettings, data), parameters(parameter_file)))

    four = {"sku": "Standard_D4ds_v5"}
    store = "pg_qs.query_capture_mode"
    assert names(config(**four)) == ["log_connections", store, "index_tuning.mode", "metrics.pgbouncer_diagnostics"]
    assert names(config(**four, pooler=None)) == ["log_connections", store, "index_tuning.mode"]
    assert names(config()) == ["log_connections", store, "metrics.pgbouncer_diagnostics"]  # 2 vCores
    assert names(burstable()) == ["log_connections"]
    assert names(burstable(sku="Standard_B4ms")) == ["log_connections"]


@pytest.mark.parametrize(
    ("sku", "vcores"),
    [("Standard_B1ms", 1), ("Standard_B2s", 2), ("Standard_D4ds_v5", 4), ("Standard_E16ads_v5", 16), ("none", 0)],
)
def test_the_size_names_its_vcores(sku: str, vcores: int) -> None:
    assert read(DatabaseSettings, {**config(), "sku": sku}).vcores == vcores


def test_an_alert_that_needs_a_parameter_has_it() -> None:
    """A metric that the server does not collect makes an alert that never fires."""
    needs = {
        name: set(re.findall(r"[Nn]eeds\s+(metrics\.\w+)", entry.source)) for name, entry in alert_catalogue().items()
    }
    needed = {parameter for found in needs.values() for parameter in found}
    assert needed == {"metrics.collector_database_activity"}
    for settings in (config(), burstable()):
        values = parameter_values(read(DatabaseSettings, settings))
        assert {values.get(parameter) for parameter in needed} == {"on"}


def test_pooler_is_sized_by_config_or_absent() -> None:
    """The pooler is sized by config and absent where it is off."""
    sized = read(DatabaseSettings, config(pooler={"defaultPoolSize": 20, "maxClientConnections": 900}))
    assert pooler_values(sized) == {
        "pgbouncer.default_pool_size": "20",
        "pgbouncer.max_client_conn": "900",
    }
    assert pooler_values(read(DatabaseSettings, burstable())) == {}


def test_days_are_counted_as_azure_does() -> None:
    for number, day in enumerate(("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")):
        assert read(DatabaseSettings, config(maintenance={"day": day})).maintenance.day_number == number


def test_shared_parameters_are_unique_and_unsized() -> None:
    """The shared file names each parameter once and gives no size."""
    settings = read(DatabaseSettings, config())
    names = [parameter.name for parameter in parameters()]
    assert len(names) == len(set(names))
    assert not set(names) & set(pooler_values(settings))
    assert {"pgaudit.log", "shared_preload_libraries", "pgbouncer.enabled"} <= set(parameter_values(settings))
    assert "pgbouncer.enabled" not in parameter_values(read(DatabaseSettings, burstable()))
