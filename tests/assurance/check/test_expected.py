"""What is missing from a record is told: every alert, receiver and retention rule of production, taken away in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any

import pytest

from assurance.check.audit import audit
from assurance.check.demand import Demand, compare
from assurance.check.expected import demands, expected_findings, stack_settings
from assurance.check.expected_alerts import Alerts
from assurance.check.expected_logs import Logs
from assurance.check.kinds import feeders, settings_of
from assurance.check.places import Places
from assurance.errors import UsageError
from assurance.record import UNKNOWN, Mode, Record, Resource
from assurance.references import References
from policies.exceptions import Register
from policies.rules.monitoring import ALERTS as RULES
from stacks.catalogues.log_tables import audit_tables
from stacks.settings.model import Settings
from tests.assurance.check import samples
from tests.assurance.cli import failures, run
from tests.harness import MODES, ROOT
from tests.policies.records import records

PLACES = Places(ROOT)
EVERYWHERE = ("ALERT", "RECEIVER", "RETENTION", "LOG-FEED", "LOG-PLAN", "VAULT-EVENT", "DASHBOARD", "WAF")


@cache
def settings(stack: str = "prod") -> Settings:
    found = stack_settings(ROOT, stack)
    assert found is not None
    return found


@cache
def references(mode: Mode = "deployed") -> References:
    return References(records(mode)["prod"])


def resource(type_: str, **inputs: Any) -> Resource:
    """Production's one resource of the type with these inputs."""
    (found,) = [
        r for r in references().by_type(type_) if all(r.inputs.get(key) == value for key, value in inputs.items())
    ]
    return found


@contextmanager
def without(*taken: Resource) -> Iterator[References]:
    """Production without some of its resources."""
    resources = references().record.resources
    kept = list(resources)
    resources[:] = [r for r in resources if all(r is not one for one in taken)]
    try:
        yield references()
    finally:
        resources[:] = kept


@contextmanager
def altered(resource: Resource, **inputs: Any) -> Iterator[References]:
    """Production with other inputs of one resource."""
    kept = dict(resource.inputs)
    resource.inputs.update(inputs)
    try:
        yield References(references().record)
    finally:
        resource.inputs.clear()
        resource.inputs.update(kept)


def failing(found: Iterator[Demand]) -> list[Demand]:
    return [demand for demand in found if demand.problems]


def logs(seen: References) -> Logs:
    return Logs(seen, settings(), PLACES)


def alerts(seen: References) -> Alerts:
    return Alerts(seen, settings(), PLACES)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_what_the_stack_file_asks_for_is_there(stack: str, mode: Mode) -> None:
    found = list(expected_findings(records(mode)[stack], ROOT))
    assert [(f.name, f.message) for f in found if f.status == "fail"] == []
    rules = {f"EXPECT-{kind}" for kind in EVERYWHERE}
    rules |= {"EXPECT-FLOW-LOG"} if settings(stack).network.flow_logs else set()
    if settings(stack).subscription.owner:
        rules |= {"EXPECT-SUBSCRIPTION-OWNER", "EXPECT-DEFENDER", "EXPECT-POLICY"}
    assert {f.rule for f in found} == rules
    if mode == "deployed":
        assert {f.status for f in found} == {"pass"}


def test_no_alert_can_be_removed_unnoticed() -> None:
    rules = references().by_type(*RULES)
    assert len(rules) > 150
    for rule in rules:
        with without(rule) as seen:
            told = failing(alerts(seen).demands())
        assert [demand.problems for demand in told] == [["there is no such alert"]], rule.name
        assert rule.inputs["tags"]["alert"] in told[0].name
        assert told[0].origin["line"]
        if told[0].origin["file"].endswith("alerts.yaml"):
            assert told[0].origin["key"] == rule.inputs["tags"]["alert"]
            line = (ROOT / told[0].origin["file"]).read_text().splitlines()[told[0].origin["line"] - 1]
            assert line == f"{rule.inputs['tags']['alert']}:"


def test_no_retention_rule_can_be_removed_unnoticed() -> None:
    tables = references().by_type("operationalinsights:Table")
    assert {table.inputs["tableName"] for table in tables} == set(audit_tables())
    for table in tables:
        with without(table) as seen:
            (told,) = failing(logs(seen).retention())
        assert told.name == f"retention of table {table.inputs['tableName']}"
        assert told.origin["key"] == table.inputs["tableName"]
        assert told.origin["line"]


def test_a_shorter_retention_is_told() -> None:
    table = resource("operationalinsights:Table", tableName="AZKVAuditLogs")
    with altered(table, totalRetentionInDays=2191) as seen:
        (told,) = failing(logs(seen).retention())
    assert told.problems == ["totalRetentionInDays is 2191, must be 2556"]


