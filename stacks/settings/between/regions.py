"""What Azure offers in the stack's region, by facts/regions.yaml: no section asks for more (rule REGION-OFFER looks at
the record). Zones, which every section may ask for, come last; Front Door's private link is with the edge."""

from collections.abc import Iterator, Mapping
from typing import Any

from documents.problems import Problem
from documents.sections import Section
from facts.regions import (
    refused_gateway,
    refused_geo_backup,
    refused_plan,
    refused_size,
    refused_standby,
    regions,
)
from stacks.settings.archive import ArchiveSettings
from stacks.settings.backup import BackupSettings
from stacks.settings.database import DatabaseSettings, ReplicaSettings
from stacks.settings.gateway import ApiManagementSettings
from stacks.settings.plans import PlanSettings
from stacks.settings.platform import PlatformSettings


def database_offers(database: DatabaseSettings, platform: PlatformSettings) -> Iterator[Problem]:
    """The server's size, standby and geo-redundant backup, and the replica's size where that one is."""
    location = platform.location
    yield from _refuse("database.sku", database.sku, refused_size(location, database.sku))
    if database.high_availability == "ZoneRedundant" and regions()[location].zones:
        yield from _refuse("database.highAvailability", "ZoneRedundant", refused_standby(location))
    if database.geo_redundant_backup:
        yield from _refuse("database.geoRedundantBackup", True, refused_geo_backup(location))
    if database.replica is not None and database.replica.location not in (None, location):
        there = str(database.replica.location)
        if refusal := refused_size(there, database.sku):
            # A replica has its primary's size.
            yield from _refuse("database.replica.location", there, f"another region, or database.sku {refusal}")


def plan_offers(plans: Mapping[str, PlanSettings], platform: PlatformSettings) -> Iterator[Problem]:
    """Sizes of App Service plans."""
    for name, plan in plans.items():
        refusal = refused_plan(platform.location, plan.sku, plan.zone_redundant)
        yield from _refuse(f"plans.{name}.sku", plan.sku, refusal)


def gateway_offers(gateway: ApiManagementSettings, platform: PlatformSettings) -> Iterator[Problem]:
    """The gateway's tier."""
    yield from _refuse("apiManagement.tier", gateway.tier, refused_gateway(platform.location, gateway.tier))


def _refuse(key: str, value: Any, refusal: str) -> Iterator[Problem]:
    if refusal:
        yield Problem(key, value, f"{refusal} (REGION-OFFER, facts/regions.yaml)")


INSTEAD = {
    "zone": "null",
    "standbyZone": "null",
    "zoneRedundant": "false",
    "highAvailability": "SameZone or Disabled",
    "redundancy": "one without zones",
}
"""Keys that may ask for zones, and what they hold where there are none."""


def zone_problems(platform: PlatformSettings, sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Zones that the region does not have. sections: by key; problems' keys are full paths without the namespace."""
    for key, section in sections.items():
        yield from _under(key, section, platform.location)


def asks_for_zones(key: str, value: Any) -> bool:
    """Whether a value of one of the keys in `INSTEAD` needs a region with zones."""
    if key == "redundancy":
        return value in ("ZRS", "GZRS", "RAGZRS", "ZoneRedundant")
    if key == "highAvailability":
        return bool(value == "ZoneRedundant")
    return value not in (None, False)


def _under(path: str, value: Any, location: str) -> Iterator[Problem]:
    if isinstance(value, ReplicaSettings):
        location = value.location or location
    if isinstance(value, Section):
        if getattr(value, "enabled", True) is False:
            return
        for name, info in type(value).model_fields.items():
            key, item = str(info.alias), getattr(value, name)
            if key in INSTEAD and asks_for_zones(key, item) and not _has_zones(location):
                yield Problem(f"{path}.{key}", item, f"{INSTEAD[key]}: {location} has no availability zones")
            yield from _under(f"{path}.{key}", item, location)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _under(f"{path}.{key}", item, location)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _under(f"{path}[{index}]", item, location)


def _has_zones(location: str) -> bool:
    return regions()[location].zones


def backup_problems(backup: BackupSettings, platform: PlatformSettings) -> Iterator[Problem]:
    """Mistakes between the backup and the place of the platform. Keys are full paths without the namespace."""
    if not backup.enabled:
        return
    if backup.redundancy == "GeoRedundant" and platform.paired_location is None:
        yield Problem("backup.redundancy", backup.redundancy, f"another: {platform.location} has no paired region")


def archive_problems(archive: ArchiveSettings, platform: PlatformSettings) -> Iterator[Problem]:
    """Mistakes between the archive and the place of the platform. Keys are full paths without the namespace."""
    if "G" in archive.redundancy and platform.paired_location is None:
        yield Problem("archive.redundancy", archive.redundancy, f"LRS or ZRS: {platform.location} has no paired region")


def replica_problems(database: DatabaseSettings, platform: PlatformSettings) -> Iterator[Problem]:
    """Mistakes between the database and the place of the platform. Keys are full paths without the namespace."""
    if database.replica is not None:
        yield from _replica_problems(database, database.replica, platform)


def _replica_problems(
    database: DatabaseSettings, replica: ReplicaSettings, platform: PlatformSettings
) -> Iterator[Problem]:
    location = replica.location or platform.location
    at_home = location == platform.location
    if at_home == (replica.network is not None):
        need = f"null: {location} is the platform's own" if at_home else f"a subnet and a DNS zone of {location}"
        yield Problem("database.replica.network", None if replica.network is None else "given", need)
    has_key = at_home or (database.geo_redundant_backup and location == platform.paired_location)
    if has_key == (replica.key is not None):
        need = f"null: the platform has a key in {location}" if has_key else f"a key and an identity in {location}"
        yield Problem("database.replica.key", None if replica.key is None else "given", need)
