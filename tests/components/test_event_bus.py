"""The bus: no keys, private on premium, exactly the given senders and receivers, nothing lost without a trace."""

from __future__ import annotations

import pytest

from assurance.record import Mode, Record
from components.diagnostics import LogDestination
from components.event_bus import (
    DATA_RECEIVER,
    DATA_SENDER,
    BusQueue,
    BusSubscription,
    BusTopic,
    Delivery,
    EventBus,
    EventBusArgs,
)
from components.identity import Identity, IdentityArgs
from components.private_endpoint import PrivateAccess
from components.protection import Protection
from tests.harness import MODES, only, record

BASE = "/subscriptions/s/resourceGroups/rg/providers"
DELIVERY = Delivery(max_deliveries=5, lock_seconds=60, time_to_live_days=7, sessions=True)
ACCESS = PrivateAccess(
    subnet_id=f"{BASE}/Microsoft.Network/virtualNetworks/v/subnets/pe",
    dns_zone_id=f"{BASE}/Microsoft.Network/privateDnsZones/privatelink.servicebus.windows.net",
)


def build(sku: str = "premium", guarded: bool = True) -> None:
    people = {
        name: Identity(
            name, IdentityArgs(resource_group_name="rg", location="eastus2", identity_name=f"id-{name}")
        ).outputs.principal_id
        for name in ("backend", "mailer")
    }
    sender, receiver = {"backend": people["backend"]}, {"mailer": people["mailer"]}
    EventBus(
        "bus",
        EventBusArgs(
            resource_group_name="rg",
            location="eastus2",
            namespace_name="sbns-test",
            sku=sku,  # type: ignore[arg-type]
            messaging_units=2,
            private_access=ACCESS if sku == "premium" else None,
            queues=[BusQueue(name="mail", delivery=DELIVERY, senders=sender, receivers=receiver)],
            topics=[
                BusTopic(
                    name="bookings",
                    time_to_live_days=14,
                    senders=sender,
                    subscriptions=[BusSubscription(name="reminders", delivery=DELIVERY, receivers=receiver)],
                )
            ],
            logs=LogDestination(workspace_id=f"{BASE}/Microsoft.OperationalInsights/workspaces/log"),
            protection=Protection(protect=guarded, lock=guarded),
        ),
    )


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_premium_is_reached_privately_only(built: Record) -> None:
    namespace = only(built, "servicebus:Namespace").inputs
    assert namespace["publicNetworkAccess"] == "Disabled"
    assert namespace["sku"] == {"name": "Premium", "tier": "Premium", "capacity": 2}
    connection = only(built, "network:PrivateEndpoint").inputs["privateLinkServiceConnections"][0]
    assert connection["groupIds"] == ["namespace"]


def test_standard_has_neither_private_endpoint_nor_units() -> None:
    built = record(lambda: build("standard"))
    assert only(built, "servicebus:Namespace").inputs["sku"] == {"name": "Standard", "tier": "Standard"}
    assert not built.of_type("network:PrivateEndpoint")


def test_grants_are_on_entities_never_the_namespace() -> None:
    """Every grant is on one entity and nobody has the namespace."""
    built = record(build)
    queue, topic = only(built, "servicebus:Queue").id, only(built, "servicebus:Topic").id
    subscription = only(built, "servicebus:Subscription").id
    principals = {r.outputs["principalId"]: r.name for r in built.of_type("managedidentity:UserAssignedIdentity")}
    granted = {
        (
            principals[grant.inputs["principalId"]],
            grant.inputs["roleDefinitionId"].rsplit("/", 1)[-1],
            grant.inputs["scope"],
        )
        for grant in built.of_type("authorization:RoleAssignment")
    }
    assert granted == {
        ("backend", DATA_SENDER, queue),
        ("mailer", DATA_RECEIVER, queue),
        ("backend", DATA_SENDER, topic),
        ("mailer", DATA_RECEIVER, subscription),
    }


def test_what_fails_or_grows_old_is_kept(built: Record) -> None:
    for entity in built.of_type("servicebus:Queue", "servicebus:Subscription"):
        assert entity.inputs["deadLetteringOnMessageExpiration"] is True
        assert entity.inputs["maxDeliveryCount"] == 5
        assert entity.inputs["lockDuration"] == "PT60S"
        assert entity.inputs["defaultMessageTimeToLive"] == "P7D"
        assert entity.inputs["requiresSession"] is True
    assert only(built, "servicebus:Subscription").inputs["deadLetteringOnFilterEvaluationExceptions"] is True
    assert only(built, "servicebus:Topic").inputs["defaultMessageTimeToLive"] == "P14D"


def test_logs_go_to_the_workspace(built: Record) -> None:
    assert only(built, "monitor:DiagnosticSetting").inputs["logs"] == [{"categoryGroup": "allLogs", "enabled": True}]


@pytest.mark.parametrize("asked", [True, False])
def test_protection_is_what_was_asked_for(asked: bool) -> None:
    built = record(lambda: build(guarded=asked))
    assert only(built, "servicebus:Namespace").options["protect"] is asked
    assert built.of_type("authorization:ManagementLockByScope") == [], (
        "rights and queues below it could not be taken away"
    )
