"""Availability zones: one rule over everything in a stack config that asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from documents.problems import Problem
from documents.sections import Section
from facts.regions import regions
from stacks.settings.database import ReplicaSettings
from stacks.settings.platform import PlatformSettings

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
