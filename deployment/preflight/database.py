"""PostgreSQL in the region: compute, version, zones, availability, geo backup, and the quota of cores.

What a region offers differs by subscription: the capabilities API says it (Microsoft.DBforPostgreSQL 2025-08-01,
capabilities-by-location and quota-usages; azure-mgmt-postgresqlflexibleservers 3.0, read 2026-11-29).
"""

import re
from collections.abc import Iterator
from typing import Any

from deployment.drill_checks import POSTGRES, at
from deployment.preflight.subscription import Subscription
from deployment.record import Declared
from deployment.step import Result

PROVIDER = "Microsoft.DBforPostgreSQL/locations"
_FEATURES = {"geoRedundantBackup": "geoBackupSupported", "ZoneRedundant": "zoneRedundantHaSupported"}


def check_database(subscription: Subscription) -> Iterator[Result]:
    """Each server that is not made yet can be made as declared."""
    for server in subscription.record.of("azure-native:dbforpostgresql:Server"):
        if subscription.is_made(server):
            yield Result(server.last_name, "holds", "it is made")
            continue
        where = f"{PROVIDER}/{server.location}"
        offered = subscription.listed(f"{where}/capabilities", POSTGRES)
        wrong = list(_unoffered(server, offered[0] if offered else {}))
        wrong += _beyond_quota(server, subscription.listed(f"{where}/resourceType/flexibleServers/usages", POSTGRES))
        for message in wrong:
            yield Result(server.last_name, "missing", f"{server.location}: {message}")
        if not wrong:
            yield Result(server.last_name, "holds", f"{server.location} offers it as declared, within the quota")


def _unoffered(server: Declared, region: dict[str, Any]) -> Iterator[str]:
    inputs = server.inputs
    if region.get("restricted") == "Enabled" or not region.get("supportedServerEditions"):
        yield f"closed to this subscription ({region.get('reason') or 'no compute is offered'})"
        return
    sku = str(at(inputs, "sku.name"))
    skus = {
        str(one["name"]): one
        for edition in region["supportedServerEditions"]
        if edition.get("name") == at(inputs, "sku.tier")
        for one in edition.get("supportedServerSkus") or []
    }
    mode = at(inputs, "highAvailability.mode")
    if sku not in skus:
        yield f"{sku} is not offered (offered: {', '.join(sorted(skus)) or 'none of this tier'})"
    else:
        zones = skus[sku].get("supportedZones") or []
        wanted = [at(inputs, "availabilityZone"), at(inputs, "highAvailability.standbyAvailabilityZone")]
        for zone in (zone for zone in wanted if zone and zone not in zones):
            yield f"{sku} is not offered in zone {zone} (offered: {', '.join(zones) or 'none'})"
        modes = skus[sku].get("supportedHaMode") or []
        if mode not in (None, "Disabled") and mode not in modes:
            yield f"{sku} has no {mode} high availability (offered: {', '.join(modes) or 'none'})"
    if mode == "ZoneRedundant" and region.get(_FEATURES["ZoneRedundant"]) == "Disabled":
        yield "no zone-redundant high availability for new servers"
    if at(inputs, "backup.geoRedundantBackup") == "Enabled" and region.get("geoBackupSupported") == "Disabled":
        yield "no geo-redundant backup"
    versions = [str(one["name"]) for one in region.get("supportedServerVersions") or []]
    if versions and str(inputs.get("version")) not in versions:
        yield f"PostgreSQL {inputs.get('version')} is not offered (offered: {', '.join(versions)})"


def _beyond_quota(server: Declared, usages: list[dict[str, Any]]) -> Iterator[str]:
    """Cores of the server and its standby against what is left of its family and of the region."""
    sku = str(at(server.inputs, "sku.name"))
    parts = re.fullmatch(r"Standard_([A-Z]+)(\d+)([a-z]*)_(v\d+)|Standard_(B)(\d+)(ms|s)", sku)
    if parts is None:
        return
    series, size, kind, version = parts.group(1, 2, 3, 4) if parts[1] else (*parts.group(5, 6), "", "")
    family = f"standard{series}{kind}{version}Family".lower()
    standby = at(server.inputs, "highAvailability.mode") not in (None, "Disabled")
    cores = int(size) * (2 if standby else 1)
    for usage in usages:
        name = str(at(usage, "name.value"))
        left = int(usage.get("limit", 0)) - int(usage.get("currentValue", 0))
        if name.lower() in (family, "cores") and left < cores:
            yield f"{cores} cores are needed, {left} are left of {name} (ask for more: portal, Quotas)"
