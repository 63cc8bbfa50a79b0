"""PostgreSQL: inside the VNet, encrypted with our key, Entra sign-in, one operation at a time."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.record import Mode, Record, Resource
from components.diagnostics import LogDestination
from components.encryption import CustomerManagedKey
from components.identity import Identity, IdentityArgs
from components.postgres import (
    EntraAdministrator,
    HighAvailability,
    PasswordLogin,
    PostgresServer,
    PostgresServerArgs,
)
from components.postgres_parts import Compute, MaintenanceWindow, PrivateNetwork, Storage
from components.postgres_replica import PostgresReplica, PostgresReplicaArgs
from components.protection import Protection
from tests.harness import MODES, only, record

RG = "/subscriptions/s/resourceGroups/rg/providers"
LOGS = LogDestination(workspace_id=f"{RG}/Microsoft.OperationalInsights/workspaces/log")
NETWORK = PrivateNetwork(
    subnet_id=f"{RG}/Microsoft.Network/virtualNetworks/v/subnets/postgres",
    dns_zone_id=f"{RG}/Microsoft.Network/privateDnsZones/test.postgres.database.azure.com",
)
TENANT = "00000000-0000-4000-8000-000000000002"
PARAMETERS = {"require_secure_transport": "on", "log_connections": "on", "pgaudit.log": "ddl,role"}
ADMINISTRATORS = [
    EntraAdministrator(
        key="bootstrap", object_id=TENANT[:-1] + "8", principal_name="id-b", principal_type="ServicePrincipal"
    ),
    EntraAdministrator(key="group", object_id=TENANT[:-1] + "9", principal_name="g", principal_type="Group"),
]


def key(name: str) -> CustomerManagedKey:
    identity = Identity(name, IdentityArgs(resource_group_name="rg", location="eastus2", identity_name=f"id-{name}"))
    uri = f"https://kv-{name}.vault.azure.net/keys/postgres"
    return CustomerManagedKey(uri=uri, versioned_uri=f"{uri}/0123", identity_id=identity.outputs.id)


def server_args(**changes: Any) -> PostgresServerArgs:
    defaults: dict[str, Any] = {
        "resource_group_name": "rg",
        "location": "eastus2",
        "tenant_id": TENANT,
        "server_name": "psql-test",
        "version": "17",
        "compute": Compute(tier="GeneralPurpose", sku="Standard_D2ds_v5"),
        "storage": Storage(size_gb=128, auto_grow=True),
        "network": NETWORK,
        "geo_key": None,
        "zone": "1",
        "high_availability": HighAvailability(mode="ZoneRedundant", standby_zone="2"),
        "backup_days": 35,
        "maintenance": MaintenanceWindow(day=0, hour=7, minute=0),
        "password_login": None,
        "logs": LOGS,
        "protection": Protection(protect=True, lock=True),
    }
    return PostgresServerArgs(**{"key": key("cmk"), **defaults, **changes})


def build(**changes: Any) -> PostgresServer:
    server = PostgresServer("postgres", server_args(**changes))
    for parameter, value in PARAMETERS.items():
        server.parameter(parameter, value)
    for administrator in ADMINISTRATORS:
        server.administrator(administrator)
    return server


def build_replica() -> None:
    primary = build()
    PostgresReplica(
        "replica",
        PostgresReplicaArgs(
            resource_group_name="rg2",
            location="centralus",
            tenant_id=TENANT,
            server_name="psql-test-dr",
            source_id=primary.outputs.id,
            source_name=primary.outputs.name,
            source_group="rg",
            compute=Compute(tier="GeneralPurpose", sku="Standard_D2ds_v5"),
            storage=Storage(size_gb=128, auto_grow=True),
            network=NETWORK,
            key=key("dr"),
            zone="1",
            with_password=False,
            endpoint_name="psql-test-ha",
            logs=LOGS,
            protection=Protection(protect=True, lock=True),
            depends_on=[primary.settled],
        ),
    )


def server_of(built: Record) -> Resource:
    return only(built, "dbforpostgresql:Server")


@pytest.mark.parametrize("mode", MODES)
def test_server_is_private_and_encrypted_by_our_key(mode: Mode) -> None:
    """Reachable only from the vnet and encrypted with our key."""
    inputs = server_of(record(build, mode)).inputs
    assert inputs["network"]["publicNetworkAccess"] == "Disabled"
    assert inputs["network"]["delegatedSubnetResourceId"] == NETWORK.subnet_id
    assert inputs["network"]["privateDnsZoneArmResourceId"] == NETWORK.dns_zone_id
    assert inputs["dataEncryption"]["type"] == "AzureKeyVault"
    # Without a version, the server follows each rotation of the key.
    assert inputs["dataEncryption"]["primaryKeyURI"] == "https://kv-cmk.vault.azure.net/keys/postgres"
    assert inputs["identity"]["type"] == "UserAssigned"


def test_identities_are_exactly_those_with_a_key() -> None:
    """Identities are a mapping of exactly those that hold a key."""
    inputs = server_of(record(lambda: build(geo_key=key("geo")))).inputs
    encryption = inputs["dataEncryption"]
    users = {encryption["primaryUserAssignedIdentityId"], encryption["geoBackupUserAssignedIdentityId"]}
    assert len(users) == 2
    assert inputs["identity"]["userAssignedIdentities"] == {user: {} for user in users}


@pytest.mark.parametrize("mode", MODES)
def test_geo_backup_and_its_key_come_together(mode: Mode) -> None:
    """Geo redundant backup comes with its own key and only then."""
    with_geo = server_of(record(lambda: build(geo_key=key("geo")), mode)).inputs
    assert with_geo["backup"] == {"backupRetentionDays": 35, "geoRedundantBackup": "Enabled"}
    assert with_geo["dataEncryption"]["geoBackupKeyURI"] == "https://kv-geo.vault.azure.net/keys/postgres"
    without = server_of(record(build, mode)).inputs
    assert without["backup"]["geoRedundantBackup"] == "Disabled"
    assert "geoBackupKeyURI" not in without["dataEncryption"]


@pytest.mark.parametrize("mode", MODES)
def test_entra_only_takes_no_password(mode: Mode) -> None:
    inputs = server_of(record(build, mode)).inputs
    assert inputs["authConfig"] == {
        "activeDirectoryAuth": "Enabled",
        "passwordAuth": "Disabled",
        "tenantId": TENANT,
    }
    assert "administratorLogin" not in inputs
    assert "administratorLoginPassword" not in inputs


@pytest.mark.parametrize("mode", MODES)
def test_password_given_in_plain_becomes_secret(mode: Mode) -> None:
    """A password is secret even when it is given in plain."""
    built = record(lambda: build(password_login=PasswordLogin(name="medspa", password="a-word-nobody-may-see")), mode)
    server = server_of(built)
    assert server.inputs["authConfig"]["passwordAuth"] == "Enabled"
    assert server.inputs["administratorLogin"] == "medspa"
    assert server.secrets == ["administratorLoginPassword"]
    assert "a-word-nobody-may-see" not in built.to_json()


@pytest.mark.parametrize("mode", MODES)
def test_operations_on_a_server_form_one_chain(mode: Mode) -> None:
    built = record(build_replica, mode)
    primary = next(r for r in built.of_type("dbforpostgresql:Server") if r.name == "postgres")
    steps = built.of_type(
        "dbforpostgresql:Configuration",
        "dbforpostgresql:AdministratorsMicrosoftEntra",
    )
    assert len(steps) == 3 + 2
    before = {r.urn: set(r.dependencies) for r in built}

    def reached(urn: str) -> set[str]:
        return before[urn].union(*(reached(dependency) for dependency in before[urn]))

    behind = {step.urn: reached(step.urn) for step in steps}
    assert all(primary.urn in urns for urns in behind.values())
    for one in steps:
        for other in steps:
            assert one is other or one.urn in behind[other.urn] or other.urn in behind[one.urn]
    replica = next(r for r in built.of_type("dbforpostgresql:Server") if r.name == "replica")
    assert {step.urn for step in steps} <= reached(replica.urn)


def test_parameters_are_set_as_given_by_us() -> None:
    parameters = record(build).of_type("dbforpostgresql:Configuration")
    assert {p.inputs["configurationName"]: p.inputs["value"] for p in parameters} == PARAMETERS
    assert {p.inputs["source"] for p in parameters} == {"user-override"}


def test_administrators_are_named_by_object_id() -> None:
    administrators = record(build).of_type("dbforpostgresql:AdministratorsMicrosoftEntra")
    assert [a.inputs["principalType"] for a in administrators] == ["ServicePrincipal", "Group"]
    assert [a.id.rsplit("/", 1)[-1] for a in administrators] == [a.inputs["objectId"] for a in administrators]


def test_high_availability_off_is_written_out() -> None:
    """High availability is written out also when it is off."""
    available = server_of(record(build)).inputs["highAvailability"]
    assert available == {"mode": "ZoneRedundant", "standbyAvailabilityZone": "2"}
    off = server_of(record(lambda: build(high_availability=None))).inputs["highAvailability"]
    assert off["mode"] == "Disabled"


def test_what_azure_changes_by_itself_is_no_difference() -> None:
    growing = server_of(record(build)).options["ignoreChanges"]
    assert growing == [
        "availabilityZone",
        "highAvailability.standbyAvailabilityZone",
        "storage.storageSizeGB",
    ]
    fixed = record(lambda: build(storage=Storage(size_gb=128, auto_grow=False)))
    assert "storage.storageSizeGB" not in server_of(fixed).options["ignoreChanges"]
    # A path that no input has would ignore nothing.
    assert "storageSizeGB" in server_of(fixed).inputs["storage"]


@pytest.mark.parametrize("asked", [True, False])
def test_protection_is_what_was_asked_for(asked: bool) -> None:
    built = record(lambda: build(protection=Protection(protect=asked, lock=asked)))
    assert server_of(built).options["protect"] is asked
    assert len(built.of_type("authorization:ManagementLockByScope")) == int(asked)


def test_server_waits_for_its_prerequisites() -> None:
    """The server waits for what it was told to."""

    def waiting() -> None:
        grant = Identity("grant", IdentityArgs(resource_group_name="rg", location="l", identity_name="id-grant"))
        build(depends_on=[grant])

    built = record(waiting)
    identity = next(r for r in built.of_type("managedidentity:UserAssignedIdentity") if r.name == "grant")
    assert identity.urn in server_of(built).dependencies


@pytest.mark.parametrize("mode", MODES)
def test_replica_is_secure_as_primary_after_promotion(mode: Mode) -> None:
    """A replica is as private and encrypted as its primary and survives a promotion."""
    built = record(build_replica, mode)
    replica = next(r for r in built.of_type("dbforpostgresql:Server") if r.name == "replica")
    assert replica.inputs["createMode"] == "Replica"
    assert replica.inputs["network"]["publicNetworkAccess"] == "Disabled"
    assert replica.inputs["authConfig"]["passwordAuth"] == "Disabled"
    assert replica.inputs["dataEncryption"]["primaryKeyURI"] == "https://kv-dr.vault.azure.net/keys/postgres"
    assert {"createMode", "sourceServerResourceId"} <= set(replica.options["ignoreChanges"])
    # Azure refuses a replica with a window in the request that makes it (azure-postgresql commit 3a5594f).
    assert "maintenanceWindow" not in replica.inputs
    endpoint = only(built, "dbforpostgresql:VirtualEndpoint")
    assert endpoint.inputs["endpointType"] == "ReadWrite"
    assert replica.urn in endpoint.dependencies
    if mode == "deployed":
        assert endpoint.inputs["members"] == ["psql-test-dr"]


def test_hosts_of_the_virtual_endpoint_follow_its_name() -> None:
    built = record(build_replica)
    outputs = next(r for r in built if r.type == "medspasync:components:PostgresReplica").outputs
    assert outputs["writer_host"] == "psql-test-ha.writer.postgres.database.azure.com"
    assert outputs["reader_host"] == "psql-test-ha.reader.postgres.database.azure.com"
