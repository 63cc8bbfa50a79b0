"""Alert rules carry their runbook and controls, reach somebody, and say to Azure what was meant."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assurance.record import Mode
from components.alerts import ActivityCondition, AlertArgs, QueryCondition, activity_alert, log_alert
from components.budget import BudgetArgs, budget
from components.metric_alerts import MetricCondition, metric_alert
from components.web_test import WebTestArgs, web_test
from tests.harness import MODES, only, record

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg/providers"
VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv"
WORKSPACE = f"{GROUP}/Microsoft.OperationalInsights/workspaces/log"
INSIGHTS = f"{GROUP}/Microsoft.Insights/components/appi"
ACTIONS = f"{GROUP}/Microsoft.Insights/actionGroups/ag"


def args(**changes: Any) -> AlertArgs:
    defaults: dict[str, Any] = {
        "id": "vault-down",
        "rule_name": "alert-vault-down",
        "severity": 1,
        "description": "The vault is down.",
        "runbook": "docs/runbooks/secrets-unavailable.md",
        "controls": ["164.312(b)", "164.308(a)(6)(ii)"],
        "action_group_ids": [ACTIONS],
        "resource_group_name": "rg",
        "tags": {"environment": "test"},
    }
    return AlertArgs(**{**defaults, **changes})


CARRIED = {
    "alert": "vault-down",
    "runbook": "docs/runbooks/secrets-unavailable.md",
    "hipaa": "164.312(b) 164.308(a)(6)(ii)",
}


def test_an_alert_that_reaches_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="no action group"):
        args(action_group_ids=[])


@pytest.mark.parametrize("mode", MODES)
def test_metric_alert(mode: Mode) -> None:
    condition = MetricCondition(
        namespace="Microsoft.KeyVault/vaults",
        metric="Availability",
        aggregation="Average",
        operator="LessThan",
        threshold=99,
        window="PT5M",
        frequency="PT1M",
        dimensions=["ActivityType"],
    )
    rule = only(record(lambda: metric_alert("a", args(), condition, resource_id=VAULT), mode), "monitor:MetricAlert")
    inputs = rule.inputs
    criterion = inputs["criteria"]["allOf"][0]
    assert (criterion["metricNamespace"], criterion["metricName"]) == ("Microsoft.KeyVault/vaults", "Availability")
    assert (criterion["operator"], criterion["threshold"]) == ("LessThan", 99)
    assert criterion["timeAggregation"] == "Average"
    assert criterion["dimensions"] == [{"name": "ActivityType", "operator": "Include", "values": ["*"]}]
    assert inputs["scopes"] == [VAULT]
    assert (inputs["windowSize"], inputs["evaluationFrequency"]) == ("PT5M", "PT1M")
    assert inputs["enabled"] is inputs["autoMitigate"] is True
    assert inputs["actions"] == [{"actionGroupId": ACTIONS, "webHookProperties": CARRIED}]
    assert inputs["tags"] == {"environment": "test", **CARRIED}
    assert inputs["location"] == "global"


@pytest.mark.parametrize("mode", MODES)
def test_log_alert(mode: Mode) -> None:
    condition = QueryCondition(
        query="AZKVAuditLogs | where HttpStatusCode == 403",
        operator="GreaterThan",
        threshold=5,
        window="PT15M",
        frequency="PT5M",
        dimensions=["CallerIpAddress"],
    )
    rule = only(
        record(lambda: log_alert("a", args(), condition, location="eastus2", workspace_id=WORKSPACE), mode),
        "monitor:ScheduledQueryRule",
    )
    inputs = rule.inputs
    criterion = inputs["criteria"]["allOf"][0]
    assert criterion["query"] == condition.query
    assert (criterion["operator"], criterion["threshold"], criterion["timeAggregation"]) == ("GreaterThan", 5, "Count")
    assert criterion["dimensions"] == [{"name": "CallerIpAddress", "operator": "Include", "values": ["*"]}]
    assert criterion["failingPeriods"] == {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}
    assert inputs["skipQueryValidation"] is inputs["autoMitigate"] is inputs["enabled"] is True
    assert inputs["actions"] == {"actionGroups": [ACTIONS], "customProperties": CARRIED}
    assert inputs["location"] == "eastus2"


@pytest.mark.parametrize("mode", MODES)
def test_activity_alert(mode: Mode) -> None:
    condition = ActivityCondition(
        category="ResourceHealth",
        equals=[("status", "Active")],
        any_of=[("properties.currentHealthStatus", ["Degraded", "Unavailable"])],
    )
    built = record(lambda: activity_alert("a", args(), condition, scopes=[SUBSCRIPTION]), mode)
    inputs = only(built, "monitor:ActivityLogAlert").inputs
    assert inputs["condition"]["allOf"] == [
        {"field": "category", "equals": "ResourceHealth"},
        {"field": "status", "equals": "Active"},
        {
            "anyOf": [
                {"field": "properties.currentHealthStatus", "equals": "Degraded"},
                {"field": "properties.currentHealthStatus", "equals": "Unavailable"},
            ]
        },
    ]
    carried = {**CARRIED, "severity": "1"}
    assert inputs["actions"]["actionGroups"] == [{"actionGroupId": ACTIONS, "webhookProperties": carried}]
    assert inputs["tags"]["severity"] == "1"


def test_an_alert_can_be_off_and_says_so() -> None:
    condition = ActivityCondition(category="Administrative")
    built = record(lambda: activity_alert("a", args(enabled=False), condition, scopes=[SUBSCRIPTION]))
    assert only(built, "monitor:ActivityLogAlert").inputs["enabled"] is False


@pytest.mark.parametrize("mode", MODES)
def test_web_test_asks_from_several_places_and_alerts(mode: Mode) -> None:
    test_args = WebTestArgs(
        resource_group_name="rg",
        location="eastus2",
        test_name="test-api",
        url="https://api.example.org/healthz",
        app_insights_id=INSIGHTS,
        tags={"environment": "test"},
    )
    built = record(lambda: web_test("api", test_args, args()), mode)
    test = only(built, "applicationinsights:WebTest").inputs
    assert test["request"]["requestUrl"] == "https://api.example.org/healthz"
    assert test["validationRules"]["sSLCheck"] is True
    assert len(test["locations"]) == 5
    assert test["tags"] == {"environment": "test", f"hidden-link:{INSIGHTS}": "Resource"}
    alert = only(built, "monitor:MetricAlert").inputs
    assert alert["criteria"]["failedLocationCount"] == 2
    assert alert["scopes"][1] == alert["criteria"]["componentId"] == INSIGHTS


def budget_args(**changes: Any) -> BudgetArgs:
    defaults: dict[str, Any] = {
        "scope": SUBSCRIPTION,
        "budget_name": "budget-test",
        "resource_groups": ["rg-a", "rg-b"],
        "amount": 500,
        "start": date(2026, 1, 1),
        "emails": ["finance@example.org"],
        "action_group_ids": [ACTIONS],
    }
    return BudgetArgs(**{**defaults, **changes})


@pytest.mark.parametrize("mode", MODES)
def test_budget_notifies_of_spent_and_expected_cost(mode: Mode) -> None:
    inputs = only(record(lambda: budget("b", budget_args()), mode), "consumption:Budget").inputs
    assert inputs["timePeriod"] == {"startDate": "2026-01-01T00:00:00Z", "endDate": "2036-01-01T00:00:00Z"}
    assert inputs["filter"]["dimensions"] == {"name": "ResourceGroupName", "operator": "In", "values": ["rg-a", "rg-b"]}
    notified = {(n["thresholdType"], n["threshold"]) for n in inputs["notifications"].values()}
    assert notified == {("Actual", 80), ("Actual", 100), ("Forecasted", 100)}
    for notification in inputs["notifications"].values():
        assert notification["enabled"] is True
        assert notification["contactGroups"] == [ACTIONS]


def test_a_budget_that_azure_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="first of a month"):
        record(lambda: budget("b", budget_args(start=date(2026, 1, 2))))
