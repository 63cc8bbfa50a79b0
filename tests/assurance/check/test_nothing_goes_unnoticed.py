"""Whatever watches, tells, keeps or shows: taken out of a record, it makes `assurance check` fail, which names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from assurance.check.audit import audit
from assurance.check.expected import demands, stack_settings
from assurance.check.findings import Finding
from assurance.check.places import Places
from assurance.record import Mode, Record, Resource
from assurance.references import get, short_type
from policies.exceptions import Register
from policies.rules import RULES
from stacks.settings.model import Settings
from tests.harness import MODES, ROOT
from tests.policies.records import records
from tests.policies.test_stacks import TODAY
from tests.projects import Config, changed
from tests.stacks.whole_stack import settings_of, whole_stack


def _input(path: str) -> Callable[[Resource], list[str]]:
    return lambda one: [str(get(one, path))]


def _alert(one: Resource) -> list[str]:
    return [f"alert {one.inputs['tags']['alert']}"]


def _of_the_name(prefix: str) -> Callable[[Resource], list[str]]:
    return lambda one: [one.name.removeprefix(prefix)]


def _setting(one: Resource) -> list[str]:
    """What a diagnostic setting is for (its logical name begins with it), or the container that it feeds."""
    categories = [str(log.get("category")).lower() for log in one.inputs.get("logs") or ()]
    feeds = [f"insights-logs-{category}" for category in categories] if "storageAccountId" in one.inputs else []
    return [*feeds, one.name.removesuffix("-diagnostics").removesuffix("-address")]


NAMED: Mapping[str, Callable[[Resource], list[str]]] = {
    "monitor:MetricAlert": _alert,
    "monitor:ScheduledQueryRule": _alert,
    "monitor:ActivityLogAlert": _alert,
    "monitor:ActionGroup": lambda one: [f"of channel {one.name.removeprefix('action-group-')}"],
    "monitor:DiagnosticSetting": _setting,
    "monitor:SubscriptionDiagnosticSetting": lambda _: ["AzureActivity", "insights-activity-logs"],
    "alertsmanagement:AlertProcessingRuleByName": lambda one: [
        "alerts of Azure Backup", one.name.removeprefix("alert-processing-maintenance-"),
    ],
    "applicationinsights:WebTest": _of_the_name("availability-"),
    "consumption:Budget": lambda _: ["budget"],
    "operationalinsights:Table": _input("tableName"),
    "operationalinsights:DataExport": lambda one: [f"am-{table.lower()}" for table in one.inputs["tableNames"]],
    "storage:BlobContainerImmutabilityPolicy": lambda one: [one.name.removeprefix("archive-").removesuffix("-worm")],
    "storage:BlobServiceProperties": lambda _: ["soft delete of the archive"],
    "storage:ManagementPolicy": lambda _: ["end of the archive's records"],
    "network:FlowLog": lambda _: ["flow log of the network"],
    "eventgrid:SystemTopic": lambda one: [one.name.removesuffix("-events")],
    "eventgrid:SystemTopicEventSubscription": _input("eventSubscriptionName"),
    "applicationinsights:Workbook": lambda one: [f"workbook {one.name.removeprefix('workbook-')}"],
    "dashboard:Dashboard": lambda one: [f"Grafana dashboard {one.name.removeprefix('grafana-')}"],
    "dashboard:DashboardDefinition": lambda one: [f"Grafana dashboard {one.name.removeprefix('grafana-')}"],
    "security:Pricing": _input("pricingName"),
    "security:SecurityContact": lambda _: ["security contact"],
    "authorization:PolicyAssignment": _of_the_name("policy-"),
    "authorization:PolicyExemption": _input("policyExemptionName"),
    "securityinsights:SentinelOnboardingState": lambda _: ["onboarding of Sentinel"],
    "securityinsights:ScheduledAlertRule": _of_the_name("sentinel-"),
    "securityinsights:Watchlist": lambda _: ["watchlist of emergency identities"],
    "securityinsights:AutomationRule": lambda _: ["rule that labels incidents"],
    "securityinsights:EntityAnalytics": lambda _: ["entities of UEBA"],
    "securityinsights:Ueba": lambda _: ["behaviour of UEBA"],
    "securityinsights:MSTIDataConnector": lambda _: ["feed of threat intelligence"],
    "securityinsights:AADDataConnector": lambda _: ["connector of Entra ID Protection"],
    "securityinsights:ASCDataConnector": lambda _: ["connector of Defender"],
    "securityinsights:MicrosoftSecurityIncidentCreationAlertRule": lambda _: ["incidents of Defender"],
    "logic:Workflow": _of_the_name("playbook-"),
}  # fmt: skip
"""Types of which nothing may go unnoticed, and words by which a finding names the one that is gone."""

ANSWERED = [rule for rule in RULES if rule.id.startswith(("MON-", "ARCH-", "ST-"))]
"""Rules on resources that see what the stack file does not ask for by name, such as diagnostic settings."""


@cache
def settings(stack: str) -> Settings:
    found = stack_settings(ROOT, stack)
    assert found is not None
    return found


def failing(record: Record, asked: Settings) -> Iterator[Finding]:
    """What fails: first what must be there, which is found in no time, then the rules."""
    expected = (demand.finding(record.stack) for demand in demands(record, asked, Places(ROOT)))
    yield from (finding for finding in expected if finding.status == "fail")
    report = audit(record, Register.load(), TODAY, rules=ANSWERED)
    yield from report.with_status("fail")


def unnoticed(record: Record, asked: Settings, chosen: list[Resource]) -> list[str]:
    """Those of ``chosen`` that nothing names when they are gone."""
    missed = []
    for one in chosen:
        less = replace(record, resources=[other for other in record if other is not one])
        words = NAMED[short_type(one)](one)
        if not any(word in f"{f.name} {f.message}" for f in failing(less, asked) for word in words):
            missed.append(f"{short_type(one)} {one.name}")
    return missed


def watched(record: Record) -> list[Resource]:
    return [one for one in record if short_type(one) in NAMED]


def test_production_misses_whatever_is_taken_away() -> None:
    record = records("deployed")["prod"]
    chosen = watched(record)
    assert len(chosen) > 270
    assert unnoticed(record, settings("prod"), chosen) == []


@pytest.mark.parametrize(("stack", "mode"), [("staging", "deployed"), ("dev", "deployed"), ("prod", "preview")])
def test_the_others_miss_one_of_each_type(stack: str, mode: Mode) -> None:
    record = records(mode)[stack]
    first = {short_type(one): one for one in reversed(watched(record))}
    assert len(first) >= 12
    assert unnoticed(record, settings(stack), list(first.values())) == []


def everything_on(config: Config) -> None:
    """What no shipped stack turns on: Sentinel with its playbooks, without approval, and a window of maintenance."""
    config["medspasync:subscription"] = {"owner": True}
    monitoring: dict[str, Any] = config["medspasync:monitoring"]
    reason = "the database restarts"
    window = {"name": "patches", "days": ["Sunday"], "start": "03:00", "end": "05:00", "reason": reason}
    monitoring |= {"tenantLogs": True, "maintenance": [window]}
    response = {"blockAddresses": True, "disableAccounts": True, "approval": False}
    sentinel = {"behaviorAnalytics": True, "threatIntelligence": True, "defenderIncidents": True, "response": response}
    sentinel["entraProtection"] = True
    config["medspasync:security"] = {
        "sentinel": {"enabled": True, **sentinel},
        "breakGlass": {"owner": "00000000-0000-4000-8000-00000000b9e1"},
        "defender": {"keyVaults": True},
        "policies": {"hipaa": True},
    }


@pytest.mark.parametrize("mode", MODES)
def test_nothing_of_sentinel_goes_unnoticed(mode: Mode) -> None:
    asked = settings_of(changed(everything_on))
    record = whole_stack(everything_on, mode)
    assert [d.name for d in demands(record, asked, Places(ROOT)) if d.problems] == []
    chosen = [
        one
        for one in watched(record)
        if short_type(one).startswith(("securityinsights", "logic", "alertsmanagement"))
        or one.inputs.get("tags", {}).get("alert") in ("sentinel-incident", "playbook-failed")
    ]
    asked_for = {type_ for type_ in NAMED if type_.startswith(("securityinsights", "logic"))}
    assert asked_for <= {short_type(one) for one in chosen}
    assert unnoticed(record, asked, chosen) == []