def test_no_receiver_can_be_removed_unnoticed() -> None:
    removed = 0
    for group in references().by_type("monitor:ActionGroup"):
        for kind in ("emailReceivers", "webhookReceivers"):
            for receiver in group.inputs[kind]:
                removed += 1
                with altered(group, **{kind: [r for r in group.inputs[kind] if r is not receiver]}) as seen:
                    (told,) = failing(logs(seen).receivers())
                assert receiver.get("emailAddress", "webhook") in told.name
                assert told.problems == [f"{group.name} does not tell it"]
    assert removed == 6


def test_without_an_action_group_nobody_is_told() -> None:
    group = next(g for g in references().by_type("monitor:ActionGroup") if g.name == "action-group-security")
    with without(group) as seen:
        assert {p for d in failing(logs(seen).receivers()) for p in d.problems} == {"no action group does not tell it"}


def test_no_diagnostic_setting_that_an_alert_needs_can_be_removed_unnoticed() -> None:
    fed = [pair for kind in sorted(KINDS) for pair in feeders(references(), kind)]
    needed = [
        setting for one, feeder in fed for setting in settings_of(references(), one, feeder) if to_workspace(setting)
    ]
    assert len(needed) > 15
    for setting in [*needed, resource("monitor:SubscriptionDiagnosticSetting", name="to-workspace")]:
        with without(setting):
            told = failing(logs(References(references().record)).queries(KINDS))
        assert told, setting.name
        assert {demand.rule.id for demand in told} == {"EXPECT-LOG-FEED"}


def to_workspace(setting: Resource) -> bool:
    return bool(setting.inputs.get("workspaceId"))


KINDS = {"keyvault", "postgres", "site", "frontdoor", "redis", "storage", "servicebus", "workspace", "subscription"}


def test_a_category_that_is_off_leaves_an_alert_without_data() -> None:
    setting = next(s for s in references().by_type("monitor:DiagnosticSetting") if s.name == "app-backend-diagnostics")
    off = [{**log, "enabled": log["category"] != "AppServiceIPSecAuditLogs"} for log in setting.inputs["logs"]]
    with altered(setting, logs=off) as seen:
        (told,) = failing(logs(seen).queries(KINDS))
    assert told.name == "table AppServiceIPSecAuditLogs of alert origin-bypass"
    assert told.problems == ["app-backend does not send AppServiceIPSecAuditLogs"]
    assert told.origin["key"] == "origin-bypass"


def test_a_table_on_a_cheaper_plan_is_told_with_its_alert() -> None:
    table = resource("operationalinsights:Table", tableName="LAQueryLogs")
    with altered(table, plan="Basic") as seen:
        (told,) = failing(logs(seen).queries(KINDS))
    assert (told.name, told.problems) == ("table LAQueryLogs of alert log-export", ["its plan is Basic"])


def test_a_table_that_the_archive_or_sentinel_uses_stays_on_the_analytics_plan() -> None:
    exported = resource("operationalinsights:Table", tableName="ContainerAppConsoleLogs")
    with altered(exported, plan="Auxiliary") as seen:
        (told,) = failing(logs(seen).plans())
    assert (told.name, told.problems) == ("table ContainerAppConsoleLogs of the archive", ["its plan is Auxiliary"])
    sentinel = settings().security.sentinel.model_copy(update={"enabled": True})
    security = settings().security.model_copy(update={"sentinel": sentinel})
    watching = settings().model_copy(update={"security": security})
    with altered(resource("operationalinsights:Table", tableName="SigninLogs"), plan="Basic") as seen:
        (told,) = failing(Logs(seen, watching, PLACES).plans())
        assert failing(logs(seen).plans()) == []
    assert told.name == "table SigninLogs of Sentinel rule break-glass-signin"


def test_an_alert_on_a_kind_that_the_stack_has_not_is_not_asked_for() -> None:
    with without(*references().by_type("redisenterprise:RedisEnterprise")) as seen:
        assert not any("redis" in demand.name for demand in alerts(seen).demands())


def test_a_query_of_a_kind_that_feeds_nothing_is_told() -> None:
    with without(*references().by_type("redisenterprise:Database")):
        (told,) = failing(logs(References(references().record)).queries({"redis"}))
    assert told.problems == ["this stack has no redis"]


@pytest.mark.parametrize(
    ("alert", "change", "problem"),
    [
        ("postgres-cpu", {"severity": 4}, "severity is 4, must be 2"),
        ("postgres-cpu", {"windowSize": "PT1H"}, "windowSize is 'PT1H', must be 'PT15M'"),
        ("postgres-cpu", {"enabled": False}, "enabled is False, must be True"),
        ("postgres-cpu", {"actions": []}, "it does not tell the channel warning"),
        ("log-export", {"criteria": {"allOf": []}}, "number of criteria.allOf is 0, must be 1"),
        ("lock-deleted", {"scopes": []}, "it does not watch group-data"),
        ("lock-deleted", {"condition": {"allOf": []}}, "number of condition.allOf is 0, must be 3"),
    ],
)
def test_an_alert_that_is_not_the_catalogues_is_told(alert: str, change: dict[str, Any], problem: str) -> None:
    rule = next(r for r in references().by_type(*RULES) if r.inputs["tags"]["alert"] == alert)
    with altered(rule, **change) as seen:
        (told,) = failing(alerts(seen).demands())
    assert problem in told.problems
    assert told.resource is rule


