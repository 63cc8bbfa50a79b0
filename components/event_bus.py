"""A Service Bus namespace: queues and topics that apps reach with their identities, never with a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_azure_native import servicebus

from components.component import Component, Placed, enabled
from components.diagnostics import LogDestination, diagnose
from components.private_endpoint import PrivateAccess, private_endpoint
from components.protection import Protection
from components.role_assignment import assign_role
from facts.roles import role_id

# learn.microsoft.com/azure/role-based-access-control/built-in-roles/integration
DATA_SENDER = role_id("Azure Service Bus Data Sender")
"""Azure Service Bus Data Sender."""
DATA_RECEIVER = role_id("Azure Service Bus Data Receiver")
"""Azure Service Bus Data Receiver."""

QUEUE_NAMES = "queueName"
TOPIC_NAMES = "topicName"
SUBSCRIPTION_NAMES = "subscriptionName"
"""Where a queue, a topic and a subscription hold their names."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How messages are handed to receivers.

    max_deliveries: attempts, 1 to 2000, before a message goes to the dead-letter queue.
    lock_seconds: 5 to 300; how long a receiver may work on a message before another one gets it.
    time_to_live_days: an older message goes to the dead-letter queue as well.
    sessions: messages of one session are received in order, by one receiver.
    """

    max_deliveries: int
    lock_seconds: int
    time_to_live_days: int
    sessions: bool


@dataclass(frozen=True, kw_only=True)
class BusQueue:
    """A queue. senders, receivers: object ids of identities by name."""

    name: str
    delivery: Delivery
    senders: Mapping[str, pulumi.Input[str]]
    receivers: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class BusSubscription:
    """A subscription of a topic: its receivers get every message of the topic."""

    name: str
    delivery: Delivery
    receivers: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class BusTopic:
    """A topic. time_to_live_days: longest life of a message in it."""

    name: str
    time_to_live_days: int
    senders: Mapping[str, pulumi.Input[str]]
    subscriptions: Sequence[BusSubscription]


@dataclass(frozen=True, kw_only=True)
class EventBusArgs(Placed):
    """Arguments of `EventBus`.

    namespace_name: globally unique, 6 to 50 characters.
    sku: ``premium`` has private endpoints and dedicated capacity; ``standard`` answers at a public address, where only
    an Entra token opens it.
    messaging_units: 1, 2, 4, 8 or 16; premium only.
    private_access: where the private endpoint goes; given exactly with ``premium``.
    """

    namespace_name: pulumi.Input[str]
    sku: Literal["standard", "premium"]
    messaging_units: int
    private_access: PrivateAccess | None
    queues: Sequence[BusQueue]
    topics: Sequence[BusTopic]
    logs: LogDestination
    protection: Protection


@dataclass(frozen=True, kw_only=True)
class EventBusOutputs:
    """id: ARM id; host: ``<name>.servicebus.windows.net``, what a client connects to."""

    id: pulumi.Output[str]
    host: pulumi.Output[str]


class EventBus(Component[EventBusArgs, EventBusOutputs]):
    """A namespace without keys, whose queues and topics each open to exactly their senders and receivers.

    What cannot be delivered, and what grows too old, is kept in the dead-letter queues.
    """

    def _declare(self, name: str, args: EventBusArgs) -> EventBusOutputs:
        premium = args.sku == "premium"
        namespace = servicebus.Namespace(
            name,
            **args.place,
            namespace_name=args.namespace_name,
            sku=servicebus.SBSkuArgs(
                name=servicebus.SkuName.PREMIUM if premium else servicebus.SkuName.STANDARD,
                tier=servicebus.SkuTier.PREMIUM if premium else servicebus.SkuTier.STANDARD,
                capacity=args.messaging_units if premium else None,
            ),
            disable_local_auth=True,
            minimum_tls_version=servicebus.TlsVersion.TLS_VERSION_1_2,
            public_network_access=enabled(not premium),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protection.protect or None),
        )
        if args.private_access:
            private_endpoint(name, namespace.id, "namespace", args.private_access, place=args.place, parent=self)
        for queue in args.queues:
            self._queue(name, queue, namespace, args)
        for topic in args.topics:
            self._topic(name, topic, namespace, args)
        diagnose(name, namespace.id, args.logs, parent=self)
        # No lock: below it no right, queue or topic could be taken away. The engine's protection stays.
        return EventBusOutputs(id=namespace.id, host=pulumi.Output.concat(namespace.name, ".servicebus.windows.net"))

    def _queue(self, name: str, queue: BusQueue, namespace: servicebus.Namespace, args: EventBusArgs) -> None:
        made = servicebus.Queue(
            f"{name}-{queue.name}",
            resource_group_name=args.resource_group_name,
            namespace_name=namespace.name,
            queue_name=queue.name,
            **_delivered(queue.delivery),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._grant(f"{name}-{queue.name}-sender", made.id, DATA_SENDER, queue.senders)
        self._grant(f"{name}-{queue.name}-receiver", made.id, DATA_RECEIVER, queue.receivers)

    def _topic(self, name: str, topic: BusTopic, namespace: servicebus.Namespace, args: EventBusArgs) -> None:
        made = servicebus.Topic(
            f"{name}-{topic.name}",
            resource_group_name=args.resource_group_name,
            namespace_name=namespace.name,
            topic_name=topic.name,
            default_message_time_to_live=f"P{topic.time_to_live_days}D",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._grant(f"{name}-{topic.name}-sender", made.id, DATA_SENDER, topic.senders)
        for subscription in topic.subscriptions:
            child = f"{name}-{topic.name}-{subscription.name}"
            received = servicebus.Subscription(
                child,
                resource_group_name=args.resource_group_name,
                namespace_name=namespace.name,
                topic_name=made.name,
                subscription_name=subscription.name,
                **_delivered(subscription.delivery),
                dead_lettering_on_filter_evaluation_exceptions=True,
                opts=pulumi.ResourceOptions(parent=self),
            )
            self._grant(f"{child}-receiver", received.id, DATA_RECEIVER, subscription.receivers)

    def _grant(
        self, name: str, scope: pulumi.Input[str], role_id: str, principals: Mapping[str, pulumi.Input[str]]
    ) -> None:
        """One role on one queue, topic or subscription; nobody has one on the namespace."""
        for who, principal_id in principals.items():
            assign_role(f"{name}-{who}", scope=scope, role_id=role_id, principal_id=principal_id, parent=self)


def _delivered(delivery: Delivery) -> dict[str, Any]:
    """How a queue or a subscription hands its messages out."""
    return {
        "max_delivery_count": delivery.max_deliveries,
        "lock_duration": f"PT{delivery.lock_seconds}S",
        "default_message_time_to_live": f"P{delivery.time_to_live_days}D",
        "dead_lettering_on_message_expiration": True,
        "requires_session": delivery.sessions,
    }
