"""Alerts that can never tell anybody, tell too late, or are on one resource and not on its peers."""

from collections.abc import Iterator
from typing import Any

from documents.durations import minutes
from facts.metrics import type_metrics
from facts.types import Alerts, types_with
from policies.compare import measured, same
from policies.kusto import keeps_nothing
from policies.resource import Resource, lookup, token
from policies.rule import rule
from policies.rules.floor import is_ours
from policies.rules.monitoring import ACTIVITY, METRIC, QUERY
from policies.rules.monitoring_facts import ANALYTICS
from policies.view import Stack

TEST = "applicationinsights:WebTest"
MANY_ROWS = 1_000_000
"""Rows in one window that count as never (policy choice: Azure's queries answer half a million at most,
learn.microsoft.com/azure/azure-monitor/service-limits, Log Analytics queries)."""
URGENT, LATEST, LATEST_URGENT = 1, 24 * 60, 60
"""Severities up to this one (error) must be told within the shorter time; minutes (policy choice: an hour, a day)."""
WIDEST_URGENT = 6 * 60
"""Minutes over which a metric may be taken together at most: what is wrong for an hour vanishes in a day's average."""
SPARED = 2
"""Locations of a web test whose answers may be missing when it tells
(learn.microsoft.com/azure/azure-monitor/app/availability: the number of test locations - 2)."""
UNDONE = frozenset({"failed", "rejected", "canceled", "cancelled"})
BAD = frozenset({"critical", "error", "warning"})
"""States and levels of the activity log of what was not done; what was done is Succeeded, and Informational."""
DEPLOYMENTS = "microsoft.resources/deployments/"
"""Operations of which the failed ones are what people want to hear of."""


@rule(
    "MON-ALERT-FIRES",
    "An alert can fire: something lies beyond its threshold, its query keeps rows, and it listens to what is done",
    on=[METRIC, QUERY, ACTIVITY, ANALYTICS],
    severity="high",
    controls=["164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)"],
    remediation="Give it a threshold that the metric can pass, a query that keeps rows, and conditions that hold "
    "together; listen to Succeeded.",
    source="facts/metrics.yaml (units); learn.microsoft.com/azure/azure-monitor/alerts/alerts-metric-multiple-time-"
    "series-single-rule; learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema (status, level)",
)
def alert_fires(alert: Resource, stack: Stack) -> Iterator[str]:
    conditions = "condition.allOf" if alert.type == token(ACTIVITY) else "criteria.allOf"
    if alert.type != token(ANALYTICS) and not alert.has(conditions) and not alert.has("criteria.webTestId"):
        yield f"{conditions} is empty: it waits for nothing"
    for criterion in alert.each("criteria.allOf"):
        yield from _beyond_reach(criterion)
    for query in _queries(alert):
        end = keeps_nothing(query)
        if end:
            yield f"its query keeps no row: {end[:80]}"
    if alert.type == token(ANALYTICS):
        yield from _beyond(alert.get("triggerOperator"), alert.get("triggerThreshold", 0), MANY_ROWS, "rows")
    if alert.has("criteria.webTestId"):
        yield from _places(alert, stack)
    yield from _unheard(alert)


@rule(
    "MON-ALERT-IN-TIME",
    "An alert looks at all that happens, and tells while there is something to do",
    on=[METRIC, QUERY, ANALYTICS],
    severity="high",
    controls=["164.308(a)(6)(ii)", "164.308(a)(1)(ii)(D)"],
    remediation="Evaluate as often as the window is long or oftener, and so that what is critical or an error is told "
    "within an hour, all else within a day; take a metric together over six hours at most.",
    source="policy choice: 164.308(a)(6)(ii) asks for a response, and nobody responds to what is told tomorrow; "
    "learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule (frequency, window, failing periods)",
)
def alert_in_time(alert: Resource) -> Iterator[str]:
    is_analytics = alert.type == token(ANALYTICS)
    names = ("queryFrequency", "queryPeriod") if is_analytics else ("evaluationFrequency", "windowSize")
    every, over = (measured(alert.get(name), minutes) for name in names)
    is_urgent = not is_analytics and _number(alert.get("severity"), 3) <= URGENT
    wide = max(over, measured(alert.get("overrideQueryTimeRange"), minutes))
    if every and over and wide < every:
        yield f"{names[1]} is {alert.get(names[1])}, shorter than {names[0]} {alert.get(names[0])}: not all is seen"
    latest = LATEST_URGENT if is_urgent else LATEST
    for criterion in alert.each("criteria.allOf") or [{}]:
        periods = _number(lookup(criterion, "failingPeriods.minFailingPeriodsToAlert"), 1)
        if every * periods > latest:
            often = f"{alert.get(names[0])}, {periods:g} times"
            yield f"{names[0]} is {often} before it tells, must be {latest} minutes or less"
    if is_urgent and alert.type == token(METRIC) and over > WIDEST_URGENT:
        yield f"{names[1]} is {alert.get(names[1])}, must be {WIDEST_URGENT} minutes or less at severity {URGENT}"


