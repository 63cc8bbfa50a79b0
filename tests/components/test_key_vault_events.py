"""Alerts on expiry: one subscription for each, in the one schema that reaches Azure Monitor, before what they watch."""

from __future__ import annotations

import pulumi
import pytest

from assurance.record import Mode, Record
from components.diagnostics import LogDestination
from components.key_vault_events import Expiry, ExpiryAlert, ExpiryEvents, alert_on_expiry
from tests.harness import MODES, only, record

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
HEARS = f"{GROUP}/providers/Microsoft.Insights/actionGroups/ag-warning"
EVENTS: tuple[Expiry, ...] = ("Microsoft.KeyVault.SecretNearExpiry", "Microsoft.KeyVault.SecretExpired")


def build() -> None:
    alerts = [
        ExpiryAlert(name=f"alert-{severity}", event=event, severity=severity, description="why", action_group_id=HEARS)
        for severity, event in zip((1, 2), EVENTS, strict=True)  # type: ignore[misc]
    ]
    parent = pulumi.ComponentResource("test:index:Parent", "parent")
    made = alert_on_expiry(
        "vault",
        ExpiryEvents(topic_name="evgt-test", alerts=alerts),
        resource_group_name="rg",
        location="centralus",
        vault_id=VAULT,
        logs=LogDestination(workspace_id=f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"),
        parent=parent,
        tags={"environment": "test"},
    )
    assert len(made) == len(alerts)


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_the_topic_is_of_the_vault_and_where_it_is(built: Record) -> None:
    topic = only(built, "eventgrid:SystemTopic").inputs
    assert (topic["source"], topic["topicType"], topic["location"]) == (VAULT, "Microsoft.KeyVault.vaults", "centralus")


def test_each_event_reaches_azure_monitor_with_its_severity_and_receivers(built: Record) -> None:
    subscriptions = [r.inputs for r in built.of_type("eventgrid:SystemTopicEventSubscription")]
    assert [s["filter"]["includedEventTypes"] for s in subscriptions] == [[event] for event in EVENTS]
    assert [s["destination"]["severity"] for s in subscriptions] == ["Sev1", "Sev2"]
    for subscription in subscriptions:
        assert subscription["eventDeliverySchema"] == "CloudEventSchemaV1_0"
        assert subscription["destination"]["endpointType"] == "MonitorAlert"
        assert subscription["destination"]["actionGroups"] == [HEARS]
        assert subscription["destination"]["description"] == "why"
        assert subscription["labels"] == [VAULT]


def test_what_could_not_be_delivered_is_logged(built: Record) -> None:
    logs = only(built, "monitor:DiagnosticSetting").inputs["logs"]
    assert [log["category"] for log in logs] == ["DeliveryFailures"]
