"""Alerts name what Azure has: metrics of the type, operations of the activity log, tables of the workspace."""

import re
from collections.abc import Iterator
from typing import Any

from facts.activity_operations import activity_operations
from facts.decisions import Unknown
from facts.log_categories import log_categories
from facts.log_tables import log_tables
from facts.metrics import Metric, type_metrics
from facts.types import Logs, type_row
from policies.resource import UNKNOWN, Resource, lookup, peek
from policies.rule import rule
from policies.rules.monitoring import ACTIVITY, METRIC, QUERY, SETTING
from policies.view import Stack

AUTOSCALE, ANALYTICS = "monitor:AutoscaleSetting", "securityinsights:ScheduledAlertRule"

_HEAD = re.compile(r"(?:\A|[;(]|\blet\s+\w+\s*=)\s*([A-Za-z_]\w*)\s*(?=\||\Z|;)")
_NOT_CODE = re.compile(r"""//[^\n]*|@?"[^"]*"|'[^']*'""")
_UNION = re.compile(r"\bunion\b([^|;]*)")
_LET = re.compile(r"\blet\s+(\w+)\s*=")


@rule(
    "METRIC-KNOWN",
    "A metric alert and an autoscale rule name a metric that the resource type has, by dimensions that it has",
    on=[METRIC, AUTOSCALE],
    severity="critical",
    controls=["164.308(a)(1)(ii)(D)", "164.308(a)(7)(ii)(C)"],
    remediation="Name a metric of facts/metrics.yaml: Azure refuses the rule otherwise, and the deployment ends there.",
    source="facts/metrics.yaml; 400 Couldn't find a metric named (terraform-provider-azurerm issue 22210)",
)
def metric_known(resource: Resource, stack: Stack) -> Iterator[str]:
    for criterion in resource.each("criteria.allOf"):
        if lookup(criterion, "metricName"):
            dimensions = [str(lookup(each, "name")) for each in lookup(criterion, "dimensions", ())]
            yield from _unknown(
                str(lookup(criterion, "metricNamespace", "")), str(lookup(criterion, "metricName")), dimensions
            )
    for profile in resource.each("profiles"):
        for scale in lookup(profile, "rules", ()):
            trigger: Any = lookup(scale, "metricTrigger", {})
            with resource.noting():
                namespace = lookup(trigger, "metricNamespace")
                namespace = namespace or _type_named(peek(trigger, "metricResourceUri"), "profiles", resource, stack)
                if namespace is not None:
                    yield from _unknown(str(namespace), str(lookup(trigger, "metricName")), [])


@rule(
    "METRIC-AGGREGATION",
    "A metric alert uses an aggregation that Microsoft lists for the metric",
    on=METRIC,
    severity="low",
    controls=["164.308(a)(1)(ii)(D)"],
    remediation="Use a listed aggregation; another may be accepted, and may mean something else (a rate summed up).",
    source="facts/metrics.yaml; the pages may list the default aggregation only",
)
def metric_aggregation(alert: Resource) -> Iterator[str]:
    for criterion in alert.each("criteria.allOf"):
        name = str(lookup(criterion, "metricName"))
        metric = _metric(str(lookup(criterion, "metricNamespace", "")), name)
        aggregation = lookup(criterion, "timeAggregation")
        if metric and aggregation not in metric.aggregations:
            yield f"{name} is listed with {', '.join(metric.aggregations)}, not {aggregation}"


@rule(
    "OPERATION-KNOWN",
    "An activity alert names one operation that Azure has",
    on=ACTIVITY,
    severity="high",
    controls=["164.308(a)(1)(ii)(D)"],
    remediation="Name one operation of facts/activity_operations.yaml; several events are several alerts or a query.",
    source="facts/activity_operations.yaml; 400 UnsupportedCondition for several (bicep-types-az issue 2112)",
)
def operation_known(alert: Resource) -> Iterator[str]:
    for condition in alert.each("condition.allOf"):
        if lookup(condition, "field") == "operationName":
            operation = str(lookup(condition, "equals"))
            if operation.lower() not in activity_operations():
                yield f"{operation} is no operation that the facts know"
        for part in lookup(condition, "anyOf", ()):
            if lookup(part, "field") == "operationName":
                yield f"{lookup(part, 'equals')} is one of several operations"


