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


ALERTS = [
    ExpiryAlert(name="alert-1", event=EVENTS[0], severity=1, description="why", action_group_id=HEARS),
    ExpiryAlert(name="alert-2", event=EVENTS[1], severity=2, description="why", action_group_id=HEARS),
]


def build(events: ExpiryEvents | None = None) -> None:
    events = events or ExpiryEvents(topic_name="evgt-test", alerts=ALERTS)
    parent = pulumi.ComponentResource("test:index:Parent", "parent")
    _, made = alert_on_expiry(
        "vault",
        events,
        place={"resource_group_name": "rg", "location": "centralus", "tags": {"environment": "test"}},
        vault_id=VAULT,
        logs=LogDestination(workspace_id=f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"),
        parent=parent,
    )
    assert len(made) == len(events.alerts)


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_topic_is_in_its_vaults_region(built: Record) -> None:
    """The topic is of the vault and where it is."""
    topic = only(built, "eventgrid:SystemTopic").inputs
    assert (topic["source"], topic["topicType"], topic["location"]) == (VAULT, "Microsoft.KeyVault.vaults", "centralus")


def test_events_reach_monitor_with_severity_and_receivers(built: Record) -> None:
    """Each event reaches azure monitor with its severity and receivers."""
    subscriptions = [r.inputs for r in built.of_type("eventgrid:SystemTopicEventSubscription")]
    assert [s["filter"]["includedEventTypes"] for s in subscriptions] == [[event] for event in EVENTS]
    assert [s["destination"]["severity"] for s in subscriptions] == ["Sev1", "Sev2"]
    for subscription in subscriptions:
        assert subscription["eventDeliverySchema"] == "CloudEventSchemaV1_0"
        assert subscription["destination"]["endpointType"] == "MonitorAlert"
        assert subscription["destination"]["actionGroups"] == [HEARS]
        assert subscription["destination"]["description"] == "why"
        assert subscription["labels"] == [VAULT]


@pytest.mark.parametrize("mode", MODES)
def test_alert_covers_only_the_keys_it_names(mode: Mode) -> None:
    """An alert is about the keys it names and not about others."""

    def build_about(**about: list[str]) -> Record:
        alert = ExpiryAlert(
            name="alert", event=EVENTS[0], severity=1, description="why", action_group_id=HEARS, **about
        )
        events = ExpiryEvents(topic_name="evgt-test", alerts=[alert])
        return record(lambda: build(events), mode)

    def filters(**about: list[str]) -> list[tuple[str, str, list[str]]]:
        found = only(build_about(**about), "eventgrid:SystemTopicEventSubscription").inputs["filter"]
        return [(f["operatorType"], f["key"], f["values"]) for f in found.get("advancedFilters", [])]

    assert filters() == []
    assert filters(only=["redis-k2"]) == [("StringIn", "data.ObjectName", ["redis-k2"])]
    assert filters(never=["redis-k1"]) == [("StringNotIn", "data.ObjectName", ["redis-k1"])]


def test_what_could_not_be_delivered_is_logged(built: Record) -> None:
    logs = only(built, "monitor:DiagnosticSetting").inputs["logs"]
    assert [log["category"] for log in logs] == ["DeliveryFailures"]
