"""Sentinel's rules fire on the attack and stay silent on ordinary traffic, run by the same engine as the alerts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stacks.catalogues.alerts import alert_catalogue, query_text
from stacks.catalogues.sentinel import sentinel_catalogue, sentinel_query
from tests.harness import ROOT
from tests.queries.engine import NOW, queries, tables
from tests.queries.inventory import EMERGENCY, sentinel_text
from tests.queries.rows import Rows, answers, tables_of

ATTACKER, CLINIC = "203.0.113.7", "198.51.100.3"


def ago(minutes: int) -> dict[str, Any]:
    return {"TimeGenerated": NOW - timedelta(minutes=minutes)}


BLOCKING = "Microsoft_DefaultRuleSet-2.1-BLOCKING-EVALUATION-949110"
"""What a managed rule set from 2.0 on writes when it blocks, whichever rules matched."""


def matched(rule: str, address: str = ATTACKER, times: int = 1, start: int = 0) -> list[dict[str, Any]]:
    """Requests that a managed rule scored and the set then blocked; every one bears a forged client address."""
    row = {"Category": "FrontDoorWebApplicationFirewallLog", "socketIP_s": address}
    scored = {**row, "action_s": "AnomalyScoring", "ruleName_s": rule}
    blocked = {**row, "action_s": "Block", "ruleName_s": BLOCKING}
    marks = [
        {"trackingReference_s": f"{rule}-{address}-{n}", "clientIP_s": f"192.0.2.{n % 250}"}
        for n in range(start, start + times)
    ]
    return [{**kind, **mark} for mark in marks for kind in (scored, blocked)]


def limited(rule: str, address: str, times: int) -> list[dict[str, Any]]:
    """Requests that a custom rule blocked."""
    row = {"Category": "FrontDoorWebApplicationFirewallLog", "socketIP_s": address, "action_s": "Block"}
    return [{**row, "ruleName_s": rule, "trackingReference_s": f"{rule}-{n}"} for n in range(times)]


def signin(status: str, address: str = ATTACKER, minutes: int = 5, times: int = 1) -> list[dict[str, Any]]:
    url = "https://api.medspasyncpro.com:443/api/auth/login"
    row = {"Category": "FrontDoorAccessLog", "httpMethod_s": "POST", "requestUri_s": url, "httpStatusCode_s": status}
    row["routeName_s"] = "backend-signin"
    return [{**row, "socketIp_s": address, "clientIp_s": f"192.0.2.{n % 250}", **ago(minutes)} for n in range(times)]


def edge(*rows: list[dict[str, Any]]) -> Rows:
    return {"AzureDiagnostics": [row for group in rows for row in group]}


def role(minutes: int, caller: str = "Mallory@medspasyncpro.com") -> dict[str, Any]:
    operation = "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE"
    return {"Caller": caller, "ActivityStatusValue": "Success", "OperationNameValue": operation, **ago(minutes)}


def read(minutes: int, person: str | None = "mallory@medspasyncpro.com") -> dict[str, Any]:
    claim = {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": person} if person else {"oid": "app"}
    return {"OperationName": "SecretGet", "HttpStatusCode": 200, "Identity": {"claim": claim}, **ago(minutes)}


def indicator(**changes: Any) -> dict[str, Any]:
    row = {"ObservableKey": "ipv4-addr:value", "ObservableValue": ATTACKER, "IsActive": True, "Confidence": 90}
    return {**row, **changes}


ATTACKS: dict[str, list[Rows]] = {
    "edge-scanner": [
        edge(*(matched(f"Microsoft_DefaultRuleSet-2.1-{kind}", times=6) for kind in ["SQLI", "XSS", "LFI", "RCE"]))
    ],
    "signin-after-guessing": [edge(signin("401", times=60, minutes=20), signin("200", minutes=3))],
    "privilege-then-secret": [{"AzureActivity": [role(50)], "AZKVAuditLogs": [read(10)]}],
    "break-glass-signin": [{"SigninLogs": [{"UserId": EMERGENCY, "ResultType": "0"}]}],
    "known-bad-address": [
        {"ThreatIntelIndicators": [indicator()], **edge(signin("200"))},
    ],
}
ORDINARY: dict[str, list[Rows]] = {
    "edge-scanner": [
        edge(matched("Microsoft_DefaultRuleSet-2.1-SQLI-942100", CLINIC, times=500)),
        edge(*(limited(f"Rate{kind}", CLINIC, times=50) for kind in ("General", "Auth", "Api", "Login"))),
        edge(*(matched(f"rule-{number}", f"198.51.100.{number}", times=10) for number in range(8))),
    ],
    "signin-after-guessing": [
        edge(signin("401", CLINIC, times=20), signin("200", CLINIC, times=80, minutes=1)),
        edge(signin("401", times=90, minutes=3)),
        edge(signin("200", CLINIC, minutes=30), signin("401", CLINIC, times=60, minutes=3)),
        edge(signin("401", times=90, minutes=20), signin("200", CLINIC, minutes=3)),
    ],
    "privilege-then-secret": [
        {"AzureActivity": [role(50)], "AZKVAuditLogs": [read(10, None)]},
        {"AzureActivity": [role(50, "eve@medspasyncpro.com")], "AZKVAuditLogs": [read(10)]},
        {"AzureActivity": [role(5)], "AZKVAuditLogs": [read(30)]},
        {"AzureActivity": [role(110)], "AZKVAuditLogs": [read(10)]},
        {"AzureActivity": [role(50, "00000000-0000-4000-8000-0000000000d1")], "AZKVAuditLogs": [read(10)]},
    ],
    "break-glass-signin": [{"SigninLogs": [{"UserId": "00000000-0000-4000-8000-000000000001", "ResultType": "50126"}]}],
    "known-bad-address": [
        {"ThreatIntelIndicators": [indicator()], **edge(signin("200", CLINIC))},
        {"ThreatIntelIndicators": [indicator(Confidence=50)], **edge(signin("200"))},
        {"ThreatIntelIndicators": [indicator(IsActive=False)], **edge(signin("200"))},
        {"ThreatIntelIndicators": [indicator()], **edge(signin("403"))},
    ],
}


def found(event: str, rows: Rows) -> list[dict[str, Any]]:
    """What the rule returns."""
    return answers(sentinel_text(event), rows)


@pytest.mark.parametrize(("event", "rows"), [(event, rows) for event in ATTACKS for rows in ATTACKS[event]])
def test_fires_on_attack_and_names_what_it_maps(event: str, rows: Rows, record_property: Any) -> None:
    record_property("kql", ("attack", "Sentinel", event))
    shown = found(event, rows)
    assert shown
    for entity in sentinel_catalogue()[event].entities:
        assert entity.column in shown[0]
    assert "TimeGenerated" in shown[0]


@pytest.mark.parametrize(("event", "rows"), [(event, rows) for event in ORDINARY for rows in ORDINARY[event]])
def test_stays_silent_on_ordinary_traffic(event: str, rows: Rows, record_property: Any) -> None:
    record_property("kql", ("ordinary", "Sentinel", event))
    assert found(event, rows) == []


def test_every_rule_has_both_kinds_of_case() -> None:
    assert set(ATTACKS) == set(ORDINARY) == set(sentinel_catalogue())


def test_address_of_attacker_is_what_playbook_would_block() -> None:
    assert [row["Address"] for row in found("edge-scanner", ATTACKS["edge-scanner"][0])] == [ATTACKER]


def test_incident_alerts_once_and_not_when_closed(record_property: Any) -> None:
    """Once, and not at all when it is closed."""
    record_property("kql", ("attack", "Sentinel", "incident"))
    record_property("kql", ("ordinary", "Sentinel", "incident"))
    row = {"IncidentNumber": 7, "Title": "Edge scanner", "Severity": "High", "IncidentUrl": "https://portal"}
    assert len(answers(sentinel_query("incident"), {"SecurityIncident": [{**row, "Status": "New"}] * 2})) == 1
    assert answers(sentinel_query("incident"), {"SecurityIncident": [{**row, "Status": "Closed"}]}) == []


def test_no_event_is_both_alert_and_sentinel_rule() -> None:
    """By id, and by text: one event, one query."""
    assert not set(sentinel_catalogue()) & set(alert_catalogue())
    texts = {query_text(alert_id) for alert_id in queries()}
    assert not texts & {sentinel_query(event) for event in sentinel_catalogue()}


def test_a_rule_reads_the_tables_that_it_says() -> None:
    for event, entry in sentinel_catalogue().items():
        assert set(tables_of(sentinel_query(event))) == set(entry.tables)
        assert set(entry.tables) <= set(tables())


def test_query_files_and_rules_belong_together() -> None:
    folder = Path(ROOT / "stacks/catalogues/sentinel")
    assert {path.stem for path in folder.glob("*.kql")} == {*sentinel_catalogue(), "incident"}
