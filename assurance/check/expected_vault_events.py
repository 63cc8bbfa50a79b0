"""That every vault tells before a secret or key of it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from assurance.check.demand import Demand, demand
from assurance.check.places import Places
from assurance.record import Resource
from assurance.references import References, get
from policies.rule import RuleInfo
from policies.rules.monitoring import GROUP
from stacks.catalogues.vault_events import VAULT_EVENTS, VaultEvent, vault_events

EVENT = partial(RuleInfo, source="the stack's file")(
    "EXPECT-VAULT-EVENT",
    "Every vault tells a channel before what it holds ends",
    "high",
    ("164.312(a)(2)(iv)", "164.308(a)(5)(ii)(D)"),
    "Give the vault its system topic and the event subscription of stacks/catalogues/vault_events.yaml.",
)
TOPIC, SUBSCRIPTION = "eventgrid:SystemTopic", "eventgrid:SystemTopicEventSubscription"


def vault_event_demands(references: References, places: Places) -> Iterator[Demand]:
    """Every event of the catalogue, for every vault that has it."""
    for vault in references.by_type("keyvault:Vault"):
        topics = references.holders(vault, "source", TOPIC)
        keys = references.holders(vault, "vaultName", "keyvault:Key", by="vaultName")
        for alert_id, entry in vault_events().items():
            if _concerns(entry, keys):
                yield _told(references, places, vault, topics, alert_id, entry)


def _concerns(entry: VaultEvent, keys: Sequence[Resource]) -> bool:
    """Whether a vault with these keys has the event: a vault holds encryption keys or secrets, never both."""
    if entry.keys == "versioned":
        return any(not _rotates(key) for key in keys)
    return entry.about == ("keys" if keys else "secrets")


def _rotates(key: Resource) -> bool:
    actions = get(key, "properties.rotationPolicy.lifetimeActions", ())
    return any(action["action"]["type"].lower() == "rotate" for action in actions)


def _told(
    references: References, places: Places, vault: Resource, topics: list[Resource], alert_id: str, entry: VaultEvent
) -> Demand:
    name, origin = f"event {alert_id} of {vault.name}", places.of(VAULT_EVENTS, alert_id)
    if not topics:
        return Demand(rule=EVENT, name=name, origin=origin, problems=[f"{vault.name} has no system topic"])
    wanted = {
        "filter": {"includedEventTypes": [entry.event]},
        "destination": {"endpointType": "MonitorAlert", "severity": f"Sev{entry.severity}"},
    }
    of_topic = references.holders(topics[0], "systemTopicName", SUBSCRIPTION, by="systemTopicName")
    found = [one for one in of_topic if one.inputs.get("eventSubscriptionName") == alert_id]
    result = demand(EVENT, name, origin, found, wanted)
    told = [group for one in found for group in references.targets(one, "destination.actionGroups[]", GROUP)]
    if found and f"medspasync:monitoring.receivers.{entry.channel}" not in {(g.origin or {}).get("key") for g in told}:
        return Demand(
            rule=EVENT, name=name, origin=origin, resource=found[0],
            problems=[*result.problems, f"it does not tell the channel {entry.channel}"],
        )  # fmt: skip
    return result
