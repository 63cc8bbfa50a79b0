"""Every alert of the catalogue is made for every resource it concerns, is on, reaches somebody and names a runbook."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.record import Mode, Record, Resource
from stacks.catalogues.alerts import ActivityEntry, MetricEntry, QueryEntry, alert_catalogue, builtin_alerts, minutes
from stacks.catalogues.log_tables import audit_tables
from tests.harness import MODES, ROOT, entry_of, only, record
from tests.stacks.monitoring_stack import APPS, KINDS, program
from tests.stacks.settings.test_monitoring import receivers

RULES = ("monitor:MetricAlert", "monitor:ScheduledQueryRule", "monitor:ActivityLogAlert")


@pytest.fixture(scope="module", params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(program(owner=True, tenantLogs=True), mode)


@pytest.fixture(scope="module")
def deployed() -> Record:
    return record(program(owner=True, tenantLogs=True))


def rules(built: Record) -> list[Resource]:
    return built.of_type(*RULES)


def of_queries(built: Record) -> list[Resource]:
    return built.of_type("monitor:ScheduledQueryRule")


def groups_of(rule: Resource) -> list[str]:
    actions = rule.inputs["actions"]
    if rule.type.endswith("ScheduledQueryRule"):
        return list(actions["actionGroups"])
    entries = actions["actionGroups"] if isinstance(actions, dict) else actions
    return [entry["actionGroupId"] for entry in entries]


def of_alert(built: Record, alert_id: str) -> list[Resource]:
    return [rule for rule in rules(built) if rule.inputs["tags"]["alert"] == alert_id]


OF_A_REPLICA = {
    alert_id
    for alert_id, entry in alert_catalogue().items()
    if isinstance(entry, MetricEntry) and "replica" in entry.only
}


def test_every_entry_of_the_catalogue_is_made(built: Record) -> None:
    made = {rule.inputs["tags"]["alert"] for rule in rules(built)}
    assert made == set(alert_catalogue()) - OF_A_REPLICA
    left_out = {each["key"]: each["reason"] for each in built.notMade if each["file"].endswith("alerts.yaml")}
    assert {key: left_out[key] for key in OF_A_REPLICA} == dict.fromkeys(
        OF_A_REPLICA, "this stack has no replica of kind postgres"
    )


def test_metric_is_watched_on_all_of_its_kind(deployed: Record) -> None:
    single = dict.fromkeys(("plan", "frontdoor", "nat", "workspace"), 1)
    counts = {**{kind: len(names) for kind, (_, names) in KINDS.items()}, "site": len(APPS), **single}
    for alert_id, entry in alert_catalogue().items():
        if isinstance(entry, MetricEntry):
            made = of_alert(deployed, alert_id)
            assert len(made) == (0 if entry.only else counts[entry.kind]), alert_id
            assert len({rule.inputs["scopes"][0] for rule in made}) == len(made)
        else:
            assert len(of_alert(deployed, alert_id)) == 1, alert_id


def test_every_alert_is_on_heard_and_explained(deployed: Record) -> None:
    group_names = {group.id: group.inputs["groupShortName"] for group in deployed.of_type("monitor:ActionGroup")}
    for rule in rules(deployed):
        entry = alert_catalogue()[rule.inputs["tags"]["alert"]]
        assert rule.inputs["enabled"] is True
        (group,) = groups_of(rule)
        assert entry.channel.startswith(group_names[group].removeprefix("test"))
        assert (ROOT / rule.inputs["tags"]["runbook"]).is_file(), rule.inputs["tags"]["runbook"]
        assert rule.inputs["tags"]["hipaa"]
        assert rule.inputs["description"] == entry.summary
        if not isinstance(entry, ActivityEntry):
            assert rule.inputs["severity"] in range(5)


def test_rules_run_at_least_once_per_window(built: Record) -> None:
    timed = built.of_type("monitor:MetricAlert", "monitor:ScheduledQueryRule")
    assert timed
    for rule in timed:
        assert minutes(rule.inputs["evaluationFrequency"]) <= minutes(rule.inputs["windowSize"])


def test_rule_names_are_unique_and_fit_azure(built: Record) -> None:
    names = [rule.inputs.get("ruleName") or rule.inputs["activityLogAlertName"] for rule in rules(built)]
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) <= 260 for name in names)


def test_each_alert_points_to_its_entry(deployed: Record) -> None:
    for rule in rules(deployed):
        assert entry_of(rule) == ("stacks/catalogues/alerts.yaml", rule.inputs["tags"]["alert"])


@pytest.mark.parametrize("mode", MODES)
def test_kind_that_does_not_exist_has_no_alert(mode: Mode) -> None:
    built = record(program(kinds=("keyvault",)), mode)
    kinds = {alert_catalogue()[rule.inputs["tags"]["alert"]].kind for rule in rules(built)}
    assert kinds == {"keyvault", "site", "plan", "frontdoor", "nat", "workspace", "groups"}
    assert not built.of_type("monitor:SubscriptionDiagnosticSetting")


def test_alert_override_changes_that_alert_only() -> None:
    usual = record(program())
    changed = record(
        program(
            alerts={
                "postgres-cpu": {"threshold": 70.5},
                "redis-memory": {"enabled": False, "reason": "the cache of this stack holds nothing"},
            }
        )
    )
    differing = set()
    for before, after in zip(rules(usual), rules(changed), strict=True):
        if before.inputs != after.inputs:
            differing.add(after.inputs["tags"]["alert"])
    assert differing == {"postgres-cpu", "redis-memory"}
    (rule,) = of_alert(changed, "postgres-cpu")
    assert rule.inputs["criteria"]["allOf"][0]["threshold"] == 70.5
    (off,) = of_alert(changed, "redis-memory")
    assert off.inputs["enabled"] is False


def test_thresholds_are_those_of_the_catalogue(built: Record) -> None:
    for alert_id, entry in alert_catalogue().items():
        if isinstance(entry, (MetricEntry, QueryEntry)):
            for rule in of_alert(built, alert_id):
                criterion = rule.inputs["criteria"]["allOf"][0]
                threshold = 800 if alert_id == "postgres-connections" else entry.threshold
                assert (criterion["operator"], criterion["threshold"]) == (entry.operator, threshold)


def test_a_stacks_own_share_is_a_share_too() -> None:
    (rule,) = of_alert(record(program(alerts={"postgres-connections": {"threshold": 0.5}})), "postgres-connections")
    assert rule.inputs["criteria"]["allOf"][0]["threshold"] == 500


def test_only_owner_of_subscription_sends_its_activity_log(deployed: Record) -> None:
    setting = only(deployed, "monitor:SubscriptionDiagnosticSetting").inputs
    assert len(setting["logs"]) == 8
    assert all(log["enabled"] for log in setting["logs"])
    assert setting["workspaceId"] == only(deployed, "operationalinsights:Workspace").id


def test_audit_tables_are_kept_as_configured() -> None:
    built = record(program(workspace={"retentionDays": 90, "auditRetentionDays": 2191}))
    tables = {
        t.inputs["tableName"]: t.inputs["totalRetentionInDays"] for t in built.of_type("operationalinsights:Table")
    }
    assert tables == dict.fromkeys(audit_tables(), 2191)


def test_a_webhook_without_address_is_not_left_out() -> None:
    channel = receivers(security={"emails": ["security@medspasyncpro.com"], "webhook": True})
    with pytest.raises(ValueError, match="has no value"):
        record(program(webhook=None, receivers=channel, webhookSecret="MONITORING-WEBHOOK-URL"))


def test_queries_hold_what_only_the_stack_knows(built: Record) -> None:
    queries = {r.inputs["tags"]["alert"]: r.inputs["criteria"]["allOf"][0]["query"] for r in of_queries(built)}
    assert not any("{{" in query for query in queries.values())
    assert '"medspasync_backend", "medspasync_frontend"' in queries["phi-read-by-people"]
    waiting = {alert_id for alert_id, query in queries.items() if query == "[unknown]"}
    assert waiting <= {
        "vault-unknown-identity",
        "vault-access-denied",
        "secret-reference-failed",
        "encryption-key-unusable",
    }
    if built.mode == "deployed":
        assert not waiting
        assert '"object-backend"' in queries["vault-unknown-identity"]
        assert '"object-encryption"' in queries["vault-unknown-identity"]


@pytest.mark.parametrize("mode", MODES)
def test_receivers_follow_the_config(mode: Mode) -> None:
    changes: dict[str, Any] = {
        "receivers": receivers(security={"emails": ["security@medspasyncpro.com"], "webhook": True}),
        "webhookSecret": "MONITORING-WEBHOOK-URL",
    }
    built = record(program(**changes), mode)
    groups = {group.name: group.inputs for group in built.of_type("monitor:ActionGroup")}
    assert set(groups) == {"action-group-critical", "action-group-warning", "action-group-security"}
    assert [r["emailAddress"] for r in groups["action-group-security"]["emailReceivers"]] == [
        "security@medspasyncpro.com"
    ]
    assert groups["action-group-security"]["webhookReceivers"][0]["serviceUri"] == "[secret]"
    assert groups["action-group-critical"]["webhookReceivers"] == []
    assert all(len(group["groupShortName"]) <= 12 for group in groups.values())
    assert len({group["groupShortName"] for group in groups.values()}) == 3
    assert "token-nobody-may-see" not in built.to_json()


@pytest.mark.parametrize("mode", MODES)
def test_availability_tests_are_made_as_configured(mode: Mode) -> None:
    url = "https://api.medspasyncpro.com/healthz"
    built = record(program(availabilityTests={"api": {"url": url}}), mode)
    test = only(built, "applicationinsights:WebTest")
    assert test.inputs["request"]["requestUrl"] == url
    assert entry_of(test) == ("Pulumi.test.yaml", "medspasync:monitoring.availabilityTests.api")
    assert not record(program(), mode).of_type("applicationinsights:WebTest")


def test_builtin_alert_follows_catalogue_and_override() -> None:
    url = "https://api.medspasyncpro.com/healthz"
    override = {"availability": {"enabled": False, "reason": "the host moves this week"}}
    built = record(program(availabilityTests={"api": {"url": url}}, alerts=override))
    (rule,) = of_alert(built, "availability")
    entry = builtin_alerts()["availability"]
    assert (rule.inputs["enabled"], rule.inputs["severity"]) == (False, entry.severity)
    assert {origin["key"] for origin in rule.origins} >= {"availability", "medspasync:monitoring.alerts.availability"}


def test_the_budget_counts_the_stacks_own_groups() -> None:
    built = record(
        program(budget={"amount": 900, "startDate": "2026-02-01", "contacts": ["finance@medspasyncpro.com"]})
    )
    inputs = only(built, "consumption:Budget").inputs
    assert inputs["amount"] == 900
    assert set(inputs["filter"]["dimensions"]["values"]) == {"rg-platform", "rg-data", "rg-monitoring", "rg-paired"}
    for notification in inputs["notifications"].values():
        assert notification["contactEmails"] == ["finance@medspasyncpro.com"]
        assert len(notification["contactGroups"]) == 1


@pytest.mark.parametrize("mode", MODES)
def test_azure_backups_own_alerts_reach_the_critical_channel(mode: Mode) -> None:
    built = record(program(), mode)
    rule = only(built, "alertsmanagement:AlertProcessingRuleByName")
    properties = rule.inputs["properties"]
    assert properties["enabled"] is True
    assert properties["conditions"] == [
        {"field": "TargetResourceType", "operator": "Equals", "values": ["microsoft.dataprotection/backupvaults"]}
    ]
    assert len(properties["scopes"]) == 4
    (action,) = properties["actions"]
    assert action["actionType"] == "AddActionGroups"
    if mode == "deployed":
        critical = next(g for g in built.of_type("monitor:ActionGroup") if g.name == "action-group-critical")
        assert action["actionGroupIds"] == [critical.id]


WINDOW = {
    "name": "patches",
    "days": ["Sunday"],
    "start": "03:00",
    "end": "05:00",
    "reason": "Azure restarts the database in these hours.",
}


@pytest.mark.parametrize("mode", MODES)
def test_a_maintenance_window_quiets_metrics_only(mode: Mode) -> None:
    built = record(program(maintenance=[WINDOW]), mode)
    (rule,) = [r for r in built.of_type("alertsmanagement:AlertProcessingRuleByName") if "maintenance" in r.name]
    properties = rule.inputs["properties"]
    assert properties["conditions"] == [{"field": "SignalType", "operator": "Equals", "values": ["Metric"]}]
    assert properties["actions"] == [{"actionType": "RemoveAllActionGroups"}]
    assert properties["schedule"] == {
        "timeZone": "UTC",
        "recurrences": [
            {"recurrenceType": "Weekly", "daysOfWeek": ["Sunday"], "startTime": "03:00:00", "endTime": "05:00:00"}
        ],
    }
    assert entry_of(rule) == ("Pulumi.test.yaml", "medspasync:monitoring.maintenance.patches")


def test_no_security_alert_can_be_quieted() -> None:
    """A maintenance window filters by signal: no alert on a metric is the security channel's."""
    entries = alert_catalogue().values()
    assert not [entry for entry in entries if isinstance(entry, MetricEntry) and entry.channel == "security"]
