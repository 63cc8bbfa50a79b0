"""The database of a stack: keys, sign-in and connection strings as config asks, in both record modes."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from assurance.record import Mode, Record, Resource
from documents.yaml_text import load_yaml
from stacks.catalogues.database_roles import app_role
from stacks.database import Database, DatabaseKeys, build_database
from stacks.settings.database import DatabaseSettings
from tests.harness import MODES, ROOT, only, record
from tests.stacks import layers
from tests.stacks.settings.sections import read
from tests.stacks.settings.test_database import ELSEWHERE, GUID, KEY, burstable, config

GROUP = {"name": "sg-breakglass", "objectId": GUID}


def build(data: dict[str, Any], password: str | None = None, role: str = "medspasync_backend") -> Database:
    settings = read(DatabaseSettings, data)
    database = build_database(
        settings,
        layers.common(),
        layers.network(),
        layers.identity("database-bootstrap"),
        DatabaseKeys(
            primary=layers.encryption_key("postgres"),
            geo=layers.encryption_key("postgres-geo") if settings.geo_redundant_backup else None,
        ),
        pulumi.Output.secret(password) if password else None,
    )
    pulumi.export("url", database.url(role))
    if password:
        pulumi.export("url with password", database.url(role, password))
    return database


def built(data: dict[str, Any], mode: Mode = "deployed", **more: Any) -> Record:
    return record(lambda: build(data, **more), mode)


def primary(result: Record) -> Resource:
    return next(r for r in result.of_type("dbforpostgresql:Server") if r.name == "postgres")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("geo", [True, False])
def test_geo_redundancy_is_one_value(mode: Mode, geo: bool) -> None:
    inputs = primary(built(config(geoRedundantBackup=geo), mode)).inputs
    assert inputs["backup"]["geoRedundantBackup"] == ("Enabled" if geo else "Disabled")
    assert ("geoBackupKeyURI" in inputs["dataEncryption"]) is geo


@pytest.mark.parametrize("geo", [True, False])
def test_server_waits_until_its_identities_may_use_keys(geo: bool) -> None:
    result = built(config(geoRedundantBackup=geo))
    grants = result.of_type("authorization:RoleAssignment")
    assert len(grants) == (2 if geo else 1)
    reached: set[str] = set()
    waiting = set(primary(result).dependencies)
    while waiting:
        urn = waiting.pop()
        reached.add(urn)
        waiting |= set(result.by_urn[urn].dependencies) - reached
    assert {grant.urn for grant in grants} <= reached


@pytest.mark.parametrize("mode", MODES)
def test_bootstrap_and_named_group_administer_by_object_id(mode: Mode) -> None:
    result = built(config(administrators=[GROUP]), mode)
    administrators = result.of_type("dbforpostgresql:AdministratorsMicrosoftEntra")
    group, bootstrap = sorted(administrators, key=lambda found: str(found.inputs["principalType"]))
    assert group.inputs["objectId"] == GUID
    assert group.inputs["principalType"] == "Group"
    assert group.origin is not None
    assert group.origin["key"] == "medspasync:database.administrators[0]"
    if mode == "deployed":
        identity = next(r for r in result if r.name == "identity-database-bootstrap" and r.custom)
        assert bootstrap.inputs["objectId"] == identity.outputs["principalId"]
        assert bootstrap.inputs["objectId"] != identity.outputs["clientId"]
        assert bootstrap.inputs["principalName"] == "id-mss-test-database-bootstrap"


def test_every_parameter_names_its_line_in_shared_file() -> None:
    parameters = built(config()).of_type("dbforpostgresql:Configuration")
    origins = {p.origin["key"]: p.origin["file"] for p in parameters if p.origin}
    assert origins["pgaudit.log"] == "database/parameters.yaml"
    assert len(origins) > 10
    sizes = [p for p in parameters if p.origin and p.origin["key"] == "medspasync:database.pooler"]
    assert len(sizes) == 2


@pytest.mark.parametrize("mode", MODES)
def test_with_entra_the_connection_string_holds_no_credential(mode: Mode) -> None:
    result = built(config(), mode)
    if mode == "deployed":
        assert result.outputs["url"] == (
            "postgresql://medspasync_backend@psql-mss-test-x7k2.postgres.database.azure.com:6432"
            "/medspasync?sslmode=verify-full"
        )


def test_without_a_pooler_apps_connect_to_postgres_itself() -> None:
    assert ":5432/medspasync" in built(burstable()).outputs["url"]


@pytest.mark.parametrize("mode", MODES)
def test_password_mode_leaves_no_password_in_clear(mode: Mode) -> None:
    data = config(authentication="entra-and-password", administratorLogin="medspa")
    result = built(data, mode, password="p@ss/w0rd?")
    assert primary(result).inputs["authConfig"]["passwordAuth"] == "Enabled"
    assert primary(result).secrets == ["administratorLoginPassword"]
    assert result.outputs["url with password"] == "[secret]"
    assert "p@ss" not in result.to_json()
    assert "p%40ss" not in result.to_json()


def test_password_server_without_password_stops_program() -> None:
    data = config(authentication="entra-and-password", administratorLogin="medspa")
    with pytest.raises(ValueError, match="administrator's password"):
        built(data)


def test_the_password_in_a_connection_string_is_escaped() -> None:
    seen: list[str] = []

    def watched() -> None:
        data = config(authentication="entra-and-password", administratorLogin="medspa")
        build(data, password="p@ss/w0rd?").url("r", "p@ss/w0rd?").apply(seen.append)

    record(watched)
    assert "://r:p%40ss%2Fw0rd%3F@psql" in seen[0]


@pytest.mark.parametrize("mode", MODES)
def test_replica_at_home_uses_primarys_key_and_network(mode: Mode) -> None:
    result = built(config(replica={"zone": "3"}), mode)
    replica = next(r for r in result.of_type("dbforpostgresql:Server") if r.name == "postgres-replica")
    assert replica.inputs["network"] == primary(result).inputs["network"]
    assert replica.inputs["sku"] == primary(result).inputs["sku"]
    if mode == "deployed":
        own, source = replica.inputs["dataEncryption"], primary(result).inputs["dataEncryption"]
        assert own["primaryKeyURI"] == source["primaryKeyURI"]
        assert replica.inputs["sourceServerResourceId"] == primary(result).id
        assert "psql-mss-test-app-x7k2.writer.postgres.database.azure.com:6432" in result.outputs["url"]


def test_replica_in_paired_region_uses_key_there() -> None:
    result = built(config(replica={"location": "centralus", "network": ELSEWHERE}))
    replica = next(r for r in result.of_type("dbforpostgresql:Server") if r.name == "postgres-replica")
    assert replica.inputs["location"] == "centralus"
    assert replica.inputs["resourceGroupName"] == "rg-paired"
    assert replica.inputs["network"]["delegatedSubnetResourceId"] == ELSEWHERE["subnetId"]
    geo = primary(result).inputs["dataEncryption"]
    assert replica.inputs["dataEncryption"]["primaryKeyURI"] == geo["geoBackupKeyURI"]
    user = replica.inputs["dataEncryption"]["primaryUserAssignedIdentityId"]
    assert user == geo["geoBackupUserAssignedIdentityId"]
    assert list(replica.inputs["identity"]["userAssignedIdentities"]) == [user]


def test_replica_anywhere_else_uses_key_it_is_given() -> None:
    far = {"location": "northeurope", "network": ELSEWHERE, "key": KEY}
    result = built(config(replica=far))
    replica = next(r for r in result.of_type("dbforpostgresql:Server") if r.name == "postgres-replica")
    assert replica.inputs["dataEncryption"]["primaryKeyURI"] == KEY["uri"]


def test_missing_keys_stop_the_program() -> None:
    def without(data: dict[str, Any]) -> None:
        keys = DatabaseKeys(primary=layers.encryption_key("postgres"), geo=None)
        settings = read(DatabaseSettings, data)
        build_database(settings, layers.common(), layers.network(), layers.identity("b"), keys)

    with pytest.raises(ValueError, match="paired region"):
        record(lambda: without(config()))
    there = {"location": "centralus", "network": ELSEWHERE}
    with pytest.raises(ValueError, match="centralus"):
        record(lambda: without(config(geoRedundantBackup=False, replica=there)))


def test_apps_sign_in_as_roles_of_database_room() -> None:
    roles = load_yaml((ROOT / "database/roles.yaml").read_text(encoding="utf-8"))
    named = {role["name"] for role in roles if role["kind"] == "app"}
    assert {app_role(app) for app in ("backend", "frontend", "marketing", "pro-next")} == named


def test_one_server_and_no_database_is_made() -> None:
    """ARM's database would belong to nobody who can grant on it: the job bootstrap makes it (azurerm#27895)."""
    result = built(config())
    assert only(result, "dbforpostgresql:Server").inputs["serverName"] == "psql-mss-test-x7k2"
    assert not result.of_type("dbforpostgresql:Database")