def _queries(alert: Resource) -> Iterator[str]:
    for criterion in alert.each("criteria.allOf"):
        if alert.type == token(QUERY):
            yield str(lookup(criterion, "query", ""))
    if alert.type == token(ANALYTICS):
        yield str(alert.get("query", ""))


def _beyond_reach(criterion: Any) -> Iterator[str]:
    """A threshold that nothing passes: a share lies between 0 and 100, a count or time is 0 or more."""
    for dimension in lookup(criterion, "dimensions", ()):
        if same(lookup(dimension, "operator"), "Exclude") and "*" in lookup(dimension, "values", ()):
            yield f"it leaves out every {lookup(dimension, 'name')}"
    name = lookup(criterion, "metricName")
    if name and lookup(criterion, "threshold") is not None:
        row = type_metrics().get(str(lookup(criterion, "metricNamespace", "")).lower())
        metric = row.metrics.get(str(name)) if row else None
        highest = 100 if metric and metric.unit == "Percent" else None
        yield from _beyond(lookup(criterion, "operator"), lookup(criterion, "threshold"), highest, str(name))
    elif lookup(criterion, "query") is not None and same(lookup(criterion, "timeAggregation", "Count"), "Count"):
        yield from _beyond(lookup(criterion, "operator"), lookup(criterion, "threshold"), MANY_ROWS, "rows")


def _beyond(operator: Any, threshold: Any, highest: float | None, what: str) -> Iterator[str]:
    """A threshold that nothing from 0 to ``highest`` passes; None: there is no highest."""
    limit = _number(threshold, None)
    if limit is None:
        return
    if same(operator, "LessThan"):
        never = limit <= 0
    elif same(operator, "GreaterThan"):
        never = highest is not None and limit >= highest
    else:
        too_low = limit < 0 and same(operator, "LessThanOrEqual", "Equals", "Equal")
        too_high = highest is not None and limit > highest and same(operator, "GreaterThanOrEqual", "Equals", "Equal")
        never = too_low or too_high
    if never:
        yield f"{what} is never {operator} {threshold}"


def _places(alert: Resource, stack: Stack) -> Iterator[str]:
    """A web test is asked from so many places; more can never fail."""
    failed = _number(alert.get("criteria.failedLocationCount"), None)
    for test in stack.targets(alert, "criteria.webTestId", TEST):
        places = len(test.each("locations"))
        most = max(1, places - SPARED)
        if failed is None or not 1 <= failed <= most:
            yield f"failedLocationCount is {failed} of {places} locations, must be 1 to {most}"


def _unheard(alert: Resource) -> Iterator[str]:
    """Conditions on the activity log that no event of what was done meets."""
    said: dict[str, set[str]] = {}
    for condition in alert.each("condition.allOf"):
        for field, values in _wanted(condition):
            before = said.setdefault(field, values)
            said[field] = before & values
            if not said[field]:
                yield f"its conditions on {field} exclude each other"
    operations = said.get("operationname", set())
    if operations and not any(each.startswith(DEPLOYMENTS) for each in operations):
        for field, undone in (("status", UNDONE), ("level", BAD)):
            if said.get(field) and said[field] <= undone:
                yield f"{field} is {' or '.join(sorted(said[field]))}: what is done is not heard"


def _wanted(condition: Any) -> Iterator[tuple[str, set[str]]]:
    """(field, values of which it must be one), in lower case."""
    parts = lookup(condition, "anyOf") or [condition]
    fields = {str(lookup(part, "field", "")).lower() for part in parts}
    values = {
        str(value).lower()
        for part in parts
        for value in [lookup(part, "equals"), *(lookup(part, "containsAny") or ())]
        if value is not None
    }
    if len(fields) == 1:
        yield fields.pop(), values


def _number(value: Any, default: Any) -> Any:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else default


_Watched = dict[str, dict[str, list[Resource]]]
"""Watched resources by type and alert."""


@rule(
    "MON-ALERT-PEERS",
    "A metric alert that one resource of a type has, all of its type in the stack have",
    on=list(types_with("alerts", Alerts)),
    severity="medium",
    controls=["164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)"],
    remediation="Give the alert (tag alert) the resource as well: stacks/operations.py, stacks/catalogues/alerts.yaml.",
    source="requirement S24: every resource of a kind is watched; stacks/catalogues/alerts.yaml",
    where=lambda resource, _: is_ours(resource),
)
def alert_on_peers(resource: Resource, stack: Stack) -> Iterator[str]:
    for alert, peers in stack.remember(_watched).get(resource.type, {}).items():
        if resource not in peers and (_is_replica(resource) or not all(map(_is_replica, peers))):
            yield f"no alert {alert} is on it, as on {peers[0].name}"


def _watched(stack: Stack) -> _Watched:
    found: _Watched = {}
    for alert in stack.by_type(METRIC):
        for target in stack.targets(alert, "scopes[]", "*"):
            found.setdefault(target.type, {}).setdefault(str(alert.get("tags.alert")), []).append(target)
    return found


def _is_replica(server: Resource) -> bool:
    """Of a database: how far it is behind its primary is a metric that a primary has not."""
    return server.has("sourceServerResourceId")
