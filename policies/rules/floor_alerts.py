"""What must be seen of a stack, and who hears: channels with somebody on them, the alerts without which nobody hears
(policies/data/floor.yaml), the flows of its network, and whether it answers."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from documents.durations import minutes
from policies.compare import lies_in, measured, same
from policies.data import table
from policies.resource import Resource, lookup, token
from policies.rule import rule
from policies.rules.archive import deleted_after
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
KEPT_DAYS = 90
"""Of the flows of a network (CIS Azure Foundations 6.5)."""
TEST, DOMAIN = "applicationinsights:WebTest", "cdn:AFDCustomDomain"


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
    for id_, why in required.items():
        watching = [
            alert
            for alert in stack.remember(_alerts_by_id).get(id_, ())
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
    every = measured(alert.get("evaluationFrequency"), minutes)
    over = max(measured(alert.get(name), minutes) for name in ("windowSize", "overrideQueryTimeRange"))
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
    scopes = [scope for scope in alert.leaves("scopes[]") if isinstance(scope, str)]
    if scopes and watched.id and not any(lies_in(watched.id, scope) for scope in scopes):
        yield "its scopes leave it out"


@rule(
    "FLOOR-FLOW-LOG",
    "The flows of a network are recorded, and kept for 90 days",
    on="network:VirtualNetwork",
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Give the stack medspasync:network.flowLogs, with retentionDays of 90 or more; NET-FLOW-LOG says what "
    "a flow log must be.",
    source="CIS Azure Foundations 6.5: kept for 90 days",
    where=may_hold_phi,
)
def flow_log(network: Resource, stack: Stack) -> Iterator[str]:
    logs = stack.holders(network, "targetResourceId", "network:FlowLog")
    if not logs:
        yield "no flow log of this stack is of it"
    for account in (each for log in logs for each in stack.targets(log, "storageId", "storage:StorageAccount")):
        days = min(deleted_after(account, stack), default=KEPT_DAYS)
        if days < KEPT_DAYS:
            yield f"{account} deletes its flows after {days} days"


@rule(
    "FLOOR-AVAILABILITY",
    "Somebody asks from outside whether the platform answers, and an alert tells when it does not",
    on=PROFILE,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)", "164.308(a)(6)(ii)"],
    remediation="Name a page of a public host under medspasync:monitoring.availabilityTests.",
    source="requirement S24; learn.microsoft.com/azure/azure-monitor/app/availability",
    where=lambda profile, stack: may_hold_phi(profile, stack) and bool(_domains(profile, stack)),
)
def availability_test(profile: Resource, stack: Stack) -> Iterator[str]:
    hosts = {str(domain.get("hostName")).lower() for domain in _domains(profile, stack)}
    tests = [test for test in stack.by_type(TEST) if urlsplit(str(test.get("request.requestUrl"))).hostname in hosts]
    if not any(same(test.get("enabled"), True) for test in tests):
        yield f"no availability test that is on asks for a page of {', '.join(sorted(hosts))}"
    for test in tests:
        if not any(same(alert.get("enabled"), True) for alert in stack.holders(test, "criteria.webTestId", METRIC)):
            yield f"no alert that is on tells of the test {test}"


def _domains(profile: Resource, stack: Stack) -> list[Resource]:
    return stack.parts(profile, "profileName", DOMAIN)
