"""What Azure offers in the region that a resource is in (facts/regions.yaml)."""

from collections.abc import Iterator

from facts import regions as facts
from policies.compare import same
from policies.resource import UNKNOWN, Resource, not_known, token
from policies.rule import rule

SERVER, PLAN, GATEWAY = "dbforpostgresql:Server", "web:AppServicePlan", "apimanagement:ApiManagementService"
ORIGIN, NAT = "cdn:AFDOrigin", "network:NatGateway"
ZONED = {
    SERVER: ("availabilityZone", "highAvailability.standbyAvailabilityZone"),
    PLAN: ("zoneRedundant",),
    NAT: ("zones[]",),
    "network:PublicIPAddress": ("zones[]",),
    "app:ManagedEnvironment": ("zoneRedundant",),
    "servicebus:Namespace": ("zoneRedundant",),
    "storage:StorageAccount": ("sku.name",),
    "dataprotection:BackupVault": ("properties.storageSettings[].type",),
}
"""Inputs that ask for zones, by type."""
_REDUNDANT = ("zoneredundant", "_zrs", "gzrs")


@rule(
    "REGION-OFFER",
    "Nothing is asked of a region that it does not offer: sizes, standby, geo-redundant backup, zones, tiers",
    on=sorted({*ZONED, PLAN, GATEWAY, ORIGIN}),
    severity="high",
    controls=["164.308(a)(7)(ii)(B)"],
    remediation="Take what the region offers (facts/regions.yaml), or another region.",
    source="facts/regions.yaml: MicrosoftDocs regions tables of each service, with their dates",
    where=lambda resource: resource.has("location") or resource.has("sharedPrivateLinkResource.privateLinkLocation"),
)
def region_offer(resource: Resource) -> Iterator[str]:
    key = "sharedPrivateLinkResource.privateLinkLocation" if resource.type == token(ORIGIN) else "location"
    location = facts.region_name(resource.get(key))
    if location not in facts.regions():
        raise not_known(f"{resource.get(key)} is no region of facts/regions.yaml: what it offers is not known")
    for path, refusal in _refused(resource, location):
        if refusal:
            yield f"{path} must be {refusal}" if path else refusal


def _refused(resource: Resource, location: str) -> Iterator[tuple[str, str]]:
    """Inputs, and why the region does not take them; empty where it does."""
    kind = resource.type.removeprefix("azure-native:")
    if not facts.regions()[location].zones:
        for path in ZONED.get(kind, ()):
            if any(_asks_for_zones(value) for value in resource.leaves(path)):
                yield path, f"left out, or without zones: {location} has no availability zones"
    size = str(resource.get("sku.name", ""))
    if kind == SERVER:
        yield "sku.name", facts.refused_size(location, size)
        if resource.get("highAvailability.mode") == "ZoneRedundant":
            yield "highAvailability.mode", facts.refused_standby(location)
        if same(resource.get("backup.geoRedundantBackup"), "Enabled"):
            yield "backup.geoRedundantBackup", facts.refused_geo_backup(location)
    elif kind == PLAN:
        yield "sku.name", facts.refused_plan(location, size, resource.get("zoneRedundant") is True)
    elif kind == GATEWAY:
        yield "sku.name", facts.refused_gateway(location, size)
    elif kind == NAT:
        yield "sku.name", facts.refused_nat_gateway(location, size)
    elif kind == ORIGIN:
        yield "", facts.refused_private_origin(location)


def _asks_for_zones(value: object) -> bool:
    if value is UNKNOWN or value in (None, False, ""):
        return False
    text = str(value).lower()
    return value is True or text.isdigit() or any(word in text for word in _REDUNDANT)
