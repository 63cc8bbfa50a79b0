"""The event bus: whether there is one, its queues and topics, and who sends and receives."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.sections import Section
from documents.words import Text

EntityName = Annotated[
    str, Text(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "a name in lower case with hyphens, like appointments", max_length=50)
]
"""Lower-case letters, digits and single hyphens; a subscription's name has at most 50 characters in Azure."""


LOCK_SECONDS = 60
"""Seconds a receiver has for a message, where the stack says nothing else."""


class DeliverySettings(Section):
    """How messages are handed to receivers. What fails goes to the dead-letter queue."""

    max_deliveries: Annotated[int, Field(ge=1, le=2000)] = 10
    """Attempts before a message goes to the dead-letter queue: 1 to 2000."""
    time_to_live_days: Annotated[int, Field(ge=1, le=90)] = 14
    """Days after which an unread message goes to the dead-letter queue: 1 to 90."""


class QueueSettings(DeliverySettings):
    """A queue: each message is received once."""

    lock_seconds: Annotated[int, Field(ge=5, le=300)] = LOCK_SECONDS
    """Seconds a receiver may work on a message before another one gets it: 5 to 300."""
    senders: Annotated[list[str], Field(min_length=1)]
    """Apps that may send."""
    receivers: Annotated[list[str], Field(min_length=1)]
    """Apps that may receive."""


class SubscriptionSettings(DeliverySettings):
    """A subscription: its receivers get every message of the topic."""

    sessions: bool = False
    """Whether messages of one session (for example, one clinic) are received in order by one receiver."""
    receivers: Annotated[list[str], Field(min_length=1)]
    """Apps that may receive."""


class TopicSettings(Section):
    """A topic: each subscription gets each message."""

    senders: Annotated[list[str], Field(min_length=1)]
    """Apps that may send."""
    time_to_live_days: Annotated[int, Field(ge=1, le=90)] = 14
    """Longest life of a message, 1 to 90 days; a subscription can only shorten it."""
    subscriptions: Annotated[dict[EntityName, SubscriptionSettings], Field(min_length=1)]
    """Subscriptions by name."""


class EventBusSettings(Section):
    """Service Bus between the apps."""

    tier: Literal["none", "standard", "premium"] = "none"
    """`none`: no bus. `standard` (about $10 a month): a public address that only Entra tokens open, a relaxation where
    PHI is sent. `premium` (about $680 a month a messaging unit): private endpoint, dedicated capacity."""
    messaging_units: Literal[1, 2, 4, 8, 16] = 1
    """Capacity of `premium`; each unit costs as much as the first."""
    queues: dict[EntityName, QueueSettings] = {}
    """Queues by name."""
    topics: dict[EntityName, TopicSettings] = {}
    """Topics by name."""

    def problems(self) -> Iterator[Problem]:
        """Without a bus there is nothing on it; capacity is premium's; queues and topics share their names."""
        if self.tier == "none" and (self.queues or self.topics):
            yield Problem("tier", self.tier, "standard or premium, since there are queues or topics")
        if self.tier != "premium" and self.messaging_units != 1:
            yield Problem("messagingUnits", self.messaging_units, "1: only tier premium has messaging units")
        for name in sorted(set(self.queues) & set(self.topics)):
            yield Problem(f"topics.{name}", name, "a name that no queue has")
        for name, topic in self.topics.items():
            for key, subscription in topic.subscriptions.items():
                if subscription.time_to_live_days > topic.time_to_live_days:
                    yield Problem(
                        f"topics.{name}.subscriptions.{key}.timeToLiveDays",
                        subscription.time_to_live_days,
                        f"at most the topic's {topic.time_to_live_days} days",
                    )
