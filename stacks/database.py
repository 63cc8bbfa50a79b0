"""The PostgreSQL server of the stack, its parameters and administrators, and its replica where config asks."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pulumi

from components import postgres_parts as parts
from components.encryption import CustomerManagedKey
from components.identity import IdentityOutputs
from components.postgres import (
    POOLER_PORT,
    POSTGRES_PORT,
    EntraAdministrator,
    HighAvailability,
    PasswordLogin,
    PostgresServer,
    PostgresServerArgs,
)
from components.postgres_replica import PostgresReplica, PostgresReplicaArgs
from stacks.catalogues.database_parameters import PARAMETERS, parameters
from stacks.database_parameters import parameter_values, pooler_values, reason_left_out
from stacks.entries import Entry, leave_out, name_entry, stack_entry
from stacks.outputs import Common, Network
from stacks.settings.database import DatabaseSettings, ReplicaSettings
from stacks.vaults import EncryptionKey


@dataclass(frozen=True, kw_only=True)
class DatabaseKeys:
    """primary: encrypts the server; geo: in the paired region, under another identity, where backups go there."""

    primary: EncryptionKey
    geo: EncryptionKey | None


@dataclass(frozen=True, kw_only=True)
class Database:
    """What others need of the database.

    id, name: the server; host: where apps connect (the virtual writer endpoint, where config says so);
    port: PgBouncer's where it is on; direct_port: PostgreSQL's own, for migrations and the auditor.
    database: name of the application's database, which the job `bootstrap` makes and owns.
    settled: the last operation on the primary; what needs the server at rest depends on it.
    """

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    host: pulumi.Output[str]
    port: int
    direct_port: int
    database: str
    replica_id: pulumi.Output[str] | None
    settled: pulumi.Resource

    def url(self, role: str, password: pulumi.Input[str] | None = None) -> pulumi.Output[str]:
        """DATABASE-URL for one PostgreSQL role: no credential with Entra authentication, else secret.

        ``verify-full`` makes the client check the server's certificate and name.
        """
        target = pulumi.Output.format("{0}:{1}/{2}?sslmode=verify-full", self.host, self.port, self.database)
        if password is None:
            return pulumi.Output.concat("postgresql://", role, "@", target)
        escaped = pulumi.Output.secret(password).apply(lambda text: quote(text, safe=""))
        return pulumi.Output.concat("postgresql://", role, ":", escaped, "@", target)


def build_database(
    settings: DatabaseSettings,
    common: Common,
    network: Network,
    bootstrap: IdentityOutputs,
    keys: DatabaseKeys,
    administrator_password: pulumi.Output[str] | None = None,
) -> Database:
    """Build the server.

    bootstrap: identity of the database job; it administers the server to make the application's database, roles and
    schemas.
    administrator_password: needed with ``entra-and-password``, ignored otherwise.
    """
    with name_entry(stack_entry("database")):
        server = _server(settings, common, network, keys, administrator_password)
    for name, value in parameter_values(settings).items():
        with name_entry(Entry(PARAMETERS, name)):
            server.parameter(name, value)
    for parameter in parameters():
        if reason := reason_left_out(parameter, settings):
            leave_out(reason, Entry(PARAMETERS, parameter.name))
    with name_entry(stack_entry("database.pooler")):
        for name, value in pooler_values(settings).items():
            server.parameter(name, value)
    _administrators(settings, server, bootstrap)
    replica = None
    if settings.replica is not None:
        with name_entry(stack_entry("database.replica")):
            replica = _replica(settings, settings.replica, common, network, keys, server)
    return Database(
        id=server.outputs.id,
        name=server.outputs.name,
        host=replica.outputs.writer_host if replica else server.outputs.host,
        port=POOLER_PORT if settings.pooler else POSTGRES_PORT,
        direct_port=POSTGRES_PORT,
        database=settings.database,
        replica_id=replica.outputs.id if replica else None,
        settled=server.settled,
    )


def _server(
    settings: DatabaseSettings,
    common: Common,
    network: Network,
    keys: DatabaseKeys,
    administrator_password: pulumi.Output[str] | None,
) -> PostgresServer:
    login = None
    if settings.administrator_login is not None:
        if administrator_password is None:
            raise ValueError("a server that takes passwords needs its administrator's password")
        login = PasswordLogin(name=settings.administrator_login, password=administrator_password)
    geo = keys.geo if settings.geo_redundant_backup else None
    if settings.geo_redundant_backup and geo is None:
        raise ValueError("geo-redundant backup needs a key in the paired region")
    return PostgresServer(
        "postgres",
        PostgresServerArgs(
            **common.place("data"),
            tenant_id=common.tenant_id,
            server_name=common.names.global_name("psql"),
            version=settings.version,
            **_size(settings),
            network=_home_network(network),
            key=keys.primary,
            geo_key=geo,
            zone=settings.zone,
            high_availability=_high_availability(settings),
            backup_days=settings.backup_days,
            maintenance=_maintenance(settings),
            password_login=login,
            logs=common.logs,
            protection=common.protection,
            # Without the identities' access to the keys, Azure refuses to make the server.
            depends_on=[key.granted for key in (keys.primary, geo) if key is not None],
        ),
    )


def _administrators(settings: DatabaseSettings, server: PostgresServer, bootstrap: IdentityOutputs) -> None:
    with name_entry(stack_entry("database")):
        server.administrator(
            EntraAdministrator(
                key="bootstrap",
                object_id=bootstrap.principal_id,
                # An identity's name in Entra is its resource name.
                principal_name=bootstrap.id.apply(lambda identity: identity.rsplit("/", 1)[-1]),
                principal_type="ServicePrincipal",
            )
        )
    for index, administrator in enumerate(settings.administrators):
        with name_entry(stack_entry(f"database.administrators[{index}]")):
            server.administrator(
                EntraAdministrator(
                    key=administrator.object_id,
                    object_id=administrator.object_id,
                    principal_name=administrator.name,
                    principal_type=administrator.type,
                )
            )


def _replica(
    settings: DatabaseSettings,
    replica: ReplicaSettings,
    common: Common,
    network: Network,
    keys: DatabaseKeys,
    server: PostgresServer,
) -> PostgresReplica:
    location = replica.location or common.location
    place = replica.network
    return PostgresReplica(
        "postgres-replica",
        PostgresReplicaArgs(
            **common.place("paired" if location == common.paired_location else "data", location),
            tenant_id=common.tenant_id,
            server_name=common.names.global_name("psql", "replica"),
            source_id=server.outputs.id,
            source_name=server.outputs.name,
            source_group=common.groups["data"],
            **_size(settings),
            network=(
                parts.PrivateNetwork(subnet_id=place.subnet_id, dns_zone_id=place.dns_zone_id)
                if place
                else _home_network(network)
            ),
            key=_replica_key(replica, location, common, keys),
            zone=replica.zone,
            with_password=settings.authentication == "entra-and-password",
            endpoint_name=common.names.global_name("psql", "app"),
            logs=common.logs,
            protection=common.protection,
            depends_on=[server.settled],
        ),
    )


def _replica_key(replica: ReplicaSettings, location: str, common: Common, keys: DatabaseKeys) -> CustomerManagedKey:
    """A replica is encrypted with a key of its own region."""
    if replica.key is not None:
        given = replica.key
        return CustomerManagedKey(uri=given.uri, versioned_uri=given.uri, identity_id=given.identity_id)
    key = keys.primary if location == common.location else keys.geo
    if key is None:
        raise ValueError(f"a replica in {location} needs a key there")
    return key


def _size(settings: DatabaseSettings) -> dict[str, Any]:
    """What a replica has as its primary has it."""
    return {
        "compute": parts.Compute(tier=settings.tier, sku=settings.sku),
        "storage": parts.Storage(size_gb=settings.storage.sizes_gb[-1], auto_grow=settings.storage.auto_grow),
    }


def _home_network(network: Network) -> parts.PrivateNetwork:
    return parts.PrivateNetwork(subnet_id=network.subnets["postgres"], dns_zone_id=network.dns_zones["postgres"])


def _maintenance(settings: DatabaseSettings) -> parts.MaintenanceWindow:
    window = settings.maintenance
    return parts.MaintenanceWindow(day=window.day_number, hour=window.hour, minute=window.minute)


def _high_availability(settings: DatabaseSettings) -> HighAvailability | None:
    """A standby in the same zone stands in the primary's."""
    if settings.high_availability == "Disabled":
        return None
    standby = settings.standby_zone if settings.high_availability == "ZoneRedundant" else settings.zone
    return HighAvailability(mode=settings.high_availability, standby_zone=standby)
