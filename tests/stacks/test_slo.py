"""Each objective of each app has its four alerts, with receiver and runbook; budgets are what the objectives allow."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from assurance.record import Record
from components.slo import ErrorBudget, ServiceLevelObjective, ServiceLevelObjectiveArgs
from stacks.catalogues.alerts import builtin_alerts
from stacks.catalogues.slos import slo_catalogue
from stacks.outputs import Monitoring
from stacks.settings.slo import SloSettings
from stacks.slo import build_slo, error_budgets
from tests.harness import MODES, ROOT, only, record
from tests.stacks.hosting import read_app
from tests.stacks.layers import GROUP, WORKSPACE
from tests.stacks.monitoring_stack import foundation
from tests.stacks.settings.sections import read

CHANNELS = ("critical", "warning", "security")


def slo(**changes: Any) -> SloSettings:
    data = {
        "traffic": {"backend": 100000, "web": 50000},
        "objectives": {"backend": {"latency": {"milliseconds": 250}}, "web": {"availability": 99.5}},
    }
    return read(SloSettings, data | changes)


def monitoring() -> Monitoring:
    return Monitoring(
        workspace_id=pulumi.Output.from_input(WORKSPACE),
        app_insights_id=pulumi.Output.from_input(f"{GROUP}/providers/Microsoft.Insights/components/appi"),
        connection_string=pulumi.Output.secret("x"),
        action_groups={channel: pulumi.Output.from_input(f"/ag/{channel}") for channel in CHANNELS},
    )


def program(settings: SloSettings) -> Callable[[], None]:
    apps = {"backend": read_app(healthCheckPath="/live"), "web": read_app()}
    return lambda: build_slo(settings, apps, {}, foundation(monitoring()))


@pytest.fixture(scope="module", params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    return record(program(slo()), request.param)


def test_every_objective_has_every_burn_rate(built: Record) -> None:
    made = {alert.name for alert in built.of_type("monitor:ScheduledQueryRule")}
    promised = ("backend-availability", "backend-latency", "web-availability")
    assert made == {f"slo-{objective}-{speed}" for objective in promised for speed in slo_catalogue().burn_rates}


def test_each_alert_reaches_channel_and_names_existing_runbook(built: Record) -> None:
    for alert in built.of_type("monitor:ScheduledQueryRule"):
        rate = slo_catalogue().burn_rates[alert.name.rsplit("-", 1)[-1]]
        entry = builtin_alerts()[alert.inputs["tags"]["alert"]]
        assert alert.inputs["actions"]["actionGroups"] == [f"/ag/{entry.channel}"]
        assert alert.inputs["severity"] == entry.severity
        assert alert.inputs["windowSize"] == rate.long
        assert alert.inputs["evaluationFrequency"] == rate.frequency
        assert alert.inputs["enabled"] is True
        assert (ROOT / alert.inputs["tags"]["runbook"]).is_file()


def test_a_query_holds_its_apps_own_promise(built: Record) -> None:
    queries = {
        alert.name: alert.inputs["criteria"]["allOf"][0]["query"]
        for alert in built.of_type("monitor:ScheduledQueryRule")
    }
    assert "DurationMs >= 250" in queries["slo-backend-latency-fast"]
    assert '"/live"' in queries["slo-backend-availability-fast"]
    assert "/ 0.005" in queries["slo-web-availability-slow"]
    assert re.search(r"/ 0\.001\b", queries["slo-backend-availability-slow"])
    assert not any("{{" in query for query in queries.values())


def test_alerts_name_the_app_they_come_from(built: Record) -> None:
    for alert in built.of_type("monitor:ScheduledQueryRule"):
        assert alert.origin is not None
        assert alert.origin["key"] == f"medspasync:slo.objectives.{alert.name.split('-')[1]}"


def test_load_testing_only_where_asked_for(built: Record) -> None:
    assert built.of_type("loadtestservice:LoadTest") == []
    made = only(record(program(slo(loadTesting=True))), "loadtestservice:LoadTest")
    assert made.inputs["identity"] == {"type": "None"}


def test_budgets_are_what_the_objectives_allow() -> None:
    budgets = error_budgets(slo())
    assert budgets["backend"]["availability"] == {
        "objectivePercent": 99.9,
        "periodDays": 30,
        "badRequests": 3000,
        "outageMinutes": 43.2,
    }
    assert budgets["backend"]["latency"]["milliseconds"] == 250
    assert budgets["web"]["availability"]["outageMinutes"] == 216.0
    assert set(budgets["web"]) == {"availability"}


@pytest.mark.parametrize(("limit", "reachable"), [(14.4, True), (999, True), (1000, False)])
def test_budget_cannot_burn_faster_than_all_requests_bad(limit: float, reachable: bool) -> None:
    assert ErrorBudget(objective=99.9, period_days=30).reachable(limit) is reachable


@pytest.mark.parametrize("objective", [0.0, 100.0])
def test_an_objective_without_a_budget_is_refused(objective: float) -> None:
    args = ServiceLevelObjectiveArgs(
        location="eastus2",
        workspace_id=WORKSPACE,
        budget=ErrorBudget(objective=objective, period_days=30),
        alerts=[],
    )
    with pytest.raises(ValueError, match="leaves no budget"):
        record(lambda: ServiceLevelObjective("slo", args))
