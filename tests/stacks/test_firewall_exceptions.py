"""Whatever weakens the firewall holds only as long as the register of exceptions says so."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from assurance.check.audit import audit
from assurance.check.findings import Report
from policies.exceptions import Register
from policies.rules import RULES
from stacks.settings.edge import FrontDoorSettings, WafSettings
from tests.harness import once, record
from tests.stacks.edge_builder import EdgeConfig, build

FIREWALL = tuple(rule for rule in RULES if rule.id.startswith("WAF-"))
NOTES = {"variable": "RequestBodyJsonArgNames", "selector": "notes"}
WEAKER: list[tuple[str, str, dict[str, Any]]] = [
    (
        "WAF-NO-EXCLUSIONS",
        "waf-api",
        {"managedRuleChanges": {"api": [{"group": "SQLI", "rule": "942100", "exclude": [NOTES]}]}},
    ),
    (
        "WAF-NO-EXCLUSIONS",
        "waf-web",
        {"managedRuleChanges": {"web": [{"group": "XSS", "rule": "941320", "action": "Log"}]}},
    ),
    (
        "WAF-NO-EXCLUSIONS",
        "waf-web",
        {
            "managedRuleChanges": {
                "web": [{"ruleSet": "bots", "group": "BadBots", "rule": "Bot100100", "enabled": False}]
            }
        },
    ),
    ("WAF-RATE-LIMITS-BLOCK", "waf-marketing", {"rateLimits": {"marketing.forms": {"action": "Log"}}}),
    ("WAF-RATE-LIMIT-EVERYONE", "waf-*", {"rateLimitExemptAddresses": ["203.0.113.10/32"]}),
    ("WAF-PREVENTION", "waf-*", {"mode": "Detection"}),
]


def audited(waf: dict[str, Any], register: str, today: date) -> Report:
    settings = WafSettings.model_validate_json(json.dumps(waf))
    made = once(
        lambda: record(lambda: build(EdgeConfig(front_door=FrontDoorSettings(), waf=settings))), "weaker firewall", waf
    )
    return audit(made, Register.parse(register), today, FIREWALL)


def entry(rule: str, resource: str) -> str:
    return f"""
EXC-TEST:
  rules: [{rule}]
  stacks: [test]
  resource: {resource}
  reason: Free text of clinicians looks like SQL to this rule.
  compensatingControl: The app binds every parameter, which its tests show.
  owner: security lead
  expires: 2027-03-31
"""


def named(report: Report, status: str, rule: str) -> set[str]:
    return {finding.name for finding in report.findings if finding.status == status and finding.rule == rule}


@pytest.mark.parametrize(("rule", "resource", "waf"), WEAKER, ids=[f"{rule}-{name}" for rule, name, _ in WEAKER])
def test_a_weaker_firewall_needs_an_exception_that_holds(rule: str, resource: str, waf: dict[str, Any]) -> None:
    policies = {"waf-api", "waf-web", "waf-marketing"} if resource == "waf-*" else {resource}
    # Without an entry it fails.
    assert named(audited(waf, "", date(2027, 1, 1)), "fail", rule) == policies
    # One for another resource, or for another rule, does not help.
    assert named(audited(waf, entry(rule, "waf-other"), date(2027, 1, 1)), "fail", rule) == policies
    assert named(audited(waf, entry("WAF-RATE-LIMIT", resource), date(2027, 1, 1)), "fail", rule) == policies
    # The entry holds until its last day, and not a day longer.
    assert named(audited(waf, entry(rule, resource), date(2027, 3, 31)), "excepted", rule) == policies
    late = audited(waf, entry(rule, resource), date(2027, 4, 1))
    assert named(late, "fail", rule) == policies
    assert named(late, "fail", "EXCEPTION-VALID") == {"EXC-TEST"}


def test_an_exception_that_nothing_needs_fails() -> None:
    report = audited({}, entry("WAF-NO-EXCLUSIONS", "waf-api"), date(2027, 1, 1))
    assert named(report, "fail", "EXCEPTION-VALID") == {"EXC-TEST"}
    assert all(not named(report, "fail", rule.id) for rule in FIREWALL)
