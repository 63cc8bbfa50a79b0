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
    """

    kind: Kind
    name: str
    resource: Resource
    port: int
    tag: str
    group: str
    endpoint_of: Resource | None


def targets(record: Record) -> list[Target]:
    """Everything in the record that answers, in the order in which a report tells it."""
    return [
        *_sites(record),
        *(_target("gateway", each, "Internet", "Gateway") for each in record.of_type(GATEWAY)),
        *_databases(record),
        *_vaults(record),
        *_caches(record),
        *(_target("archive", each, "Storage", "blob", name=f"{each.name} (blob)") for each in record.of_type(STORAGE)),
        *(_target("bus", each, "ServiceBus", "namespace", port=5671) for each in record.of_type(BUS)),
        *(_target("jobs", each, "Internet") for each in record.of_type(JOBS)),
        *(_target("telemetry", each, "AzureMonitor") for each in record.of_type(*TELEMETRY)),
    ]


def _target(kind: Kind, resource: Resource, tag: str, group: str = "", *, port: int = 443, name: str = "") -> Target:
    """A service whose private endpoints, where there is a group of them, lead to the resource itself."""
    owner = resource if group else None
    name = name or resource.name
    return Target(kind=kind, name=name, resource=resource, port=port, tag=tag, group=group, endpoint_of=owner)


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
        yield _target("database", server, "Internet", port=5432)
        pooled = record.holders(server, "serverName", "dbforpostgresql:Configuration", by="serverName")
        if any(
            get(each, "configurationName") == "pgbouncer.enabled" and str(get(each, "value")).lower() in ("true", "on")
            for each in pooled
        ):
            yield _target("pooler", server, "Internet", port=POOLER_PORT, name=f"{server.name} (PgBouncer)")


def _vaults(record: Record) -> Iterator[Target]:
    for vault in record.of_type(VAULT):
        keys = record.holders(vault, "vaultName", "keyvault:Key", by="vaultName")
        yield _target("key vault" if keys else "secrets vault", vault, "AzureKeyVault", "vault")


def _caches(record: Record) -> Iterator[Target]:
    for cache in record.of_type(CACHE):
        for database in record.holders(cache, "clusterName", "redisenterprise:Database", by="clusterName"):
            yield _target("cache", cache, "Internet", "redisEnterprise", port=int(get(database, "port", 10000)))
