"""The firewall: blocks by default, its rules do what they say, an incident's addresses are nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.record import Mode, Record
from components.waf import INCIDENT_RULE, INCIDENT_VALUES, WafPolicy, WafPolicyArgs
from components.waf_managed import FieldExclusion, ManagedRuleChange
from components.waf_rules import (
    BlockAddresses,
    BodyLargerThan,
    GeoFilter,
    LongerThan,
    RateLimit,
    WafRule,
    write_above_pattern,
)
from tests.harness import MODES, only, record

DOOR = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Cdn/profiles/afd"
PROTECTED = [f"{DOOR}/afdEndpoints/web", f"{DOOR}/customDomains/app-example-com"]
SIGN_IN = RateLimit(
    name="RateAuthentication",
    threshold=100,
    window_minutes=5,
    group_by="SocketAddr",
    action="Block",
    paths=["/Login"],
    methods=["POST"],
    hosts=["App.example.com"],
    exempt_addresses=["198.51.100.0/24"],
)


def build(
    rules: list[WafRule] | None = None,
    sku: str = "premium",
    mode: str = "Prevention",
    managed: bool = True,
    changes: Sequence[ManagedRuleChange] = (),
) -> None:
    WafPolicy(
        "waf",
        WafPolicyArgs(
            resource_group_name="rg",
            policy_name="waftest",
            sku=sku,  # type: ignore[arg-type]
            mode=mode,  # type: ignore[arg-type]
            managed_rules=managed,
            default_rule_set="2.1",
            bot_rule_set="1.1",
            rules=[SIGN_IN] if rules is None else rules,
            profile_name="afd",
            security_policy_name="web",
            protected=PROTECTED,
            managed_rule_changes=changes,
        ),
    )


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def custom_rules(built: Record) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = only(built, "frontdoor:Policy").inputs["customRules"]["rules"]
    return rules


def rule(value: WafRule) -> dict[str, Any]:
    """The one rule of a policy after the incident rule, as it goes to Azure."""
    return custom_rules(record(lambda: build([value])))[1]


def test_blocked_request_is_answered_403(built: Record) -> None:
    settings = only(built, "frontdoor:Policy").inputs["policySettings"]
    assert settings["customBlockResponseStatusCode"] == 403


def test_managed_rule_sets_are_in_managed_rules(built: Record) -> None:
    """Managed rule sets stand where they are looked for."""
    default, bots = only(built, "frontdoor:Policy").inputs["managedRules"]["managedRuleSets"]
    assert (default["ruleSetType"], default["ruleSetVersion"]) == ("Microsoft_DefaultRuleSet", "2.1")
    assert default["ruleSetAction"] == "Block"
    assert bots["ruleSetType"] == "Microsoft_BotManagerRuleSet"
    assert default["exclusions"] == bots["exclusions"] == []
    assert default["ruleGroupOverrides"] == bots["ruleGroupOverrides"] == []


def test_relaxed_policy_is_what_was_asked_for() -> None:
    policy = only(record(lambda: build(sku="standard", mode="Detection", managed=False)), "frontdoor:Policy").inputs
    assert policy["sku"] == {"name": "Standard_AzureFrontDoor"}
    assert policy["policySettings"]["mode"] == "Detection"
    assert policy["managedRules"]["managedRuleSets"] == []


def test_log_hides_credentials_and_arguments_but_not_addresses(built: Record) -> None:
    settings = only(built, "frontdoor:Policy").inputs["policySettings"]
    assert settings["state"] == "Enabled"
    rules = {r["matchVariable"]: r for r in settings["scrubbingRules"] if r["state"] == "Enabled"}
    assert rules.pop("RequestHeaderNames")["selector"] == "Authorization"
    assert set(rules) == {
        "RequestUri",
        "RequestCookieNames",
        "QueryStringArgNames",
        "RequestBodyPostArgNames",
        "RequestBodyJsonArgNames",
    }
    assert all(r["selectorMatchOperator"] == "EqualsAny" for r in rules.values())


def test_every_path_of_endpoint_and_domain_is_protected(built: Record) -> None:
    parameters = only(built, "cdn:SecurityPolicy").inputs["parameters"]
    assert parameters["type"] == "WebApplicationFirewall"
    assert parameters["associations"] == [
        {"domains": [{"id": protected} for protected in PROTECTED], "patternsToMatch": ["/*"]}
    ]


def test_incident_rule_is_first_with_addresses_ignored(built: Record) -> None:
    """Incident rule is first and its addresses are left alone."""
    policy = only(built, "frontdoor:Policy")
    incident, *others = policy.inputs["customRules"]["rules"]
    assert incident["name"] == INCIDENT_RULE
    assert incident["priority"] == 1 < min(other["priority"] for other in others)
    assert (incident["action"], incident["enabledState"]) == ("Block", "Enabled")
    (condition,) = incident["matchConditions"]
    assert (condition["matchVariable"], condition["operator"]) == ("SocketAddr", "IPMatch")
    assert policy.options["ignoreChanges"] == [INCIDENT_VALUES]


def test_ignored_path_covers_incident_addresses_only(built: Record) -> None:
    """The engine silently ignores nothing when a path is wrong."""
    place: Any = only(built, "frontdoor:Policy").inputs
    for part in re.findall(r"\w+", INCIDENT_VALUES):
        place = place[int(part)] if part.isdigit() else place[part]
    assert place == ["192.0.2.0/24"]


def test_priorities_follow_the_order_of_the_rules() -> None:
    rules: list[WafRule] = [LongerThan(name=f"Rule{n}", part="url", limit=n) for n in range(1, 5)]
    made = custom_rules(record(lambda: build(rules)))
    assert [(r["name"], r["priority"]) for r in made[1:]] == [("Rule1", 2), ("Rule2", 3), ("Rule3", 4), ("Rule4", 5)]


def test_rate_limit_counts_what_it_says() -> None:
    made = rule(SIGN_IN)
    assert made["ruleType"] == "RateLimitRule"
    assert (made["rateLimitThreshold"], made["rateLimitDurationInMinutes"]) == (100, 5)
    assert (made["action"], made["enabledState"]) == ("Block", "Enabled")
    assert made["groupBy"] == [{"variableName": "SocketAddr"}]
    uri, method, host, exempt = made["matchConditions"]
    assert (uri["matchVariable"], uri["operator"], uri["matchValue"]) == ("RequestUri", "Contains", ["/login"])
    assert uri["transforms"] == ["UrlDecode", "Lowercase"]
    assert (method["matchVariable"], method["matchValue"]) == ("RequestMethod", ["POST"])
    assert (host["selector"], host["operator"], host["matchValue"]) == ("Host", "Equal", ["app.example.com"])
    assert (exempt["matchVariable"], exempt["operator"], exempt["negateCondition"]) == ("SocketAddr", "IPMatch", True)
    assert [c["negateCondition"] for c in (uri, method, host)] == [False, False, False]


@pytest.mark.parametrize("exempt", [[], ["198.51.100.7/32"]])
def test_general_rate_limit_has_azures_required_condition(exempt: list[str]) -> None:
    """Rate limit of everything has the condition azure wants."""
    made = rule(
        RateLimit(
            name="RateGeneral",
            threshold=2000,
            window_minutes=1,
            group_by="SocketAddr",
            action="Block",
            exempt_addresses=exempt,
        )
    )
    first = made["matchConditions"][0]
    assert (first["matchVariable"], first["selector"]) == ("RequestHeader", "Host")
    assert (first["operator"], first["matchValue"]) == ("GreaterThan", ["0"])
    assert len(made["matchConditions"]) == 1 + len(exempt)


@pytest.mark.parametrize(("block", "negated"), [("unlisted", True), ("listed", False)])
def test_geography_compares_the_socket_not_a_claim(block: Any, negated: bool) -> None:
    made = rule(GeoFilter(name="Geography", countries=["US", "CA"], block=block))
    assert made["matchConditions"] == [
        {
            "matchVariable": "SocketAddr",
            "operator": "GeoMatch",
            "matchValue": ["US", "CA"],
            "negateCondition": negated,
        }
    ]
    assert made["action"] == "Block"


@pytest.mark.parametrize(("part", "variable"), [("url", "RequestUri"), ("query", "QueryString")])
def test_sizes_are_compared(part: Any, variable: str) -> None:
    (condition,) = rule(LongerThan(name="Size", part=part, limit=2048))["matchConditions"]
    assert (condition["matchVariable"], condition["operator"], condition["matchValue"]) == (
        variable,
        "GreaterThan",
        ["2048"],
    )


def test_addresses_are_blocked_by_socket() -> None:
    made = rule(BlockAddresses(name="Bad", addresses=["203.0.113.9/32"]))
    assert made["matchConditions"][0]["matchValue"] == ["203.0.113.9/32"]
    assert made["matchConditions"][0]["matchVariable"] == "SocketAddr"


def test_body_size_is_read_from_the_announced_length() -> None:
    (condition,) = rule(BodyLargerThan(name="Body", limit=10_485_760))["matchConditions"]
    assert (condition["matchVariable"], condition["selector"]) == ("RequestHeader", "Content-Length")
    assert condition["operator"] == "RegEx"
    assert re.fullmatch(condition["matchValue"][0], "10485761")
    assert not re.fullmatch(condition["matchValue"][0], "10485760")


@given(limit=st.integers(0, 2_000_000_000), number=st.integers(0, 4_000_000_000), zeros=st.integers(0, 3))
def test_regular_expression_above_a_limit_is_exact(limit: int, number: int, zeros: int) -> None:
    assert bool(re.match(write_above_pattern(limit), "0" * zeros + str(number))) is (number > limit)


@given(limit=st.integers(0, 2_000_000_000))
def test_expression_is_exact_at_limit_within_azure(limit: int) -> None:
    """Regular expression is exact at the limit and fits azure."""
    assert not re.match(write_above_pattern(limit), str(limit))
    assert re.match(write_above_pattern(limit), str(limit + 1))
    assert len(write_above_pattern(limit)) <= 256


def test_managed_rule_change_leaves_others_alone(built: Record) -> None:
    """An exclusion names one rule and one field; the set still blocks, and no group is switched off."""
    changes = [
        ManagedRuleChange(
            rule_set="Microsoft_DefaultRuleSet",
            group="SQLI",
            rule_id="942200",
            exclusions=[FieldExclusion(variable="RequestBodyJsonArgNames", operator="Equals", selector="notes")],
        ),
        ManagedRuleChange(rule_set="Microsoft_DefaultRuleSet", group="SQLI", rule_id="942100", action="Log"),
        ManagedRuleChange(rule_set="Microsoft_DefaultRuleSet", group="XSS", rule_id="941320", enabled=False),
    ]
    changed = record(lambda: build(changes=changes))
    default, bots = only(changed, "frontdoor:Policy").inputs["managedRules"]["managedRuleSets"]
    assert default["ruleSetAction"] == "Block"
    assert default["exclusions"] == bots["exclusions"] == bots["ruleGroupOverrides"] == []
    assert [(g["ruleGroupName"], g["exclusions"]) for g in default["ruleGroupOverrides"]] == [("SQLI", []), ("XSS", [])]
    rules = {rule["ruleId"]: rule for group in default["ruleGroupOverrides"] for rule in group["rules"]}
    # A rule named without a state would be off.
    assert {id_: rule["enabledState"] for id_, rule in rules.items()} == {
        "942200": "Enabled",
        "942100": "Enabled",
        "941320": "Disabled",
    }
    assert rules["942200"]["exclusions"] == [
        {"matchVariable": "RequestBodyJsonArgNames", "selectorMatchOperator": "Equals", "selector": "notes"}
    ]
    assert {id_: rule.get("action") for id_, rule in rules.items()} == {"942200": None, "942100": "Log", "941320": None}
    before = only(built, "frontdoor:Policy").inputs["managedRules"]["managedRuleSets"]
    assert [rule_set["ruleGroupOverrides"] for rule_set in before] == [[], []]
