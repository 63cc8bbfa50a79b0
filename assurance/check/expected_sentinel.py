"""What a stack with Microsoft Sentinel must have: its rules, what they learn from, and what answers an incident."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial

from assurance.check.demand import Demand, demand
from assurance.check.expected_alerts import Alerts
from assurance.record import Resource
from policies.rule import RuleInfo
from stacks.catalogues.sentinel import (
    APPROVED,
    SENTINEL,
    Response,
    sentinel_catalogue,
    sentinel_events,
    sentinel_query,
    sentinel_title,
)
from stacks.settings.security import SentinelSettings

THREATS = partial(RuleInfo, source="the stack's file")(
    "EXPECT-SENTINEL",
    "Every Sentinel rule, list, feed and playbook that the stack asks for is there",
    "high",
    ("164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)"),
    "Make it as stacks/catalogues/sentinel.yaml and medspasync:security.sentinel say.",
)
KEY = "medspasync:security.sentinel"
INSIGHTS = "securityinsights"


def sentinel_demands(alerts: Alerts) -> Iterator[Demand]:
    """Everything of Sentinel that the stack file asks for; nothing where it is off."""
    sentinel = alerts.settings.security.sentinel
    if sentinel.enabled:
        yield _part(alerts, "onboarding of Sentinel", f"{INSIGHTS}:SentinelOnboardingState")
        yield from _rules(alerts)
        yield from _features(alerts, sentinel)
        yield from _responses(alerts, sentinel)
        incident = alerts.of_id("sentinel-incident")
        wanted = {"enabled": True, "severity": 1}
        yield alerts.demand("alert sentinel-incident", _origin(alerts), incident, "security", wanted)


def _rules(alerts: Alerts) -> Iterator[Demand]:
    security = alerts.settings.security
    present = {kind for entry in sentinel_catalogue().values() for kind in entry.needs if alerts.concerned(kind)}
    rules = {one.inputs.get("displayName"): one for one in alerts.references.by_type(f"{INSIGHTS}:ScheduledAlertRule")}
    events = sentinel_events(
        present, break_glass=bool(security.break_glass), threat_intelligence=security.sentinel.threat_intelligence
    )
    for event, entry in events.items():
        wanted = {
            "enabled": True, "query": sentinel_query(event), "severity": entry.severity,
            "queryPeriod": entry.period, "queryFrequency": entry.frequency,
            "triggerOperator": "GreaterThan", "triggerThreshold": 0,
            "incidentConfiguration": {"createIncident": True},
        }  # fmt: skip
        rule = rules.get(sentinel_title(event))
        place = alerts.places.of(SENTINEL, event)
        yield demand(THREATS, f"Sentinel rule {event}", place, [rule] if rule else [], wanted)


def _features(alerts: Alerts, sentinel: SentinelSettings) -> Iterator[Demand]:
    wanted = {
        "entities of UEBA": (f"{INSIGHTS}:EntityAnalytics", sentinel.behavior_analytics),
        "behaviour of UEBA": (f"{INSIGHTS}:Ueba", sentinel.behavior_analytics),
        "feed of threat intelligence": (f"{INSIGHTS}:MSTIDataConnector", sentinel.threat_intelligence),
        "connector of Entra ID Protection": (f"{INSIGHTS}:AADDataConnector", sentinel.entra_protection),
        "connector of Defender": (f"{INSIGHTS}:ASCDataConnector", sentinel.defender_incidents),
        "incidents of Defender": (
            f"{INSIGHTS}:MicrosoftSecurityIncidentCreationAlertRule",
            sentinel.defender_incidents,
        ),
    }
    for name, (type_, on) in wanted.items():
        if on:
            yield _part(alerts, name, type_)
    people = alerts.settings.security.break_glass
    if people:
        demanded = _part(alerts, "watchlist of emergency identities", f"{INSIGHTS}:Watchlist")
        text = demanded.resource.inputs.get("rawContent", "") if demanded.resource else ""
        missing = [f"{name} is not on it" for name, id_ in people.items() if demanded.resource and id_ not in text]
        yield Demand(**{**vars(demanded), "problems": [*demanded.problems, *missing]})


def _responses(alerts: Alerts, sentinel: SentinelSettings) -> Iterator[Demand]:
    """Each playbook, the alert on its failure, and the automation rule where no person is asked."""
    response = sentinel.response
    asked: Mapping[Response, bool] = {"block": response.block_addresses, "disable": response.disable_accounts}
    for kind, on in asked.items():
        if not on:
            continue
        playbooks = [one for one in alerts.references.by_type("logic:Workflow") if _waits_for(one, APPROVED[kind])]
        yield demand(THREATS, f"playbook {kind}", _origin(alerts), playbooks, {"state": "Enabled"})
        failed = [
            rule
            for rule in alerts.of_id("playbook-failed")
            if any(book in alerts.references.targets(rule, "scopes[]", "logic:Workflow") for book in playbooks)
        ]
        yield alerts.demand(f"alert playbook-failed of {kind}", _origin(alerts), failed, "security", {"enabled": True})
    if response.block_addresses and not response.approval:
        yield _part(alerts, "rule that labels incidents", f"{INSIGHTS}:AutomationRule")


def _waits_for(playbook: Resource, label: str) -> bool:
    return label in json.dumps(playbook.inputs.get("definition"))


def _part(alerts: Alerts, name: str, type_: str) -> Demand:
    return demand(THREATS, name, _origin(alerts), alerts.references.by_type(type_))


def _origin(alerts: Alerts) -> dict[str, object]:
    return alerts.places.of(f"Pulumi.{alerts.references.record.stack}.yaml", KEY)
