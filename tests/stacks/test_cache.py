"""The cache of a stack: private, TLS and Entra only, in both record modes."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_azure_native.redisenterprise import SkuName

from assurance.record import Mode, Record
from stacks.cache import build_cache
from stacks.settings.cache import SKUS, CacheSettings
from tests.harness import MODES, only, record
from tests.stacks import layers
from tests.stacks.settings.sections import read, refused

SMALL = {"sku": "Balanced_B1"}


def built(mode: Mode = "deployed", protect: bool = True, **changes: Any) -> Record:
    def build() -> None:
        users = {app: layers.identity(app) for app in ("backend", "pro-next")}
        settings = read(CacheSettings, {**SMALL, **changes})
        cache = build_cache(
            settings,
            layers.common(protect=protect),
            layers.network(),
            users,
            layers.encryption_key("redis") if settings.customer_managed_key else None,
        )
        pulumi.export("url", cache.url(users["pro-next"]))

    return record(build, mode)


@pytest.mark.parametrize("mode", MODES)
def test_only_tls_and_entra_and_only_from_vnet(mode: Mode) -> None:
    result = built(mode)
    cluster = only(result, "redisenterprise:RedisEnterprise").inputs
    database = only(result, "redisenterprise:Database").inputs
    assert cluster["publicNetworkAccess"] == "Disabled"
    assert cluster["minimumTlsVersion"] == "1.2"
    assert database["clientProtocol"] == "Encrypted"
    assert database["accessKeysAuthentication"] == "Disabled"
    endpoints = [e for e in result.of_type("network:PrivateEndpoint") if e.name.startswith("redis")]
    assert [e.inputs["privateLinkServiceConnections"][0]["groupIds"] for e in endpoints] == [["redisEnterprise"]]


def test_each_app_has_own_assignment_by_object_id() -> None:
    result = built()
    assignments = result.of_type("redisenterprise:AccessPolicyAssignment")
    assert {a.inputs["accessPolicyAssignmentName"] for a in assignments} == {"backend", "pronext"}
    given = {a.inputs["user"]["objectId"] for a in assignments}
    identities = {r.name: r.outputs["principalId"] for r in result.of_type("managedidentity:UserAssignedIdentity")}
    assert given == {identities["identity-backend"], identities["identity-pro-next"]}


def test_connection_string_names_user_and_holds_no_credential() -> None:
    result = built()
    identities = {r.name: r.outputs["principalId"] for r in result.of_type("managedidentity:UserAssignedIdentity")}
    host = "redis-mss-test-x7k2.eastus2.redis.azure.net"
    assert result.outputs["url"] == f"rediss://{identities['identity-pro-next']}@{host}:10000"


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("aof", {"aofEnabled": True, "aofFrequency": "1s", "rdbEnabled": False}),
        ("rdb-6h", {"aofEnabled": False, "rdbEnabled": True, "rdbFrequency": "6h"}),
        ("off", {"aofEnabled": False, "rdbEnabled": False}),
    ],
)
def test_persistence_is_written_out(kind: str, stored: dict[str, Any]) -> None:
    assert only(built(persistence=kind), "redisenterprise:Database").inputs["persistence"] == stored


def test_own_key_has_version_and_follows_its_access() -> None:
    result = built()
    cluster = only(result, "redisenterprise:RedisEnterprise")
    encryption = cluster.inputs["encryption"]["customerManagedKeyEncryption"]
    assert encryption["keyEncryptionKeyUrl"].rpartition("/")[0].endswith("/keys/redis")
    user = encryption["keyEncryptionKeyIdentity"]["userAssignedIdentityResourceId"]
    assert cluster.inputs["identity"]["userAssignedIdentities"] == [user]
    grant = only(result, "authorization:RoleAssignment")
    assert grant.urn in cluster.dependencies


@pytest.mark.parametrize("mode", MODES)
def test_without_our_key_there_is_no_identity_either(mode: Mode) -> None:
    inputs = only(built(mode, customerManagedKey=False), "redisenterprise:RedisEnterprise").inputs
    assert "encryption" not in inputs
    assert "identity" not in inputs


def test_required_key_that_is_missing_stops_program() -> None:
    settings = read(CacheSettings, SMALL)
    with pytest.raises(ValueError, match="customerManagedKey"):
        record(lambda: build_cache(settings, layers.common(), layers.network(), {}, None))


def test_logs_are_the_databases_and_metrics_the_clusters() -> None:
    result = built()
    settings = {d.name: d.inputs for d in result.of_type("monitor:DiagnosticSetting") if d.name.startswith("redis")}
    assert settings["redis-diagnostics"]["logs"] == []
    assert settings["redis-diagnostics"]["metrics"]
    database = settings["redis-database-diagnostics"]
    assert [log["category"] for log in database["logs"]] == ["ConnectionEvents"]
    assert database["metrics"] == []
    assert database["resourceUri"] == only(result, "redisenterprise:Database").id


@pytest.mark.parametrize("asked", [True, False])
def test_protection_is_what_was_asked_for(asked: bool) -> None:
    result = built(protect=asked)
    assert only(result, "redisenterprise:RedisEnterprise").options["protect"] is asked
    assert len(result.of_type("authorization:ManagementLockByScope")) == int(asked)


def test_sizes_are_those_that_azure_has() -> None:
    managed = {sku.value for sku in SkuName if not sku.value.startswith(("Enterprise", "Flash"))}
    assert set(SKUS) == managed


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"sku": "Balanced_B2"}, "sku"),
        ({"sku": "Premium_P1"}, "sku"),
        ({"persistence": "always"}, "persistence"),
        ({"clustering": "Cluster"}, "clustering"),
        ({"clustering": "OSSCluster"}, "clustering"),
        ({"clustering": "NoCluster", "sku": "Balanced_B100"}, "clustering"),
        ({"eviction": "Random"}, "eviction"),
        ({"port": 6379}, "port"),
    ],
)
def test_what_azure_refuses_is_refused(changes: dict[str, Any], key: str) -> None:
    assert not refused(CacheSettings, SMALL)
    assert refused(CacheSettings, {**SMALL, **changes}) == {key}
