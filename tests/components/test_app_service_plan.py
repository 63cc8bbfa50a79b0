"""Plans: as many workers as the load wants, inside the given range, and few of them at night."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.record import Mode, Record
from components.app_service_plan import AppServicePlan, AppServicePlanArgs, Instances, WorkingHours
from components.diagnostics import LogDestination
from tests.harness import MODES, only, record

RANGE = Instances(minimum=3, maximum=6, default=4)
HOURS = WorkingHours(
    time_zone="Eastern Standard Time",
    days=["Monday", "Friday"],
    start="07:30",
    end="20:00",
    quiet=Instances(minimum=1, maximum=2, default=1),
)


def built(mode: Mode = "deployed", **changes: Any) -> Record:
    values: dict[str, Any] = {
        "resource_group_name": "rg",
        "location": "eastus2",
        "plan_name": "plan-test",
        "subnet_id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/apps",
        "sku": "P1v3",
        "tier": "PremiumV3",
        "zone_redundant": True,
        "instances": RANGE,
        "logs": LogDestination(workspace_id="/subscriptions/s/resourceGroups/rg/providers/w"),
    }
    return record(lambda: AppServicePlan("plan", AppServicePlanArgs(**(values | changes))), mode)


def profiles(result: Record) -> dict[str, dict[str, Any]]:
    return {p["name"]: p for p in only(result, "monitor:AutoscaleSetting").inputs["profiles"]}


@pytest.mark.parametrize("zone_redundant", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_plan_is_linux_and_as_redundant_as_asked(mode: Mode, zone_redundant: bool) -> None:
    plan = only(built(mode, zone_redundant=zone_redundant), "web:AppServicePlan").inputs
    assert plan["zoneRedundant"] is zone_redundant
    assert plan["kind"] == "linux"
    assert plan["reserved"] is True
    assert plan["sku"] == {"name": "P1v3", "tier": "PremiumV3", "capacity": 4}


@pytest.mark.parametrize("hours", [None, HOURS])
@pytest.mark.parametrize("mode", MODES)
def test_profiles_scale_both_ways_on_every_metric(mode: Mode, hours: WorkingHours | None) -> None:
    """Every profile scales both ways on cpu memory and queue."""
    result = built(mode, working_hours=hours)
    for profile in profiles(result).values():
        found: dict[str, dict[str, float]] = {}
        for rule in profile["rules"]:
            trigger, action = rule["metricTrigger"], rule["scaleAction"]
            assert (trigger["operator"] == "GreaterThan") is (action["direction"] == "Increase")
            found.setdefault(trigger["metricName"], {})[action["direction"]] = trigger["threshold"]
        assert set(found) == {"CpuPercentage", "MemoryPercentage", "HttpQueueLength"}
        for thresholds in found.values():
            assert 2 * thresholds["Decrease"] < thresholds["Increase"]  # or two workers would become one, and two again
        assert len(profile["rules"]) <= 10  # Azure's limit
    if mode == "deployed":
        setting = only(result, "monitor:AutoscaleSetting").inputs
        plan = only(result, "web:AppServicePlan")
        assert setting["targetResourceUri"] == plan.id
        assert setting["profiles"][0]["rules"][0]["metricTrigger"]["metricResourceUri"] == plan.id
        assert setting["enabled"] is True


def test_range_is_what_was_asked_for() -> None:
    (profile,) = profiles(built()).values()
    assert profile["capacity"] == {"minimum": "3", "maximum": "6", "default": "4"}
    assert "recurrence" not in profile


def test_quiet_hours_begin_and_end() -> None:
    found = profiles(built(working_hours=HOURS))
    assert set(found) == {"full", "quiet", "working-hours"}
    assert found["quiet"]["capacity"] == {"minimum": "1", "maximum": "2", "default": "1"}
    assert found["working-hours"]["capacity"] == found["full"]["capacity"]
    starts = {name: found[name]["recurrence"]["schedule"] for name in ("quiet", "working-hours")}
    for schedule in starts.values():
        assert schedule["days"] == ["Monday", "Friday"]
        assert schedule["timeZone"] == "Eastern Standard Time"
    assert (starts["working-hours"]["hours"], starts["working-hours"]["minutes"]) == ([7], [30])
    assert (starts["quiet"]["hours"], starts["quiet"]["minutes"]) == ([20], [0])


@pytest.mark.parametrize(
    ("instances", "hours", "autoscaled"),
    [
        (RANGE, None, True),
        (Instances(minimum=1, maximum=1, default=1), None, False),
        (Instances(minimum=2, maximum=2, default=2), HOURS, True),
    ],
)
def test_number_of_workers_has_one_owner(instances: Instances, hours: WorkingHours | None, autoscaled: bool) -> None:
    result = built(instances=instances, working_hours=hours)
    assert len(result.of_type("monitor:AutoscaleSetting")) == int(autoscaled)
    ignored = only(result, "web:AppServicePlan").options.get("ignoreChanges", [])
    assert ignored == (["sku.capacity"] if autoscaled else [])


def test_plan_and_autoscale_have_diagnostics() -> None:
    result = built()
    targets = {r.inputs["resourceUri"]: r.inputs["logs"] for r in result.of_type("monitor:DiagnosticSetting")}
    assert targets[only(result, "web:AppServicePlan").id] == []
    logs = targets[only(result, "monitor:AutoscaleSetting").id]
    assert [log["category"] for log in logs] == ["AutoscaleEvaluations", "AutoscaleScaleActions"]
