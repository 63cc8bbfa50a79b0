"""Sentinel, Defender and policy initiatives are made as the stack asks, and only then."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from assurance.record import Mode, Record
from components.custom_role import CustomRole, CustomRoleArgs
from components.defender import Defender, DefenderArgs
from stacks.catalogues.policy_exemptions import INITIATIVES, policy_exemptions
from stacks.catalogues.sentinel import APPROVED, sentinel_catalogue
from stacks.outputs import Edge
from stacks.response import SENTINEL_RESPONDER
from stacks.security import build_rules, build_security
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.platform import PlatformSettings
from stacks.settings.security import PLANS, SecuritySettings, SubscriptionSettings
from tests.harness import MODES, only, record
from tests.stacks.layers import GROUP, SUBSCRIPTION, WORKSPACE
from tests.stacks.monitoring_stack import foundation
from tests.stacks.settings.sections import read
from tests.stacks.settings.test_monitoring import document
from tests.stacks.test_dashboards import EVERYTHING, data
from tests.stacks.test_slo import monitoring

WAF = {
    name: f"{GROUP}/providers/Microsoft.Network/frontdoorWebApplicationFirewallPolicies/{name}"
    for name in ("api", "web")
}
EMERGENCY = {"owner": "00000000-0000-4000-8000-00000000b9e1"}
FULL: dict[str, Any] = {
    "sentinel": {
        "enabled": True,
        "behaviorAnalytics": True,
        "threatIntelligence": True,
        "entraProtection": True,
        "defenderIncidents": True,
        "response": {"blockAddresses": True, "disableAccounts": True, "neverBlock": ["198.51.100.1"]},
    },
    "defender": {"keyVaults": True, "storageAccounts": True},
    "policies": {"hipaa": True, "hitrustCsf": True},
    "breakGlass": EMERGENCY,
}
SENTINEL_TYPES = (
    "securityinsights:ScheduledAlertRule",
    "securityinsights:AutomationRule",
    "securityinsights:Watchlist",
    "securityinsights:EntityAnalytics",
    "securityinsights:Ueba",
    "securityinsights:MSTIDataConnector",
    "securityinsights:ASCDataConnector",
    "securityinsights:AADDataConnector",
    "securityinsights:MicrosoftSecurityIncidentCreationAlertRule",
)


def program(config: dict[str, Any], kinds: tuple[str, ...] = EVERYTHING) -> Callable[[], None]:
    sections = (
        read(SecuritySettings, config),
        SubscriptionSettings(owner=True),
        read(MonitoringSettings, document(tenantLogs=True)),
        PlatformSettings.model_construct(owner="platform-engineering"),
    )

    def build() -> None:
        base = foundation(monitoring())
        outgoing = replace(base.network, egress_address=pulumi.Output.from_input("203.0.113.99"))
        edge = Edge(waf_policies={name: pulumi.Output.from_input(id_) for name, id_ in WAF.items()})
        build_security(*sections, replace(base, network=outgoing), data(*kinds), edge)

    return build


def changed(**sentinel: Any) -> dict[str, Any]:
    return {**FULL, "sentinel": {**FULL["sentinel"], **sentinel}}


@pytest.fixture(scope="module", params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(program(FULL), mode)


@pytest.fixture(scope="module")
def deployed() -> Record:
    return record(program(FULL))


def test_nothing_is_made_unless_asked_for() -> None:
    assert list(record(program({}))) == []


def test_sentinel_is_onboarded_once_before_everything_else(built: Record) -> None:
    onboarding = only(built, "securityinsights:SentinelOnboardingState")
    assert onboarding.inputs["sentinelOnboardingStateName"] == "default"
    parts = built.of_type(*SENTINEL_TYPES)
    assert {part.type.rpartition(":")[2] for part in parts} == {
        type_.rpartition(":")[2] for type_ in SENTINEL_TYPES if "Automation" not in type_
    }
    for part in parts:
        assert onboarding.urn in part.dependencies, part.name


def test_every_rule_with_logs_is_on_and_mapped(built: Record) -> None:
    rules = {rule.name.removeprefix("sentinel-"): rule for rule in built.of_type("securityinsights:ScheduledAlertRule")}
    assert set(rules) == set(sentinel_catalogue())
    for event, rule in rules.items():
        entry = sentinel_catalogue()[event]
        assert rule.inputs["enabled"] is True
        assert uuid.UUID(rule.inputs["ruleId"]).version == 5
        assert rule.inputs["triggerThreshold"] == 0
        assert rule.inputs["incidentConfiguration"]["createIncident"] is True
        assert entry.runbook in rule.inputs["description"]
        assert [m["entityType"] for m in rule.inputs["entityMappings"]] == [entity.type for entity in entry.entities]


def test_rule_without_logs_or_feature_is_omitted() -> None:
    plain = read(SecuritySettings, {"sentinel": {"enabled": True}})
    assert set(build_rules(plain, {"frontdoor"})) == {"edge-scanner", "signin-after-guessing"}
    assert "break-glass-signin" not in build_rules(plain, {"tenant", "frontdoor"})
    assert "break-glass-signin" in build_rules(read(SecuritySettings, FULL), {"tenant"})


def test_the_watchlist_holds_the_emergency_identities(built: Record) -> None:
    watchlist = only(built, "securityinsights:Watchlist")
    assert watchlist.inputs["rawContent"] == f"Name,ObjectId\nowner,{EMERGENCY['owner']}\n"
    assert watchlist.inputs["itemsSearchKey"] == "ObjectId"
    (reader,) = [
        r for r in built.of_type("securityinsights:ScheduledAlertRule") if "_GetWatchlist" in r.inputs["query"]
    ]
    assert f'_GetWatchlist("{watchlist.inputs["watchlistAlias"]}")' in reader.inputs["query"]
    assert watchlist.urn in reader.dependencies


def test_an_incident_reaches_the_security_channel(built: Record) -> None:
    alert = only(built, "monitor:ScheduledQueryRule")
    assert alert.inputs["actions"]["actionGroups"] == ["/ag/security"]
    assert "SecurityIncident" in alert.inputs["criteria"]["allOf"][0]["query"]


def test_with_approval_only_a_person_labels(built: Record) -> None:
    assert built.of_type("securityinsights:AutomationRule") == []


def test_without_approval_incidents_of_blocking_rules_are_labelled(deployed: Record) -> None:
    config = changed(response={"blockAddresses": True, "approval": False})
    made = record(program(config))
    rule = only(made, "securityinsights:AutomationRule")
    (action,) = rule.inputs["actions"]
    assert action["actionConfiguration"]["labels"] == [{"labelName": APPROVED["block"]}]
    (condition,) = rule.inputs["triggeringLogic"]["conditions"]
    blocking = {event for event, entry in sentinel_catalogue().items() if entry.respond == "block"}
    ids = {
        r.id
        for r in made.of_type("securityinsights:ScheduledAlertRule")
        if r.name.removeprefix("sentinel-") in blocking
    }
    assert set(condition["conditionProperties"]["propertyValues"]) == ids
    assert len(ids) == len(blocking) == 2


def test_blocker_may_write_firewall_policies_and_nothing_else(deployed: Record) -> None:
    role = only(deployed, "authorization:RoleDefinition")
    (permissions,) = role.inputs["permissions"]
    policy = "Microsoft.Network/frontDoorWebApplicationFirewallPolicies"
    assert permissions["actions"] == [f"{policy}/read", f"{policy}/write"]
    assert permissions["dataActions"] == []
    assert role.inputs["assignableScopes"] == [role.inputs["scope"]]
    identity = next(r for r in deployed if r.name == "identity-response-block" and "principalId" in r.outputs)
    given = {
        (grant.inputs["scope"], grant.inputs["roleDefinitionId"].rsplit("/", 1)[-1])
        for grant in deployed.of_type("authorization:RoleAssignment")
        if grant.inputs["principalId"] == identity.outputs["principalId"]
    }
    definition = role.inputs["roleDefinitionId"]
    assert given == {(WORKSPACE, SENTINEL_RESPONDER), *((policy_id, definition) for policy_id in WAF.values())}


def test_disabler_has_rights_on_incidents_only(deployed: Record) -> None:
    identity = next(r for r in deployed if r.name == "identity-response-disable" and "principalId" in r.outputs)
    grants = [
        grant
        for grant in deployed.of_type("authorization:RoleAssignment")
        if grant.inputs["principalId"] == identity.outputs["principalId"]
    ]
    assert [grant.inputs["scope"] for grant in grants] == [WORKSPACE]


def test_playbooks_know_whom_to_leave_alone(deployed: Record) -> None:
    workflows = {workflow.name: workflow for workflow in deployed.of_type("logic:Workflow")}
    assert set(workflows) == {"playbook-block", "playbook-disable"}
    block = workflows["playbook-block"].inputs["parameters"]
    assert block["never"]["value"] == ["198.51.100.1", "203.0.113.99"]
    assert block["policies"]["value"] == list(WAF.values())
    assert workflows["playbook-disable"].inputs["parameters"]["never"]["value"] == list(EMERGENCY.values())


def test_a_playbook_that_fails_is_heard_of(built: Record) -> None:
    alerts = {alert.name: alert for alert in built.of_type("monitor:MetricAlert")}
    assert set(alerts) == {"alert-playbook-block", "alert-playbook-disable"}
    for alert in alerts.values():
        assert alert.inputs["criteria"]["allOf"][0]["metricName"] == "RunsFailed"
        assert alert.inputs["actions"][0]["actionGroupId"] == "/ag/security"


def test_defender_plans_follow_config_one_by_one(built: Record) -> None:
    """Written one after the other: Azure takes one at a time."""
    plans = {plan.inputs["pricingName"]: plan for plan in built.of_type("security:Pricing")}
    assert set(plans) == set(PLANS)
    on = {name for name, plan in plans.items() if plan.inputs["pricingTier"] == "Standard"}
    assert on == {"KeyVaults", "StorageAccounts"}
    assert plans["StorageAccounts"].inputs["subPlan"] == "DefenderForStorageV2"
    assert "subPlan" not in plans["Arm"].inputs
    ordered = [plans[name] for name in PLANS]
    for before, after in itertools.pairwise(ordered):
        assert before.urn in after.dependencies
    assert all(plan.options["retainOnDelete"] is True for plan in ordered)


def test_defenders_alerts_reach_the_security_channels_people(built: Record) -> None:
    contact = only(built, "security:SecurityContact")
    assert contact.inputs["emails"] == "ops@medspasyncpro.com"
    assert contact.inputs["isEnabled"] is True


def test_a_defender_that_nobody_hears_of_is_refused() -> None:
    args = DefenderArgs(subscription_id="/subscriptions/x", plans={}, sub_plans={}, contacts=[])
    with pytest.raises(ValueError, match="nobody hears"):
        record(lambda: Defender("defender", args))


def test_a_role_with_a_wildcard_is_refused() -> None:
    args = CustomRoleArgs(scope="/subscriptions/x", role_name="all", description="all", actions=["Microsoft.Network/*"])
    with pytest.raises(ValueError, match="gives"):
        record(lambda: CustomRole("role", args))


def test_initiatives_are_assigned_to_subscription_and_change_nothing(deployed: Record) -> None:
    made = deployed.of_type("authorization:PolicyAssignment")
    assert {assignment.inputs["policyDefinitionId"].rsplit("/", 1)[-1] for assignment in made} == {
        initiative.definition for initiative in INITIATIVES.values()
    }
    for assignment in made:
        assert assignment.inputs["scope"] == f"/subscriptions/{SUBSCRIPTION}"
        assert assignment.inputs["enforcementMode"] == "DoNotEnforce"
        assert re.fullmatch(r"\d+\.\*\.\*", assignment.inputs["definitionVersion"])
        assert assignment.inputs["identity"] == {"type": "SystemAssigned"}
        assert len(assignment.inputs["policyAssignmentName"]) <= 64


def test_every_exemption_names_assignment_end_and_reason(deployed: Record) -> None:
    made = {
        exemption.inputs["policyExemptionName"]: exemption
        for exemption in deployed.of_type("authorization:PolicyExemption")
    }
    assert set(made) == set(policy_exemptions())
    assignments = {
        assignment.name.removeprefix("policy-"): assignment.id
        for assignment in deployed.of_type("authorization:PolicyAssignment")
    }
    for key, exemption in made.items():
        entry = policy_exemptions()[key]
        assert exemption.inputs["policyAssignmentId"] == assignments[entry.initiative]
        assert exemption.inputs["policyDefinitionReferenceIds"] == entry.references
        assert exemption.inputs["expiresOn"].startswith(entry.expires.isoformat())
        assert entry.control in exemption.inputs["description"]
        assert len(exemption.inputs["description"]) <= 512
        assert exemption.origin == {**exemption.origin, "key": key}  # type: ignore[dict-item]


def test_one_initiative_brings_only_its_own_exemptions() -> None:
    made = record(program({"policies": {"hipaa": True}}))
    names = {exemption.inputs["policyExemptionName"] for exemption in made.of_type("authorization:PolicyExemption")}
    assert names == {key for key, entry in policy_exemptions().items() if entry.initiative == "hipaa"}