def test_a_query_that_was_softened_is_told() -> None:
    rule = next(r for r in references().by_type(*RULES) if r.inputs["tags"]["alert"] == "vault-unknown-identity")
    (criterion,) = rule.inputs["criteria"]["allOf"]
    softened = {**criterion, "query": criterion["query"] + "\n| take 0"}
    with altered(rule, criteria={"allOf": [softened]}) as seen:
        (told,) = failing(alerts(seen).demands())
    assert told.problems == ["criteria.allOf[0].query is not the catalogue's"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"amount": 1}, "amount is 1, must be 6000.0"), ({"notifications": {}}, "no notification on Actual cost")],
)
def test_a_budget_that_does_not_tell_is_told(change: dict[str, Any], problem: str) -> None:
    with altered(resource("consumption:Budget"), **change) as seen:
        (told,) = failing(alerts(seen).demands())
    assert problem in told.problems


def test_a_missing_budget_or_availability_test_is_told() -> None:
    with without(resource("consumption:Budget"), *references().by_type("applicationinsights:WebTest")) as seen:
        names = {demand.name for demand in failing(alerts(seen).demands())}
    assert names == {"budget", *(f"availability test {name}" for name in settings().monitoring.availability_tests)}


def test_alerts_of_azure_backup_that_nobody_hears_of_are_told() -> None:
    with without(resource("alertsmanagement:AlertProcessingRuleByName")) as seen:
        (told,) = failing(alerts(seen).demands())
    assert told.name == "alerts of Azure Backup"


def test_a_rule_that_silences_alerts_must_be_a_window_of_the_stack_file() -> None:
    rule = resource("alertsmanagement:AlertProcessingRuleByName")
    with altered(rule, properties={"actions": [{"actionType": "RemoveAllActionGroups"}]}) as seen:
        told = {demand.name: demand.problems for demand in failing(alerts(seen).demands())}
    assert set(told) == {"alerts of Azure Backup", "quiet by alert-processing-backup"}
    assert told["quiet by alert-processing-backup"] == ["it silences alerts, and is no window of the stack file"]


def test_tenant_logs_are_said_to_be_unchecked() -> None:
    """Somebody with tenant rights sends them; no record can show it."""
    (demand,) = [d for d in logs(references()).queries({"tenant"}) if d.rule.id == "EXPECT-LOG-FEED"]
    finding = demand.finding("prod")
    assert finding.status == "unchecked"
    assert "outside this program" in finding.message


def test_a_record_of_a_foreign_stack_is_unchecked_and_says_so() -> None:
    (finding,) = [f for f in samples.report().with_status("unchecked") if f.rule == "EXPECT-STACK-FILE"]
    assert "there is no Pulumi.dev.yaml here" in finding.message


def test_a_wrong_stack_file_is_wrong_use(tmp_path: Any) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  medspasync:monitoring: {}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"Pulumi\.dev\.yaml"):
        list(expected_findings(samples.record(), tmp_path))


def test_the_command_fails_and_names_the_alert(tmp_path: Any) -> None:
    record = records("deployed")["prod"]
    removed = "alert-vault-deleted"
    altered = Record(record.stack, record.mode, [r for r in record if r.name != removed], record.outputs)
    result, report = run("check", altered, tmp_path)
    assert result.exit_code == 1
    (finding,) = failures(report)
    assert (finding["rule"], finding["name"]) == ("EXPECT-ALERT", "alert vault-deleted")
    assert finding["origin"]["file"] == "stacks/catalogues/alerts.yaml"


def test_an_audit_reads_this_projects_stack_files() -> None:
    report = audit(records("deployed")["prod"], Register.load(), date(2026, 11, 22), rules=())
    assert report.totals["pass"] > 200
    assert report.totals["unchecked"] == 0


def test_all_demands_are_found_in_both_modes() -> None:
    names = [sorted(d.name for d in demands(records(mode)["prod"], settings(), PLACES)) for mode in MODES]
    assert names[0] == names[1]


def test_values_are_compared_in_their_place() -> None:
    there = {"a": {"b": [1, {"c": "text 5"}]}, "later": UNKNOWN}
    assert compare(there, {"a": {"b": [1, {"c": re.compile(r"text \d")}]}}).different == []
    assert compare(there, {"a": {"b": [2, {}]}}).different == ["a.b[0] is 1, must be 2"]
    assert compare(there, {"a": {"b": [1]}}).different == ["number of a.b is 2, must be 1"]
    assert compare(there, {"x": {"y": 1}}).different == ["x.y is None, must be 1"]
    assert compare(there, {"a": {"b": [1, {"c": re.compile("text")}]}}).different == ["a.b[1].c is not the catalogue's"]
    assert compare(there, {"later": {"z": 1}}).unknown == ["known only when deployed: later"]
