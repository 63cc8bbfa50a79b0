"""A stack file asks for nothing that its region does not offer (facts/regions.yaml), whichever section asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from facts.regions import regions, server_in_pair
from stacks.settings.between.regions import gateway_offers
from stacks.settings.gateway import ApiManagementSettings
from stacks.settings.platform import PlatformSettings
from stacks.settings.reading.parse import SettingsError, parse
from stacks.settings.reading.stack_file import read_stack_file
from tests.harness import ROOT, STACKS


def config(name: str = "prod", location: str | None = None, **database: Any) -> dict[str, Any]:
    values = read_stack_file(ROOT / f"Pulumi.{name}.yaml").config
    values["medspasync:platform"]["location"] = location or values["medspasync:platform"]["location"]
    values["medspasync:database"].update(database)
    return values


def refused(values: dict[str, Any]) -> dict[str, str]:
    """Keys without the namespace, and what is allowed, of what REGION-OFFER refuses."""
    try:
        parse({key: json.dumps(value) for key, value in values.items()}, "Pulumi.x.yaml")
    except SettingsError as error:
        return {p.key.removeprefix("medspasync:"): p.allowed for p in error.problems if "REGION-OFFER" in p.allowed}
    return {}


@pytest.mark.parametrize("name", STACKS)
def test_each_stack_asks_for_what_is_offered(name: str) -> None:
    assert refused(config(name)) == {}


@pytest.mark.parametrize(
    ("location", "keys"),
    [
        ("eastus2", {"database.sku", "database.highAvailability"}),
        ("southcentralus", {"database.sku", "database.highAvailability"}),
        ("eastus", {"database.highAvailability"}),
        ("westus3", {"database.geoRedundantBackup"}),
        (
            "austriaeast",
            {
                "database.geoRedundantBackup",
                *(f"apps.{a}.ingress" for a in ("backend", "frontend", "marketing", "pro-next")),
            },
        ),
        ("uksouth", set()),
    ],
)
def test_prod_elsewhere_is_refused_what_is_missing(location: str, keys: set[str]) -> None:
    assert set(refused(config(location=location))) == keys


def test_message_names_a_size_that_is_offered() -> None:
    allowed = refused(config(location="eastus2"))["database.sku"]
    assert "Standard_D4ds_v4" in allowed
    taken = config(location="eastus2", sku="Standard_D4ds_v4", highAvailability="SameZone")
    assert refused(taken) == {}


def test_replica_is_judged_by_its_own_region() -> None:
    there = {"location": "eastus2"}
    assert set(refused(config(replica=there))) == {"database.replica.location"}
    assert refused(config(replica=there, sku="Standard_D4ds_v4")) == {}


@pytest.mark.parametrize(
    ("location", "plan", "allowed"),
    [
        ("southcentralus", {"sku": "P1v4", "zoneRedundant": False}, "another size"),
        ("centralus", {"sku": "P1v4", "zoneRedundant": True}, "zoneRedundant: false"),
        ("centralus", {"sku": "P1v4", "zoneRedundant": False}, ""),
        ("uksouth", {"sku": "P1v4", "zoneRedundant": True}, ""),
    ],
)
def test_plan_sizes_follow_the_region(location: str, plan: dict[str, Any], allowed: str) -> None:
    values = config(location=location, sku="Standard_D4ds_v4", highAvailability="SameZone")
    values["medspasync:plans"]["api"].update(plan)
    found = refused(values)
    assert (allowed in found["plans.api.sku"]) if allowed else found == {}


def test_gateway_tier_follows_the_region() -> None:
    gateway = ApiManagementSettings.model_construct(tier="StandardV2")

    def keys(location: str) -> list[str]:
        platform = PlatformSettings.model_construct(location=location)
        return [problem.key for problem in gateway_offers(gateway, platform)]

    assert keys("uksouth") == ["apiManagement.tier"]
    assert keys("centralus") == []


def test_pair_is_asked_for_what_it_offers() -> None:
    assert server_in_pair("Central US", "Standard_D4ds_v5", "ZoneRedundant") == {
        "region": "eastus2",
        "compute": "Standard_D4ds_v4",
        "highAvailability": "SameZone",
        "geoRedundantBackup": True,
    }
    assert server_in_pair("eastus2", "Standard_B2s", "Disabled") == {
        "region": "centralus",
        "compute": "Standard_B2s",
        "highAvailability": "Disabled",
        "geoRedundantBackup": True,
    }


def test_pairs_are_regions_and_none_is_its_own() -> None:
    for name, region in regions().items():
        assert region.pair != name
        assert region.zones or region.postgres.zone_redundant is False
