"""A custom rule of a firewall policy that is gone, or weaker than the file says, fails the check, which names it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from assurance.check.demand import Demand
from assurance.check.expected import stack_settings
from assurance.check.expected_waf import waf_demands
from assurance.check.places import Places
from assurance.record import UNKNOWN, Mode, Record, Resource
from assurance.references import References
from stacks.catalogues.rate_limits import rate_limits
from stacks.settings.edge import AppLimit, GeoSettings, RateLimitOverride
from stacks.settings.model import Settings
from tests.harness import MODES, ROOT
from tests.policies.records import records
from tests.projects import Config, changed
from tests.stacks.whole_stack import settings_of, whole_stack

PLACES = Places(ROOT)
Rule = dict[str, Any]
STACKS = ("dev", "staging", "prod")


@cache
def settings(stack: str = "prod") -> Settings:
    found = stack_settings(ROOT, stack)
    assert found is not None
    return found


@cache
def policies() -> tuple[Resource, ...]:
    return tuple(records("deployed")["prod"].of_type("frontdoor:Policy"))


def told(*seen: Resource, asked: Settings | None = None) -> list[Demand]:
    """What fails where these are the policies of production."""
    record = Record("prod", "deployed", list(seen), {})
    return [found for found in waf_demands(References(record), asked or settings(), PLACES) if found.problems]


def with_rules(policy: Resource, rules: Any) -> list[Resource]:
    """Production's policies, one of which has these rules."""
    changed = replace(policy, inputs={**policy.inputs, "customRules": {"rules": rules}})
    return [changed if each is policy else each for each in policies()]


def rules_of(policy: Resource) -> list[Rule]:
    rules: list[Rule] = copy.deepcopy(policy.inputs["customRules"]["rules"])
    return rules


def every_rule() -> list[tuple[Resource, str]]:
    return [(policy, rule["name"]) for policy in policies() for rule in rules_of(policy)]


def of_class(policy: Resource, rule: str) -> str:
    return f"firewall rule {rule} of class {policy.name.removeprefix('waf-')}"


def weaker(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """The rule, made weaker or another in every way that Azure takes."""
    yield "off", {**rule, "enabledState": "Disabled"}
    for action in ("Log", "Allow", "JSChallenge"):
        yield action, {**rule, "action": action}
    yield "evaluated later", {**rule, "priority": rule["priority"] + 50}
    conditions = rule["matchConditions"]
    other = {"matchVariable": "RequestUri", "operator": "Contains", "matchValue": ["/x"], "negateCondition": False}
    yield "only where another condition holds", {**rule, "matchConditions": [*conditions, other]}
    for index, one in enumerate(conditions):
        altered: dict[str, Any] = {
            "negateCondition": not one["negateCondition"],
            "operator": "BeginsWith",
            "matchVariable": "PostArgs",
            "selector": "X-Other",
            "transforms": ["Uppercase"],
        }
        if rule["name"] != "IncidentAddresses":
            altered["matchValue"] = one["matchValue"][:-1]
        for key, value in altered.items():
            yield key, {**rule, "matchConditions": [{**c, key: value} if c is one else c for c in conditions]}
        yield "one condition less", {**rule, "matchConditions": [c for at, c in enumerate(conditions) if at != index]}
        if one["operator"] == "GreaterThan" or one["operator"] == "RegEx":
            yield "x10", {**rule, "matchConditions": [{**one, "matchValue": [f"{one['matchValue'][0]}0"]}]}
    if rule["ruleType"] == "RateLimitRule":
        yield "threshold", {**rule, "rateLimitThreshold": rule["rateLimitThreshold"] * 10}
        yield "window", {**rule, "rateLimitDurationInMinutes": 6 - rule["rateLimitDurationInMinutes"]}
        yield "counted by country", {**rule, "groupBy": [{"variableName": "GeoLocation"}]}
        yield "no rate limit", {**rule, "ruleType": "MatchRule"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_what_the_program_makes_is_what_the_files_say(stack: str, mode: Mode) -> None:
    record = records(mode)[stack]
    found = list(waf_demands(References(record), settings(stack), PLACES))
    assert [
        (demand.name, demand.problems, demand.unknown) for demand in found if demand.problems or demand.unknown
    ] == []
    made = [rule for policy in record.of_type("frontdoor:Policy") for rule in policy.inputs["customRules"]["rules"]]
    assert len(found) == len(made) + len(record.of_type("frontdoor:Policy"))
    assert all(demand.origin["line"] for demand in found)


def test_no_rule_of_any_policy_can_be_removed_unnoticed() -> None:
    assert {policy.name for policy in policies()} == {f"waf-{exposure}" for exposure in rate_limits()}
    assert len(every_rule()) > 20
    for policy, name in every_rule():
        found = told(*with_rules(policy, [rule for rule in rules_of(policy) if rule["name"] != name]))
        assert [demand.problems for demand in found] == [[f"there is no {of_class(policy, name)}"]]


def test_no_rule_of_any_policy_can_be_weakened_unnoticed() -> None:
    for policy, name in every_rule():
        for place, rule in enumerate(rules_of(policy)):
            if rule["name"] != name:
                continue
            for how, changed_rule in weaker(rule):
                rules = rules_of(policy)
                rules[place] = changed_rule
                found = told(*with_rules(policy, rules))
                assert [demand.name for demand in found] == [of_class(policy, name)], (name, how)
                assert found[0].resource is not None
                assert found[0].resource.urn == policy.urn


@pytest.mark.parametrize("exposure", ["api", "web", "marketing"])
def test_a_policy_that_is_gone_is_told(exposure: str) -> None:
    (found,) = told(*(policy for policy in policies() if policy.name != f"waf-{exposure}"))
    assert found.problems == [f"there is no firewall policy of class {exposure}"]
    assert found.origin["key"] == exposure


def test_a_rule_that_no_file_asks_for_is_told() -> None:
    """One that lets everybody in, before all others, makes them worth nothing."""
    policy = policies()[0]
    everyone = {"name": "Friends", "priority": 0, "action": "Allow", "enabledState": "Enabled"}
    (found,) = told(*with_rules(policy, [everyone, *rules_of(policy)]))
    assert found.problems == ["no file asks for its rule Friends"]


def test_the_addresses_of_an_incident_are_whoever_answers_its_to_choose() -> None:
    policy = policies()[0]
    rules = rules_of(policy)
    rules[0]["matchConditions"][0]["matchValue"] = ["198.51.100.7", "203.0.113.0/24"]
    assert told(*with_rules(policy, rules)) == []


def test_what_only_a_deployment_knows_is_unchecked() -> None:
    policy = policies()[0]
    rules = rules_of(policy)
    rules[1] = {**rules[1], "matchConditions": UNKNOWN}
    body = next(rule for rule in rules if rule["name"] == "BodySize")
    body["matchConditions"][0]["matchValue"] = UNKNOWN
    for seen, names in (
        (with_rules(policy, rules), ["Geography", "BodySize"]),
        (with_rules(policy, UNKNOWN), ["firewall policy"]),
        (with_rules(policy, [UNKNOWN]), ["firewall policy"]),
    ):
        found = list(waf_demands(References(Record("prod", "preview", seen, {})), settings(), PLACES))
        assert [demand.problems for demand in found if demand.problems] == []
        unknown = [demand.name for demand in found if demand.unknown]
        assert len(unknown) == len(names)
        assert all(word in name for word, name in zip(names, unknown, strict=True))


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("^10485761$", "it lets a body of 10485762 bytes through, must stop more than 10485760"),
        ("^[0-9]{9,}$", "it lets a body of 10485761 bytes through, must stop more than 10485760"),
        ("[0-9]", "it stops a body of 10485760 bytes, which is allowed"),
        ("(", "its matchValue is no regular expression"),
    ],
)
def test_the_size_of_a_body_is_tried(pattern: str, problem: str) -> None:
    policy = policies()[0]
    rules = rules_of(policy)
    next(rule for rule in rules if rule["name"] == "BodySize")["matchConditions"][0]["matchValue"] = [pattern]
    (found,) = told(*with_rules(policy, rules))
    assert problem in found.problems[0]


