"""Who hears: channels with somebody on them, and the alerts without which nobody hears (policies/data/floor.yaml)."""

from collections.abc import Iterator
from typing import Any

from policies.compare import same
from policies.data import table
from policies.resource import Resource, lookup, token
from policies.rule import rule
from policies.rules.alert_fires import minutes_in
from policies.rules.floor import APP, PROFILE, VAULT, may_hold_phi
from policies.rules.monitoring import ACTION_GROUPS, ACTIVITY, ALERTS, GROUP, METRIC, QUERY, RECEIVERS, WORKSPACE
from policies.rules.postgres import SERVER
from policies.view import Stack

CHANNELS = ("critical", "warning", "security")
URGENT = ("-critical", "-security")
"""How names of action groups end that wake somebody."""
LEAST_SEVERITY = 2
"""Warning: 3 and 4 are for information (learn.microsoft.com/azure/azure-monitor/alerts/alerts-types, severity)."""
LATEST = 60
WIDEST = {token(METRIC): 60, token(QUERY): 6 * 60}
"""Minutes between evaluations that find it, and over which it looks at most. Policy choice: what is on the floor is
told within the hour; the logs of a quiet vault are missed after six hours."""
FIRST_ROW = {"above": 0}
FIELDS = ("category", "operationName", "status")
"""What an alert on the activity log may ask for: each other field leaves events out, such as all but one caller's."""


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
        for alert in on[:1]:
            yield from (f"alert {id_}: {fault} ({why})" for fault in _weaknesses(alert, id_, resource, stack))


def _is_urgent(alert: Resource, stack: Stack) -> bool:
    """Whether it tells a channel that wakes somebody; MON-ALERT-RECEIVED asks whether there is a channel at all."""
    groups = stack.targets(alert, ACTION_GROUPS[alert.type], GROUP)
    return not groups or any(str(group.get("actionGroupName")).endswith(URGENT) for group in groups)


def _alerts_by_id(stack: Stack) -> dict[str, list[Resource]]:
    made: dict[str, list[Resource]] = {}
    for alert in stack.by_type(*ALERTS):
        made.setdefault(str(alert.get("tags.alert")), []).append(alert)
    return made


def _weaknesses(alert: Resource, id_: str, watched: Resource, stack: Stack) -> Iterator[str]:
    """What keeps an alert from telling in time of ``watched``: a message for each."""
    if alert.type == token(ACTIVITY):
        yield from _narrowed(alert, watched)
        return
    severity = alert.get("severity")
    if not isinstance(severity, (int, float)) or severity > LEAST_SEVERITY:
        yield f"severity is {severity}, must be 0 to {LEAST_SEVERITY}"
    every = minutes_in(alert.get("evaluationFrequency"))
    over = max(minutes_in(alert.get("windowSize")), minutes_in(alert.get("overrideQueryTimeRange")))
    if over > WIDEST[alert.type]:
        yield f"it looks back {over} minutes, must be {WIDEST[alert.type]} or less"
    if alert.type == token(QUERY) and not stack.targets(alert, "scopes[]", WORKSPACE):
        yield "its scopes name no workspace of this stack"
    for criterion in alert.each("criteria.allOf"):
        periods = lookup(criterion, "failingPeriods.minFailingPeriodsToAlert", 1)
        if every * periods > LATEST:
            yield f"it tells after {every * periods:g} minutes, must be {LATEST} or less"
        yield from _weak(criterion, id_)


def _weak(criterion: Any, id_: str) -> Iterator[str]:
    limit = table("floor")["limits"].get(id_, FIRST_ROW)
    operator, threshold = lookup(criterion, "operator"), lookup(criterion, "threshold")
    if threshold is None:  # one that Azure learns
        return
    if "above" in limit:
        holds = same(operator, "GreaterThan") and threshold <= limit["above"]
        holds = holds or (same(operator, "GreaterThanOrEqual") and threshold <= limit["above"] + 1)
        wanted = f"GreaterThan {limit['above']} or less"
    else:
        holds = same(operator, "LessThan", "LessThanOrEqual") and threshold >= limit["below"]
        wanted = f"LessThan {limit['below']} or more"
    if not holds:
        yield f"it tells at {operator} {threshold}, must be {wanted}"
    for dimension in lookup(criterion, "dimensions", ()):
        if not (same(lookup(dimension, "operator"), "Include") and "*" in lookup(dimension, "values", ())):
            yield f"it leaves out values of {lookup(dimension, 'name')}"


def _narrowed(alert: Resource, watched: Resource) -> Iterator[str]:
    for condition in alert.each("condition.allOf"):
        for part in lookup(condition, "anyOf") or [condition]:
            if not same(lookup(part, "field"), *FIELDS):
                yield f"it asks for {lookup(part, 'field')} {lookup(part, 'equals')}, and hears of nothing else"
    scopes = [scope.lower().rstrip("/") for scope in alert.leaves("scopes[]") if isinstance(scope, str)]
    if scopes and watched.id and not any(f"{watched.id}/".lower().startswith(f"{scope}/") for scope in scopes):
        yield "its scopes leave it out"
