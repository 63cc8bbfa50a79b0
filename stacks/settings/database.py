"""The PostgreSQL server: size, redundancy, backup, sign-in."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.sections import Section
from documents.texts import Guid
from documents.words import Text
from facts.regions import regions

ArmId = Annotated[
    str,
    Text(
        r"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/.+$",
        "an ARM id, like /subscriptions/<id>/resourceGroups/<name>/providers/<type>/<name>",
    ),
]
Zone = Literal["1", "2", "3"]

SIZES_GB = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32767)
"""Premium SSD sizes of a flexible server (learn.microsoft.com/azure/postgresql, storage)."""

# Sizes by tier (learn.microsoft.com/azure/postgresql, compute options).
_SKUS = {
    "Burstable": r"^Standard_B(1ms|2s|2ms|4ms|8ms|12ms|16ms|20ms)$",
    "GeneralPurpose": r"^Standard_D(2|4|8|16|32|48|64|96)(s_v3|ds_v4|ds_v5|ads_v5)$",
    "MemoryOptimized": r"^Standard_E(2|4|8|16|20|32|48|64|96)(s_v3|ds_v4|ds_v5|ads_v5)$",
}
_EXAMPLES = {
    "Burstable": "Standard_B2s",
    "GeneralPurpose": "Standard_D2ds_v5",
    "MemoryOptimized": "Standard_E2ds_v5",
}
# Names that PostgreSQL on Azure keeps for itself.
_RESERVED_LOGINS = {
    "azure_superuser",
    "azuresu",
    "azure_pg_admin",
    "admin",
    "administrator",
    "root",
    "guest",
    "public",
}

_AZURE_DATABASES = {"postgres", "azure_maintenance", "azure_sys", "template0", "template1"}


class StorageSettings(Section):
    """The server's disk. About $0.12 a GB and month; the same again with high availability."""

    sizes_gb: Annotated[list[int], Field(min_length=1)]
    """Every size the disk has had, in GB, oldest first; the last one is meant now. 32, 64, 128 … 16384 or 32767.
    Azure cannot shrink a disk: to grow it, append."""
    auto_grow: bool = True
    """Azure grows the disk before it is full. The size above then counts at creation only."""

    def problems(self) -> Iterator[Problem]:
        """Azure's steps, and never smaller than before."""
        for size in self.sizes_gb:
            if size not in SIZES_GB:
                yield Problem("sizesGb", self.sizes_gb, f"sizes out of {', '.join(map(str, SIZES_GB))}, not {size}")
        if sorted(set(self.sizes_gb)) != self.sizes_gb:
            yield Problem("sizesGb", self.sizes_gb, "sizes that grow: Azure cannot shrink a server's disk")


class AdministratorSettings(Section):
    """A Microsoft Entra principal that administers the server beside the bootstrap identity."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the principal in Entra; it becomes the name of its PostgreSQL role."""
    object_id: Guid
    """Object id of the principal in Entra (never an application's client id)."""
    type: Literal["Group", "User", "ServicePrincipal"] = "Group"
    """Kind of the principal. A group is best: who may break the glass then changes in Entra."""


class PoolerSettings(Section):
    """The built-in PgBouncer, on port 6432, in transaction mode. Costs nothing; General Purpose or larger."""

    default_pool_size: Annotated[int, Field(ge=1, le=4950)] = 50
    """Server connections for each pair of user and database. The sum over the apps stays below max_connections."""
    max_client_connections: Annotated[int, Field(ge=1, le=50000)] = 5000
    """Client connections that PgBouncer accepts."""


class MaintenanceSettings(Section):
    """When Azure may restart the server for updates: one hour a month or so, announced five days before."""

    day: Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] = "Sunday"
    """Day of the week, UTC."""
    hour: Annotated[int, Field(ge=0, le=23)] = 7
    """Hour in which the window begins, UTC."""
    minute: Annotated[int, Field(ge=0, le=59)] = 0
    """Minute in which the window begins."""

    @property
    def day_number(self) -> int:
        """The day as Azure counts: Sunday is 0."""
        days = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
        return days.index(self.day)


class ReplicaNetworkSettings(Section):
    """Where a replica in another region lives. Its VNet is peered with the platform's; both resolve both zones."""

    subnet_id: ArmId
    """Subnet of the replica's region, delegated to Microsoft.DBforPostgreSQL/flexibleServers."""
    dns_zone_id: ArmId
    """Private DNS zone for the replica's name, linked to its VNet."""


class ReplicaKeySettings(Section):
    """The customer-managed key of a replica in a region that has none of the platform's keys."""

    uri: Annotated[
        str,
        Text(
            r"^https://[a-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+$",
            "the address of a key without version, like https://<vault>.vault.azure.net/keys/<name>",
        ),
    ]
    """Key without version, in a vault of the replica's region."""
    identity_id: ArmId
    """User-assigned identity that may get, list, wrap and unwrap with it."""


class ReplicaSettings(Section):
    """A read replica of the primary's size. Virtual endpoints let apps follow a promotion. Costs as much as the primary
    without standby."""

    location: str | None = None
    """Azure region of the replica; left out, the platform's own."""
    zone: Zone | None = None
    """Availability zone of the replica."""
    network: ReplicaNetworkSettings | None = None
    """Needed, and only allowed, in another region."""
    key: ReplicaKeySettings | None = None
    """Needed in a region other than the platform's and, with geo-redundant backup, its pair; not allowed there."""

    def problems(self) -> Iterator[Problem]:
        """The region must be one the catalogue knows."""
        if self.location is not None and self.location not in regions():
            yield Problem("location", self.location, "a region of facts/regions.yaml")


