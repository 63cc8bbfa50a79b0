"""Alerts on what is about to expire in a vault, or has: Event Grid tells Azure Monitor, which tells an action group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import eventgrid

from components.component import Place
from components.diagnostics import LogDestination, diagnose

Expiry = Literal[
    "Microsoft.KeyVault.SecretNearExpiry",
    "Microsoft.KeyVault.SecretExpired",
    "Microsoft.KeyVault.KeyNearExpiry",
    "Microsoft.KeyVault.KeyExpired",
]
"""Events on the current version (learn.microsoft.com/azure/event-grid/event-schema-key-vault). Near: 30 days before,
for keys the notify action of the rotation policy."""

ALERT_NAMES = "eventSubscriptionName"
"""Where a subscription holds the name of its alert."""


@dataclass(frozen=True, kw_only=True)
class ExpiryAlert:
    """An alert on one kind of event.

    name: letters, digits and hyphens, 3 to 64 characters; severity: 0 (critical) to 4; description: what has happened,
    and where the answer is; action_group_id: who hears of it.
    only, never: names of the keys or secrets that it is about, and that it is not; without either it is about all.
    """

    name: str
    event: Expiry
    severity: Literal[0, 1, 2, 3, 4]
    description: str
    action_group_id: pulumi.Input[str]
    only: Sequence[str] = ()
    never: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ExpiryEvents:
    """What is told of a vault. topic_name: 3 to 50 letters, digits and hyphens, unique in the resource group."""

    topic_name: str
    alerts: Sequence[ExpiryAlert]


def alert_on_expiry(
    name: str,
    events: ExpiryEvents,
    *,
    place: Place,
    vault_id: pulumi.Input[str],
    logs: LogDestination,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
) -> tuple[eventgrid.SystemTopic, list[pulumi.Resource]]:
    """A system topic on the vault, in the vault's own place, and a subscription for each alert.

    A vault tells only of versions that are made while somebody is subscribed
    (learn.microsoft.com/azure/key-vault/general/event-grid-overview): write keys and secrets after these.
    """
    topic = eventgrid.SystemTopic(
        f"{name}-events",
        **place,
        system_topic_name=events.topic_name,
        source=vault_id,
        topic_type="Microsoft.KeyVault.vaults",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on)),
    )
    # A system topic logs what it could not deliver, and has no category group.
    diagnose(f"{name}-events", topic.id, logs, parent=parent, log_groups=(), log_categories=("DeliveryFailures",))
    subscriptions: list[pulumi.Resource] = [
        eventgrid.SystemTopicEventSubscription(
            f"{name}-{alert.name}",
            resource_group_name=place["resource_group_name"],
            system_topic_name=topic.name,
            event_subscription_name=alert.name,
            destination=eventgrid.MonitorAlertEventSubscriptionDestinationArgs(
                endpoint_type="MonitorAlert",
                severity=eventgrid.MonitorAlertSeverity(f"Sev{alert.severity}"),
                description=alert.description,
                action_groups=[alert.action_group_id],
            ),
            # The only schema that this destination takes
            # (learn.microsoft.com/azure/event-grid/handle-key-vault-events-using-azure-monitor-alerts).
            event_delivery_schema=eventgrid.EventDeliverySchema.CLOUD_EVENT_SCHEMA_V1_0,
            filter=eventgrid.EventSubscriptionFilterArgs(
                included_event_types=[alert.event], advanced_filters=_about(alert) or None
            ),
            # In a list of subscriptions: the vault each is about.
            labels=[vault_id],
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for alert in events.alerts
    ]
    return topic, subscriptions


_NAME = "data.ObjectName"
"""Where an event of a vault names its key or secret."""


def _about(
    alert: ExpiryAlert,
) -> list[eventgrid.StringInAdvancedFilterArgs | eventgrid.StringNotInAdvancedFilterArgs]:
    """Event Grid compares without regard to case, as Key Vault does."""
    filters: list[eventgrid.StringInAdvancedFilterArgs | eventgrid.StringNotInAdvancedFilterArgs] = []
    if alert.only:
        filters.append(
            eventgrid.StringInAdvancedFilterArgs(operator_type="StringIn", key=_NAME, values=list(alert.only))
        )
    if alert.never:
        filters.append(
            eventgrid.StringNotInAdvancedFilterArgs(operator_type="StringNotIn", key=_NAME, values=list(alert.never))
        )
    return filters
