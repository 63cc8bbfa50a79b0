"""What the catalogue and the stack say of an alert, whichever layer makes it."""

from collections.abc import Mapping

from components.alerts import ALERT_IDS, AlertArgs
from stacks.catalogues.alerts import ALERTS, AlertEntry, builtin_alerts
from stacks.entries import Entry, Part, stack_entry
from stacks.outputs import Foundation
from stacks.settings.monitoring import AlertOverride

RUNBOOKS = "docs/runbooks"

Overrides = Mapping[str, AlertOverride]
"""What the stack changes of alerts, by id."""


def alert_args(
    alert_id: str, entry: AlertEntry, overrides: Overrides, foundation: Foundation, part: str = "", about: str = ""
) -> AlertArgs:
    """The catalogue's entry with the stack's override.

    part: one resource of several, in the rule's name; about: what the entry's summary is said of.
    """
    common, override = foundation.common, overrides.get(alert_id, AlertOverride())
    return AlertArgs(
        id=alert_id,
        rule_name=common.names.regional("alert", "-".join(filter(None, [alert_id, part]))),
        severity=entry.severity,
        description=f"{about}: {entry.summary}" if about else entry.summary,
        runbook=f"{RUNBOOKS}/{entry.runbook}.md",
        controls=entry.controls,
        action_group_ids=[foundation.monitoring.action_groups[entry.channel]],
        resource_group_name=common.groups["monitoring"],
        enabled=override.enabled,
        tags=dict(common.tags),
    )


def builtin_alert_args(
    alert_id: str, overrides: Overrides, foundation: Foundation, part: str = "", about: str = ""
) -> AlertArgs:
    """As `alert_args`, of an entry whose condition the program knows."""
    return alert_args(alert_id, builtin_alerts()[alert_id], overrides, foundation, part, about)


def alert_entries(alert_id: str, overrides: Overrides) -> list[Entry]:
    """The entries that an alert is made from: the catalogue's, and the stack's override where there is one."""
    override = [stack_entry(f"monitoring.alerts.{alert_id}")] if alert_id in overrides else []
    return [Entry(ALERTS, alert_id), *override]


def alert_parts(alert_id: str, overrides: Overrides) -> list[Part]:
    """The same, for an alert that a component makes beside other resources."""
    return [Part(entry, ALERT_IDS, alert_id) for entry in alert_entries(alert_id, overrides)]
