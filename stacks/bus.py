"""The event bus between the apps, where a stack has one."""

from collections.abc import Iterable, Mapping

import pulumi

from components.event_bus import (
    QUEUE_NAMES,
    SUBSCRIPTION_NAMES,
    TOPIC_NAMES,
    BusQueue,
    BusSubscription,
    BusTopic,
    Delivery,
    EventBus,
    EventBusArgs,
)
from stacks.entries import Part, leave_out, name_entry, name_parts, stack_entry
from stacks.outputs import Bus, Foundation
from stacks.settings.bus import LOCK_SECONDS, DeliverySettings, EventBusSettings

HOST_VARIABLE = "SERVICE_BUS_HOST"
"""Environment variable under which apps on the bus read its host name."""


def build_bus(bus: EventBusSettings, foundation: Foundation) -> Bus:
    """The namespace with its queues and topics; an empty `Bus` where the stack has none."""
    if bus.tier == "none":
        leave_out("tier none: this stack has no bus", stack_entry("eventBus"))
        return Bus(settings={}, alert_targets={})
    common = foundation.common
    with name_entry(stack_entry("eventBus")), name_parts(*_parts(bus)):
        outputs = EventBus(
            "event-bus",
            EventBusArgs(
                **common.place("data"),
                namespace_name=common.names.global_name("sbns"),
                sku=bus.tier,
                messaging_units=bus.messaging_units,
                private_access=foundation.network.private_access("servicebus") if bus.tier == "premium" else None,
                queues=_queues(bus, foundation),
                topics=_topics(bus, foundation),
                logs=common.logs,
                protection=common.protection,
            ),
        ).outputs
    return Bus(
        settings={app: {HOST_VARIABLE: outputs.host} for app in _members(bus)},
        alert_targets={"event-bus": outputs.id},
    )


def _parts(bus: EventBusSettings) -> list[Part]:
    """What each entry becomes on the bus."""
    parts = [Part(stack_entry(f"eventBus.queues.{name}"), QUEUE_NAMES, name) for name in bus.queues]
    for name, topic in bus.topics.items():
        key = f"eventBus.topics.{name}"
        parts.append(Part(stack_entry(key), TOPIC_NAMES, name))
        parts += [
            Part(stack_entry(f"{key}.subscriptions.{each}"), SUBSCRIPTION_NAMES, each) for each in topic.subscriptions
        ]
    return parts


def _queues(bus: EventBusSettings, foundation: Foundation) -> list[BusQueue]:
    return [
        BusQueue(
            name=name,
            delivery=_delivery(queue, lock_seconds=queue.lock_seconds),
            senders=_principals(queue.senders, foundation),
            receivers=_principals(queue.receivers, foundation),
        )
        for name, queue in bus.queues.items()
    ]


def _topics(bus: EventBusSettings, foundation: Foundation) -> list[BusTopic]:
    return [
        BusTopic(
            name=name,
            time_to_live_days=topic.time_to_live_days,
            senders=_principals(topic.senders, foundation),
            subscriptions=[
                BusSubscription(
                    name=key,
                    delivery=_delivery(subscription, sessions=subscription.sessions),
                    receivers=_principals(subscription.receivers, foundation),
                )
                for key, subscription in topic.subscriptions.items()
            ],
        )
        for name, topic in bus.topics.items()
    ]


def _delivery(settings: DeliverySettings, *, lock_seconds: int = LOCK_SECONDS, sessions: bool = False) -> Delivery:
    return Delivery(
        max_deliveries=settings.max_deliveries,
        lock_seconds=lock_seconds,
        time_to_live_days=settings.time_to_live_days,
        sessions=sessions,
    )


def _principals(apps: Iterable[str], foundation: Foundation) -> Mapping[str, pulumi.Output[str]]:
    return {app: foundation.identities.apps[app].principal_id for app in apps}


def _members(bus: EventBusSettings) -> list[str]:
    """Apps that send or receive anything, each once."""
    queues, topics = bus.queues.values(), bus.topics.values()
    named = [app for queue in queues for app in (*queue.senders, *queue.receivers)]
    named += [app for topic in topics for app in topic.senders]
    named += [app for topic in topics for sub in topic.subscriptions.values() for app in sub.receivers]
    return list(dict.fromkeys(named))
