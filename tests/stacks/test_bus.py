"""The bus of a stack: nothing where it is off, apps on it know its host, nobody else does."""

from __future__ import annotations

import pulumi
import pytest

from assurance.record import Mode
from components.diagnostics import LogDestination
from components.identity import Identity, IdentityArgs
from components.protection import Protection
from stacks.bus import HOST_VARIABLE, build_bus
from stacks.naming import Names, name_problem
from stacks.outputs import Common, EdgeEntry, Foundation, Identities, Monitoring, Network
from stacks.settings.bus import EventBusSettings
from tests.harness import MODES, only, record

ID = pulumi.Output.from_input
BASE = "/subscriptions/s/resourceGroups/rg/providers"
SETTINGS = {
    "tier": "premium",
    "queues": {"mail": {"senders": ["backend"], "receivers": ["backend"]}},
    "topics": {
        "bookings": {
            "senders": ["backend"],
            "subscriptions": {"reminders": {"receivers": ["pro-next"], "maxDeliveries": 3}},
        }
    },
}


def build(settings: dict[str, object]) -> None:
    """The bus over a foundation of three apps' identities."""
    group, nothing = ID("rg"), ID("")
    identities = {
        name: Identity(
            name, IdentityArgs(resource_group_name="rg", location="eastus2", identity_name=f"id-{name}")
        ).outputs
        for name in ("backend", "pro-next", "marketing")
    }
    foundation = Foundation(
        common=Common(
            names=Names(short="mss", code="test", suffix="x7k2"),
            location="eastus2",
            paired_location=None,
            tags={"environment": "test"},
            tenant_id=nothing,
            subscription_id=nothing,
            groups={"data": group},
            logs=LogDestination(workspace_id=f"{BASE}/Microsoft.OperationalInsights/workspaces/log"),
            protection=Protection(protect=True, lock=True),
        ),
        network=Network(
            vnet_id=nothing,
            subnets={"private-endpoints": ID(f"{BASE}/Microsoft.Network/virtualNetworks/v/subnets/pe")},
            dns_zones={
                "servicebus": ID(f"{BASE}/Microsoft.Network/privateDnsZones/privatelink.servicebus.windows.net")
            },
        ),
        identities=Identities(apps=identities, duties={}),
        monitoring=Monitoring(
            workspace_id=nothing, app_insights_id=nothing, connection_string=nothing, action_groups={}
        ),
        edge=EdgeEntry(
            profile_id=nothing,
            profile_name=nothing,
            front_door_id=nothing,
            endpoints={},
            endpoint_names={},
            domains={},
            dns_records=(),
        ),
    )
    bus = build_bus(EventBusSettings.model_validate(settings), foundation)
    pulumi.export("settings", {app: dict(values) for app, values in bus.settings.items()})
    pulumi.export("watched", dict(bus.alert_targets))


def test_a_stack_without_a_bus_makes_nothing() -> None:
    built = record(lambda: build({}))
    assert not built.of_type("servicebus:Namespace")
    assert (built.outputs["settings"], built.outputs["watched"]) == ({}, {})


@pytest.mark.parametrize("mode", MODES)
def test_premium_has_its_entities_and_a_private_endpoint(mode: Mode) -> None:
    built = record(lambda: build(SETTINGS), mode)
    assert only(built, "servicebus:Queue").inputs["queueName"] == "mail"
    assert only(built, "servicebus:Topic").inputs["topicName"] == "bookings"
    assert only(built, "servicebus:Subscription").inputs["maxDeliveryCount"] == 3
    assert only(built, "servicebus:Queue").inputs["maxDeliveryCount"] == 10
    assert only(built, "network:PrivateEndpoint")
    assert len(built.of_type("authorization:RoleAssignment")) == 4


def test_standard_needs_no_network() -> None:
    built = record(lambda: build({**SETTINGS, "tier": "standard"}))
    assert not built.of_type("network:PrivateEndpoint")
    assert only(built, "servicebus:Namespace").inputs["publicNetworkAccess"] == "Enabled"


def test_apps_know_the_host_alerts_the_id() -> None:
    built = record(lambda: build(SETTINGS))
    host = {HOST_VARIABLE: "sbns-mss-test-x7k2.servicebus.windows.net"}
    assert built.outputs["settings"] == {"backend": host, "pro-next": host}
    assert built.outputs["watched"] == {"event-bus": only(built, "servicebus:Namespace").id}
    assert name_problem("servicebus", "sbns-mss-test-x7k2") is None
