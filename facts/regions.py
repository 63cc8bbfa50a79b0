"""Azure regions and what each service offers in them: ``regions.yaml``."""

import re
from typing import Literal

from documents.reading import data_reader
from documents.sections import Section
from facts.decisions import No, Unknown

_SIZE = re.compile(r"^Standard_(?P<series>[A-Z]+)(?P<cores>\d+)(?P<family>[a-z]*(_v\d+)?)$")


class Postgres(Section):
    """What PostgreSQL flexible server offers in a region. The file's head says what each column means."""

    compute: list[str]
    zone_redundant: bool | Literal["blocked"]
    geo_backup: bool

    def offers(self, size: str) -> bool | None:
        """Whether a server of this size, ``Standard_D4ds_v5``, can be made; None for a series that has no column."""
        match = _SIZE.match(size)
        if match is None or match["series"] not in ("B", "D", "E"):
            return None
        return match["series"] == "B" or match["family"] in self.compute

    def nearest(self, size: str) -> str:
        """The size itself, or else the newest one of as many cores and as much memory that can be made."""
        match = _SIZE.match(size)
        if match is None or self.offers(size) is not False:
            return size
        newest = sorted(self.compute, key=lambda family: (family[-2:], family.startswith("ds")))[-1]
        return f"Standard_{match['series']}{match['cores']}{newest}"


class Region(Section):
    """One region. paired: the region that geo-redundant backups go to."""

    paired: str | No
    zones: bool
    postgres: Postgres
    front_door_private_link: bool
    api_management: list[str]
    premium_v4: bool | Literal["zones"]
    nat_gateway_v2: bool | Unknown

    @property
    def pair(self) -> str | None:
        """The paired region's name; None where Azure pairs it with none."""
        return self.paired if isinstance(self.paired, str) else None


regions = data_reader(__file__, "regions.yaml", dict[str, Region])
"""Regions by name."""


def region_name(location: object) -> str:
    """A region as ARM compares it: ``East US 2`` is ``eastus2``."""
    return str(location).lower().replace(" ", "")


def refused_size(location: str, size: str) -> str:
    """Why no PostgreSQL server of this size can be made in a region, and what can; empty where one can."""
    offer = regions()[location].postgres
    if offer.offers(size) is not False:
        return ""
    return f"a size that PostgreSQL has in {location}, for example {offer.nearest(size)} ({', '.join(offer.compute)})"


def refused_standby(location: str) -> str:
    """Why no zone-redundant PostgreSQL server can be made in a region; empty where one can."""
    offer = regions()[location].postgres.zone_redundant
    if offer is True:
        return ""
    why = "makes no new zone-redundant server" if offer == "blocked" else "has no zone-redundant server"
    return f"SameZone or Disabled: PostgreSQL {why} in {location}"


def refused_geo_backup(location: str) -> str:
    """Why no PostgreSQL server with geo-redundant backup can be made in a region; empty where one can."""
    row = regions()[location]
    if row.pair is None:
        return f"false: Azure pairs {location} with no region that backups could go to"
    return "" if row.postgres.geo_backup else f"false: PostgreSQL has no geo-redundant backup in {location}"


def server_in_pair(location: str, size: str, standby: str) -> dict[str, str | bool] | None:
    """What to ask for when a server of ``location`` must be made again in the paired region: as asked for here where
    the pair offers it, else the nearest; None for a region that is not in the table or has no pair in it.
    """
    row = regions().get(region_name(location))
    pair = row.pair if row else None
    if pair is None or pair not in regions():
        return None
    offer = regions()[pair].postgres
    same_zone = standby == "ZoneRedundant" and offer.zone_redundant is not True
    return {
        "region": pair,
        "compute": offer.nearest(size),
        "highAvailability": "SameZone" if same_zone else standby,
        "geoRedundantBackup": offer.geo_backup,
    }


def refused_plan(location: str, sku: str, zone_redundant: bool) -> str:
    """Why no App Service plan of this size can be made in a region; empty where one can."""
    offer = regions()[location].premium_v4
    if not sku.endswith("v4") or offer == "zones":
        return ""
    if offer is False:
        return f"another size: App Service has no Premium v4 in {location}"
    return f"a v3 size, or zoneRedundant: false: Premium v4 has no zones in {location}" if zone_redundant else ""


def refused_gateway(location: str, tier: str) -> str:
    """Why no API Management of this v2 tier can be made in a region; empty where one can."""
    if not tier.endswith("V2") or tier in regions()[location].api_management:
        return ""
    return f"none: API Management makes no {tier} in {location}"


def refused_private_origin(location: str) -> str:
    """Why Front Door cannot reach an origin of a region by private link; empty where it can."""
    return "" if regions()[location].front_door_private_link else f"Front Door has no private link in {location}"


def refused_nat_gateway(location: str, sku: str) -> str:
    """Why no NAT gateway of this SKU can be made in a region; empty where one can, or nobody knows."""
    offered = regions()[location].nat_gateway_v2
    return f"Standard: {location} has no NAT gateway {sku}" if sku == "StandardV2" and offered is False else ""
