"""What Azure offers in the stack's region, by facts/regions.yaml: no section asks for more (rule REGION-OFFER looks at
the record). Zones, which every section may ask for, are in `zones`; Front Door's private link is with the edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from documents.problems import Problem
from facts.regions import (
    refused_gateway,
    refused_geo_backup,
    refused_plan,
    refused_size,
    refused_standby,
    regions,
)
from stacks.settings.database import DatabaseSettings
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
