"""Who hears: channels with somebody on them, and the alerts without which nobody hears (policies/data/floor.yaml)."""

from collections.abc import Iterator

from policies.compare import same
from policies.data import table
from policies.resource import Resource, token
from policies.rule import rule
from policies.rules.floor import APP, PROFILE, VAULT, may_hold_phi
from policies.rules.monitoring import ACTION_GROUPS, ALERTS, GROUP, METRIC, RECEIVERS, WORKSPACE
from policies.rules.postgres import SERVER
from policies.view import Stack

CHANNELS = ("critical", "warning", "security")
URGENT = ("-critical", "-security")
"""How names of action groups end that wake somebody."""


@rule(
    "FLOOR-RECEIVERS",
    "Somebody is on every channel of alerts",
    on=[WORKSPACE, SERVER],
    severity="critical",
    controls=["164.308(a)(6)(ii)", "164.308(a)(1)(ii)(D)"],
    remediation="Name receivers for critical, warning and security under medspasync:monitoring.receivers.",
    source="requirement S26",
    where=may_hold_phi,
)
def receivers(_resource: Resource, stack: Stack) -> Iterator[str]:
    for channel in CHANNELS:
        groups = [group for group in stack.by_type(GROUP) if str(group.get("actionGroupName")).endswith(f"-{channel}")]
        if not any(group.has(kind) for group in groups for kind in RECEIVERS):
            yield f"nobody is on the channel {channel}"


@rule(
    "FLOOR-ALERTS",
    "The alerts without which nobody hears are there, and wake somebody",
    on=[SERVER, VAULT, PROFILE, APP, WORKSPACE],
    severity="high",
    controls=["164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)", "164.312(b)"],
    remediation="Make the alert of this id (tag alert) again, with its channel: stacks/catalogues/alerts.yaml, "
    "medspasync:monitoring.",
    source="requirements S24, S25; policies/data/floor.yaml, alerts, with the reason of each",
    where=may_hold_phi,
)
def alerts(resource: Resource, stack: Stack) -> Iterator[str]:
    required = {token(type_): rows for type_, rows in table("floor")["alerts"].items()}[resource.type]
    made: dict[str, list[Resource]] = stack.remember("alerts by id", lambda: _alerts_by_id(stack))
    for id_, why in required.items():
        watching = [
            alert
            for alert in made.get(id_, ())
            if alert.type != token(METRIC) or resource in stack.targets(alert, "scopes[]", resource.type)
        ]
        on = [alert for alert in watching if same(alert.get("enabled"), True)]
        if not on:
            yield f"no alert {id_} is on for it ({why})"
        elif id_ not in table("floor")["warnings"] and not any(_is_urgent(alert, stack) for alert in on):
            yield f"alert {id_} tells neither the channel critical nor security ({why})"


def _is_urgent(alert: Resource, stack: Stack) -> bool:
    """Whether it tells a channel that wakes somebody; MON-ALERT-RECEIVED asks whether there is a channel at all."""
    groups = stack.targets(alert, ACTION_GROUPS[alert.type], GROUP)
    return not groups or any(str(group.get("actionGroupName")).endswith(URGENT) for group in groups)


def _alerts_by_id(stack: Stack) -> dict[str, list[Resource]]:
    made: dict[str, list[Resource]] = {}
    for alert in stack.by_type(*ALERTS):
        made.setdefault(str(alert.get("tags.alert")), []).append(alert)
    return made
