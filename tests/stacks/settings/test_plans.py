"""Plans in the stack config: what a tier cannot do is said before anything is created."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from documents.sections import all_problems
from stacks.settings.plans import TIERS
from tests.stacks.hosting import read_plan


def instances(minimum: int, maximum: int, default: int | None = None) -> dict[str, int]:
    return {"minimum": minimum, "maximum": maximum, "default": minimum if default is None else default}


SCHEDULE = {
    "timeZone": "Eastern Standard Time",
    "days": ["Monday", "Tuesday"],
    "start": "07:00",
    "end": "20:00",
    "quiet": instances(2, 2),
}


def keys(**changes: Any) -> list[str]:
    return [problem.key for problem in all_problems(read_plan(**changes))]


def test_right_plans_have_no_problem() -> None:
    assert keys() == []
    assert keys(schedule=SCHEDULE) == []
    assert keys(sku="B1", zoneRedundant=False, instances=instances(1, 1)) == []
    assert keys(sku="S1", zoneRedundant=False, instances=instances(1, 10)) == []
    assert keys(sku="P5mv4", instances=instances(3, 30)) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"instances": instances(1, 6)}, "instances.minimum"),
        ({"schedule": SCHEDULE | {"quiet": instances(1, 2)}}, "schedule.quiet.minimum"),
        ({"sku": "S1"}, "zoneRedundant"),
        ({"sku": "S1", "zoneRedundant": False, "instances": instances(1, 11)}, "instances.maximum"),
        ({"sku": "B1", "zoneRedundant": False, "instances": instances(1, 2)}, "instances.maximum"),
        ({"sku": "B1", "zoneRedundant": False, "instances": instances(2, 2), "schedule": SCHEDULE}, "schedule"),
        ({"instances": instances(6, 3)}, "instances.default"),
        ({"instances": instances(2, 6, default=7)}, "instances.default"),
        ({"schedule": SCHEDULE | {"start": "20:00"}}, "schedule.end"),
        ({"schedule": SCHEDULE | {"days": ["Monday", "Monday"]}}, "schedule.days"),
    ],
)
def test_what_a_tier_cannot_do_is_named(change: dict[str, Any], key: str) -> None:
    assert keys(**change) == [key]


@pytest.mark.parametrize(
    "change",
    [
        {"sku": "F1"},
        {"sku": "P1v2"},
        {"sku": "p1v3"},
        {"instances": instances(0, 3)},
        {"instances": instances(3, 31)},
        {"schedule": SCHEDULE | {"start": "7:00"}},
        {"schedule": SCHEDULE | {"end": "24:00"}},
        {"schedule": SCHEDULE | {"days": ["Caturday"]}},
        {"schedule": SCHEDULE | {"days": []}},
        {"zones": 3},
    ],
)
def test_a_wrong_value_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_plan(**change)


@given(
    sku=st.sampled_from(["B2", "S2", "P0v3", "P1mv3", "P2v4", "P3mv4"]),
    zones=st.booleans(),
    minimum=st.integers(1, 30),
    more=st.integers(0, 29),
)
def test_plan_without_problems_is_one_that_azure_takes(sku: str, zones: bool, minimum: int, more: int) -> None:
    maximum = min(30, minimum + more)
    plan = read_plan(sku=sku, zoneRedundant=zones, instances=instances(minimum, maximum))
    if not list(all_problems(plan)):
        assert maximum <= plan.tier.workers
        assert not zones or (plan.tier.name.startswith("PremiumV") and minimum >= 2)
        assert plan.tier.elastic or minimum == maximum


def test_every_size_has_one_tier() -> None:
    found = {sku: read_plan(sku=sku).tier.name for sku in ("B3", "S3", "P0v3", "P1mv3", "P0v4", "P5mv4")}
    assert found == {
        "B3": "Basic",
        "S3": "Standard",
        "P0v3": "PremiumV3",
        "P1mv3": "PremiumV3",
        "P0v4": "PremiumV4",
        "P5mv4": "PremiumV4",
    }
    assert set(found.values()) == {tier.name for tier in TIERS.values()}