class DatabaseSettings(Section):
    """PostgreSQL flexible server. It always uses our key, stays inside the VNet and signs in by Entra."""

    version: Literal["15", "16", "17", "18"]
    """Major version. Raising it upgrades in place, with downtime; it cannot be lowered."""
    tier: Literal["Burstable", "GeneralPurpose", "MemoryOptimized"]
    """Burstable has no high availability, no PgBouncer and no replica."""
    sku: str
    """Size of that tier. Standard_B2s about $50 a month, Standard_D2ds_v5 $130, Standard_D4ds_v5 $260,
    Standard_E4ds_v5 $350; twice that with high availability."""
    storage: StorageSettings
    """The server's disk."""
    high_availability: Literal["ZoneRedundant", "SameZone", "Disabled"] = "ZoneRedundant"
    """A standby that takes over within a minute or two, in another zone or the same. Doubles compute and storage."""
    zone: Zone | None = "1"
    """Availability zone of the primary at creation; none lets Azure choose."""
    standby_zone: Zone | None = "2"
    """Availability zone of a zone-redundant standby at creation. After a failover the two are swapped."""
    backup_days: Annotated[int, Field(ge=7, le=35)] = 35
    """Days of point-in-time restore, 7 to 35. Backups up to the disk's size are free, then about $0.10 a GB."""
    geo_redundant_backup: bool = True
    """Backups are copied to the paired region, under a key there. Fixed at creation. Doubles the backup's cost."""
    authentication: Literal["entra", "entra-and-password"] = "entra"
    """entra: no password exists. entra-and-password: the server also takes the administrator's generated password, for
    emergencies."""
    app_authentication: Literal["entra", "password"] = "entra"
    """How apps sign in. entra: with a token of their identity; connection strings hold no credential. password, for
    clients that cannot: with a generated password (DATABASE-PASSWORD), which DATABASE-URL holds; needs
    entra-and-password, PostgreSQL 16 and the database job, and an exception to PG-ENTRA-ONLY."""
    administrator_login: (
        Annotated[
            str, Text(r"^[a-z][a-z0-9_]{2,62}$", "3 to 63 lower-case letters, digits or underscores, like medspa_admin")
        ]
        | None
    ) = None
    """Name of the password administrator, with entra-and-password only; fixed for the server's life."""
    administrators: list[AdministratorSettings] = []
    """Entra administrators beside the bootstrap identity: the break-glass group."""
    database: Annotated[
        str, Text(r"^[a-z][a-z0-9_]{0,62}$", "lower-case letters, digits or underscores, like medspasync")
    ] = "medspasync"
    """Name of the application database, which the database job `bootstrap` makes and owns. Renaming it here makes a
    new, empty one beside the old."""
    pooler: PoolerSettings | None = PoolerSettings()
    """PgBouncer; none on the Burstable tier."""
    maintenance: MaintenanceSettings = MaintenanceSettings()
    """When Azure may restart the server."""
    replica: ReplicaSettings | None = None
    """A read replica, off unless given."""

    @property
    def vcores(self) -> int:
        """vCores of the size, as its name says: Standard_D4ds_v5 has 4; 0 where it says none."""
        found = re.search(r"_[A-Z](\d+)", self.sku)
        return int(found.group(1)) if found else 0

    def problems(self) -> Iterator[Problem]:
        """What the tier can do, zones that fit the mode, a login where there are passwords."""
        if not re.match(_SKUS[self.tier], self.sku):
            yield Problem("sku", self.sku, f"a size of the {self.tier} tier, for example {_EXAMPLES[self.tier]}")
        if self.tier == "Burstable":
            yield from self._beyond_burstable()
        if self.high_availability == "ZoneRedundant" and (
            None in (self.zone, self.standby_zone) or self.zone == self.standby_zone
        ):
            yield Problem("standbyZone", self.standby_zone, f"a zone other than the primary's ({self.zone})")
        if self.authentication == "entra" and self.administrator_login is not None:
            yield Problem("administratorLogin", self.administrator_login, "none: nobody signs in by password here")
        if self.authentication == "entra-and-password":
            login = self.administrator_login
            if login is None or login in _RESERVED_LOGINS or login.startswith("pg_"):
                yield Problem("administratorLogin", login, "a name, and none that Azure keeps for itself")
        if self.app_authentication == "password":
            if self.authentication != "entra-and-password":
                yield Problem("appAuthentication", "password", "entra, or authentication: entra-and-password")
            if self.version == "15":
                why = "before it, whoever may set a role's password has power over every role"
                yield Problem("appAuthentication", "password", f"entra, or version 16 or newer: {why}")
        ids = [administrator.object_id for administrator in self.administrators]
        if len(set(ids)) != len(ids):
            yield Problem("administrators", ids, "every object id once")
        if self.database in _AZURE_DATABASES:
            yield Problem("database", self.database, "a name that Azure does not keep for a database of its own")

    def _beyond_burstable(self) -> Iterator[Problem]:
        needs = "needs the GeneralPurpose or MemoryOptimized tier"
        if self.high_availability != "Disabled":
            yield Problem("highAvailability", self.high_availability, f"Disabled: high availability {needs}")
        if self.pooler is not None:
            yield Problem("pooler", "on", f"null: PgBouncer {needs}")
        if self.replica is not None:
            yield Problem("replica", "on", f"null: a read replica {needs}")