@rule(
    "CATEGORY-KNOWN",
    "A diagnostic setting names log categories and groups that the resource type has",
    on=SETTING,
    severity="high",
    controls=["164.312(b)"],
    remediation="Name categories of facts/log_categories.yaml: Azure refuses the setting otherwise.",
    source="facts/log_categories.yaml; Category is not supported (terraform-provider-azurerm issue 2985)",
)
def category_known(setting: Resource, stack: Stack) -> Iterator[str]:
    type_ = _type_named(peek(setting.inputs, "resourceUri"), "resourceUri", setting, stack) or ""
    row = log_categories().get(type_.lower())
    for log in setting.each("logs") if type_ else ():
        category, group = lookup(log, "category"), lookup(log, "categoryGroup")
        if row is None:
            yield f"{type_} is no type whose log categories the facts know"
        elif category and category not in row.categories:
            yield f"{type_} has no log category {category}"
        elif group and not isinstance(row.groups, Unknown) and group not in row.groups:
            yield f"{type_} has no category group {group}"


@rule(
    "QUERY-TABLES",
    "A log alert reads tables that the facts know",
    on=[QUERY, ANALYTICS],
    severity="high",
    controls=["164.308(a)(1)(ii)(D)"],
    remediation="Name the table as Microsoft's reference does, capitals included, with a row in facts/log_tables.yaml.",
    source="facts/log_tables.yaml; a rule whose table does not exist fails, and Azure disables it after a week",
)
def query_tables(alert: Resource) -> Iterator[str]:
    texts = [str(lookup(criterion, "query", "")) for criterion in alert.each("criteria.allOf")]
    if alert.has("query"):
        texts.append(str(alert.get("query")))
    for text in texts:
        for table in read_tables(text):
            if table not in log_tables():
                yield f"{table} is no table that the facts know"


def read_tables(query: str) -> list[str]:
    """The tables that a query begins with, joins or unites: names at the head of a pipe that no `let` made."""
    text = _NOT_CODE.sub("", query)
    names = set(_HEAD.findall(text))
    for united in _UNION.findall(text):
        names |= {part.strip() for part in united.split(",") if re.fullmatch(r"\s*[A-Za-z_]\w*\s*", part)}
    return sorted(names - set(_LET.findall(text)))


def _unknown(namespace: str, name: str, dimensions: list[str]) -> Iterator[str]:
    if namespace.lower() not in type_metrics():
        yield f"{namespace} is no type whose metrics the facts know"
        return
    metric = _metric(namespace, name)
    if metric is None:
        yield f"{namespace} has no metric {name}"
        return
    for dimension in dimensions:
        if dimension not in metric.dimensions:
            yield f"{name} of {namespace} has no dimension {dimension}"


def _metric(namespace: str, name: str) -> Metric | None:
    row = type_metrics().get(namespace.lower())
    return row.metrics.get(name) if row else None


def _type_named(resource_id: Any, path: str, holder: Resource, stack: Stack) -> str | None:
    """The ARM type in a resource id; of one that is not known yet, that of the one resource it was computed from.

    None, and noted, where that is not one.
    """
    if resource_id is not UNKNOWN:
        return _type_of(resource_id)
    sources = [one for urn in holder.dependencies.get(path, ()) if (one := stack.by_urn.get(urn)) is not None]
    row = type_row(sources[0].type) if len(sources) == 1 else None
    if row is None or not isinstance(row.arm, str):
        holder.unknown.append(f"the id in {path} can't be known during preview")
        return None
    child = row.logs.child.strip("/").split("/")[::2] if isinstance(row.logs, Logs) else []
    return "/".join(filter(None, [row.arm, *child]))


def _type_of(resource_id: Any) -> str:
    """The ARM type in a resource id: ``Microsoft.Web/sites/slots``; nothing where it is not known."""
    _, *behind = re.split(r"/providers/", str(resource_id or ""), maxsplit=1, flags=re.IGNORECASE)
    parts = behind[0].split("/") if behind else []
    return "/".join([parts[0], *parts[1::2]]) if len(parts) > 2 else ""
