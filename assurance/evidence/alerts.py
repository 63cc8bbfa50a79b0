"""The alerts of a record: whom each tells, and what it sends along."""

from collections.abc import Iterator, Mapping
from typing import Any

from assurance.record import Record, Resource, get

ALERTS = ("monitor:MetricAlert", "monitor:ScheduledQueryRule", "monitor:ActivityLogAlert",
          "securityinsights:ScheduledAlertRule")  # fmt: skip


def declared_alerts(record: Record) -> Iterator[Resource]:
    """Every alert, type by type, by name."""
    for type_ in ALERTS:
        yield from sorted(record.of_type(type_), key=lambda each: each.name)


def receivers_of(alert: Resource) -> list[str]:
    """The action groups that it tells, by name."""
    ids = (group.get("actionGroupId", "") if isinstance(group, Mapping) else group for group in _groups(alert))
    return sorted({str(id_).rsplit("/", 1)[-1] for id_ in ids})


def notes_of(alert: Resource) -> dict[str, str]:
    """What it sends along, with its ``runbook`` and its paragraph (``hipaa``)."""
    notes: dict[str, str] = {}
    for holder in [get(alert, "actions.customProperties"), *_groups(alert)]:
        if isinstance(holder, Mapping):
            properties = holder.get("webHookProperties", holder.get("webhookProperties", holder))
            notes |= {key: str(value) for key, value in (properties or {}).items()}
    return notes


def _groups(alert: Resource) -> list[Any]:
    """The entries for action groups: below its actions, or its actions themselves."""
    actions = get(alert, "actions")
    return [*(actions if isinstance(actions, list) else ()), *(get(alert, "actions.actionGroups") or ())]
