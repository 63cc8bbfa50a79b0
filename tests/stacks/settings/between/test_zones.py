"""Zones are one rule over the whole stack config: a region without them takes none, wherever they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from documents.sections import Section
from facts.regions import regions
from stacks.settings.between.regions import INSTEAD, asks_for_zones
from stacks.settings.model import Settings
from stacks.settings.reading.parse import SettingsError, parse
from stacks.settings.reading.stack_file import read_stack_file
from tests.harness import ROOT
from tests.stacks.settings.test_words import sections

NOT_ZONES = {"timeZone", "dnsZone", "dnsZoneId"}
OFF = {"zone": None, "standbyZone": None, "zoneRedundant": False, "highAvailability": "SameZone"}
ZONELESS = next(name for name, region in regions().items() if not region.zones)


def stack(name: str, location: str) -> dict[str, Any]:
    config = read_stack_file(ROOT / f"Pulumi.{name}.yaml").config
    config["medspasync:platform"]["location"] = location
    return config


def refused(config: dict[str, Any]) -> dict[str, str]:
    try:
        parse({key: json.dumps(value) for key, value in config.items()}, "Pulumi.x.yaml")
    except SettingsError as error:
        return {p.key: p.allowed for p in error.problems if "availability zones" in p.allowed}
    return {}


def zone_keys(path: str, value: Any) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else []
    for key, item in items:
        if key in INSTEAD and asks_for_zones(key, item):
            yield f"{path}.{key}"
        yield from zone_keys(f"{path}.{key}", item)


def test_every_key_about_zones_is_known() -> None:
    named = {
        str(info.alias)
        for section in sections(Section)
        for info in section.model_fields.values()
        if "zone" in str(info.alias).lower() or str(info.alias) == "redundancy"
    }
    assert issubclass(Settings, Section)
    assert named - NOT_ZONES - {"zone"} <= set(INSTEAD)


@pytest.mark.parametrize("name", ["prod", "staging"])
def test_region_without_zones_refuses_each_key(name: str) -> None:
    config = stack(name, ZONELESS)
    written = {path for key, value in config.items() for path in zone_keys(key, value)}
    found = refused(config)
    assert len(written) >= 3
    assert written <= set(found)


def test_following_the_messages_leads_to_no_zone() -> None:
    config = stack("prod", ZONELESS)
    for key in refused(config):
        *path, last = key.split(".")
        holder: Any = config
        for step in path:
            holder = holder[step]
        holder[last] = {"archive": "GRS", "backup": "LocallyRedundant"}.get(path[0].split(":")[1], OFF.get(last))
    assert refused(config) == {}


def test_region_with_zones_refuses_none() -> None:
    assert refused(stack("prod", "centralus")) == {}


def test_replica_is_judged_by_its_own_region() -> None:
    config = stack("prod", "centralus")
    config["medspasync:database"]["replica"] = {"location": ZONELESS, "zone": "1"}
    assert set(refused(config)) == {"medspasync:database.replica.zone"}