@pytest.mark.parametrize("limit", [1024, 10_485_759, 10_485_760, 10_485_761, 2_000_000_000])
def test_any_other_limit_of_a_body_in_the_file_is_told(limit: int) -> None:
    waf = settings().waf.model_copy(update={"max_body_bytes": limit})
    found = told(*policies(), asked=settings().model_copy(update={"waf": waf}))
    same = limit == settings().waf.max_body_bytes
    assert {demand.name for demand in found} == (set() if same else {of_class(p, "BodySize") for p in policies()})


def everything(config: Config) -> None:
    """What no shipped stack changes of its firewall."""
    config["medspasync:waf"] |= {
        "geo": {"action": "allow", "countries": ["US", "CA"]},
        "rateLimits": {"api.authentication": {"threshold": 60}, "web.api": {"windowMinutes": 5}},
        "appLimits": {"backend": {"threshold": 900}},
        "rateLimitExemptAddresses": ["203.0.113.0/28"],
    }


@pytest.mark.parametrize("mode", MODES)
def test_what_a_stack_changes_is_asked_for(mode: Mode) -> None:
    record, asked = whole_stack(everything, mode), settings_of(changed(everything))
    names = [demand.name for demand in waf_demands(References(record), asked, PLACES)]
    assert [d.problems for d in waf_demands(References(record), asked, PLACES) if d.problems] == []
    assert "firewall rule RateAppBackend of class api" in names


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"geo": GeoSettings(action="allow", countries=["US"])}, ["Geography"] * 3),
        ({"rate_limits": {"api.api": RateLimitOverride(threshold=10)}}, ["RateApi"]),
        ({"app_limits": {"backend": AppLimit(threshold=10)}}, ["RateAppBackend", *["Rate"] * 3]),
        ({"max_url_characters": 300}, ["UrlSize"] * 3),
        ({"max_query_characters": 300}, ["QuerySize"] * 3),
    ],
)
def test_another_value_in_the_file_is_told(change: dict[str, Any], names: list[str]) -> None:
    asked = settings().model_copy(update={"waf": settings().waf.model_copy(update=change)})
    found = [demand.name for demand in told(*policies(), asked=asked)]
    assert len(found) == len(names)
    assert all(word in name for word, name in zip(names, found, strict=True))
