"""What can be reached: every service of a record that answers somewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from assurance.record import Record, Resource, get

Kind = Literal[
    "site", "scm", "slot", "slot scm", "gateway", "database", "pooler", "secrets vault", "key vault", "cache",
    "archive", "bus", "jobs", "telemetry",
]  # fmt: skip

SITE, SLOT, SERVER, VAULT = "web:WebApp", "web:WebAppSlot", "dbforpostgresql:Server", "keyvault:Vault"
CACHE, STORAGE, BUS = "redisenterprise:RedisEnterprise", "storage:StorageAccount", "servicebus:Namespace"
JOBS, GATEWAY = "app:ManagedEnvironment", "apimanagement:ApiManagementService"
TELEMETRY = ("operationalinsights:Workspace", "applicationinsights:Component")
ENDPOINT, CONNECTED = "network:PrivateEndpoint", "privateLinkServiceConnections[].privateLinkServiceId"
POOLER_PORT = 6432
"""Where PgBouncer listens (learn.microsoft.com/azure/postgresql/connectivity/concepts-pgbouncer)."""

JUDGED = (SITE, SLOT, SERVER, VAULT, CACHE, STORAGE, BUS, JOBS, GATEWAY, *TELEMETRY)
"""Resource types whose public side this command evaluates."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A service at a port.

    tag: the service tag of its public address. group, type: sub-resource of its private endpoints, and the resource
    type whose private zone they need; endpoint_of: the resource they lead to, for a slot its site.
    protected: whether nothing on the Internet may reach it.
    """

    kind: Kind
    name: str
    resource: Resource
    port: int
    tag: str
    group: str = ""
    endpoint_of: Resource | None = None
    protected: bool = True


def targets(record: Record) -> list[Target]:
    """Everything in the record that answers, in the order in which a report tells it."""
    return [
        *_sites(record),
        *(
            Target(kind="gateway", name=each.name, resource=each, port=443, tag="Internet", group="Gateway",
                   endpoint_of=each)
            for each in record.of_type(GATEWAY)
        ),
        *_databases(record),
        *_vaults(record),
        *_caches(record),
        *(
            Target(kind="archive", name=f"{each.name} (blob)", resource=each, port=443, tag="Storage", group="blob",
                   endpoint_of=each)
            for each in record.of_type(STORAGE)
        ),
        *(
            Target(kind="bus", name=each.name, resource=each, port=5671, tag="ServiceBus", group="namespace",
                   endpoint_of=each)
            for each in record.of_type(BUS)
        ),
        *(
            Target(kind="jobs", name=each.name, resource=each, port=443, tag="Internet")
            for each in record.of_type(JOBS)
        ),
        *(
            Target(kind="telemetry", name=each.name, resource=each, port=443, tag="AzureMonitor", protected=False)
            for each in record.of_type(*TELEMETRY)
        ),
    ]  # fmt: skip


def endpoints_of(record: Record, target: Target) -> list[Resource]:
    """The private endpoints that lead to a target; one of a site's slot is not one of the site."""
    owned = record.holders(target.endpoint_of, CONNECTED, ENDPOINT) if target.endpoint_of else []
    return [each for each in owned if target.group in _groups(each)]


def _groups(endpoint: Resource) -> set[str]:
    connections = get(endpoint, "privateLinkServiceConnections", ())
    return {group for connection in connections for group in connection.get("groupIds") or ()}


def _sites(record: Record) -> Iterator[Target]:
    for site in record.of_type(SITE):
        yield _site("site", site.name, site, site, "sites")
        yield _site("scm", f"{site.name} (SCM)", site, site, "sites")
    for slot in record.of_type(SLOT):
        group = f"sites-{get(slot, 'slot')}"
        owner = next(iter(record.targets(slot, "name", SITE, by="name")), None)
        yield _site("slot", slot.name, slot, owner, group)
        yield _site("slot scm", f"{slot.name} (SCM)", slot, owner, group)


def _site(kind: Kind, name: str, site: Resource, owner: Resource | None, group: str) -> Target:
    return Target(
        kind=kind, name=name, resource=site, port=443, tag="AppService", group=group, endpoint_of=owner
    )  # fmt: skip


def _databases(record: Record) -> Iterator[Target]:
    for server in record.of_type(SERVER):
        yield Target(kind="database", name=server.name, resource=server, port=5432, tag="Internet")
        pooled = record.holders(server, "serverName", "dbforpostgresql:Configuration", by="serverName")
        if any(
            get(each, "configurationName") == "pgbouncer.enabled" and str(get(each, "value")).lower() in ("true", "on")
            for each in pooled
        ):
            yield Target(
                kind="pooler", name=f"{server.name} (PgBouncer)", resource=server, port=POOLER_PORT, tag="Internet"
            )


def _vaults(record: Record) -> Iterator[Target]:
    for vault in record.of_type(VAULT):
        keys = record.holders(vault, "vaultName", "keyvault:Key", by="vaultName")
        kind: Kind = "key vault" if keys else "secrets vault"
        yield Target(
            kind=kind,
            name=vault.name,
            resource=vault,
            port=443,
            tag="AzureKeyVault",
            group="vault",
            endpoint_of=vault,
        )


def _caches(record: Record) -> Iterator[Target]:
    for cache in record.of_type(CACHE):
        databases = record.holders(cache, "clusterName", "redisenterprise:Database", by="clusterName")
        for database in databases:
            yield Target(
                kind="cache",
                name=cache.name,
                resource=cache,
                port=int(get(database, "port", 10000)),
                tag="Internet",
                group="redisEnterprise",
                endpoint_of=cache,
            )
