"""What alerts wait for and whom they tell; which logs are written."""

import re
from collections.abc import Iterator
from typing import Any

from assurance.compare.posture.item import Posture, Sides, item, known, one_sided
from assurance.record import Record, Resource, get, short_type

ALERTS = (
    "monitor:MetricAlert",
    "monitor:ScheduledQueryRule",
    "monitor:ActivityLogAlert",
    "securityinsights:ScheduledAlertRule",
)
GROUP = "monitor:ActionGroup"
RECEIVER_VALUES = ("emailAddress", "phoneNumber", "serviceUri", "resourceId", "name")
LOGS = ("monitor:DiagnosticSetting", "monitor:SubscriptionDiagnosticSetting")


def watching_items(sides: Sides) -> Iterator[Posture]:
    """Receivers, action groups, thresholds and queries of alerts; categories of diagnostic settings."""
    for base, head in sides.both:
        short = short_type(head)
        if short == GROUP:
            yield from _sets("alerts", "receiver", _receivers(base), _receivers(head), base, head)
        elif short == "security:SecurityContact":
            yield from _sets("alerts", "receiver", _contacts(base), _contacts(head), base, head)
        elif short == "consumption:Budget":
            yield from _sets("alerts", "notification", _notified(base), _notified(head), base, head)
        elif short in ALERTS:
            yield from _sets("alerts", "action group", _groups(base, sides.base), _groups(head, sides.head), base, head)
            yield from _criteria(base, head)
        elif short in LOGS:
            yield from _sets("logs", "category", _categories(base), _categories(head), base, head)


NUMBER = re.compile(r"(?P<by>(?:>=?|<=?|/)\s*)?(?<![\w.])(?P<number>\d+(?:\.\d+)?)(?![\w.])")
UPWARD = {">": True, ">=": True, "/": True, "<": False, "<=": False}
"""By what stands before a number: whether a higher one makes an alert rarer."""
Named = dict[str, str]
"""What is there, by its name in words, with the path of the input that says so."""


def _sets(area: Any, kind: str, before: Named, after: Named, base: Resource, head: Resource) -> Iterator[Posture]:
    for name, path, gone in one_sided(before, after):
        state = f"gone: {'nobody there is told' if area == 'alerts' else 'not written'}" if gone else "new"
        # The base knows the entry of what is gone, where entries are known at all.
        about = base if gone and base.origins else head
        values = (name, None) if gone else (None, name)
        yield item(area, gone, f"{kind} {name} of {head.name} is {state}", values, about, kind, path)


def _receivers(group: Resource) -> Named:
    found: Named = {}
    for kind, receivers in group.inputs.items():
        if kind.endswith("Receivers"):
            for index, receiver in enumerate(receivers or ()):
                values = [str(receiver.get(name)) for name in RECEIVER_VALUES if receiver.get(name)]
                shown = next((value for value in values if value != "[secret]" and known(value)), "secret")
                found[f"{kind.removesuffix('Receivers')} {shown}"] = f"{kind}[{index}]"
    return found


def _contacts(contact: Resource) -> Named:
    return {each: "emails" for each in re.split(r"[;,]\s*", str(get(contact, "emails", ""))) if each}


def _notified(budget: Resource) -> Named:
    found: Named = {}
    for name, notification in (get(budget, "notifications") or {}).items():
        for who in (*(notification.get("contactEmails") or ()), *(notification.get("contactGroups") or ())):
            if notification.get("enabled", True):
                found[f"{name} to {str(who).rsplit('/', 1)[-1]}"] = f"notifications.{name}"
    return found


def _groups(alert: Resource, record: Record) -> Named:
    names = record.remember(_group_names)
    found: Named = {}
    for text in re.findall(r"/subscriptions/[^'\"]*/actionGroups/[^'\"]+", str(alert.inputs.get("actions") or "")):
        found[names.get(text.lower(), text.rsplit("/", 1)[-1])] = "actions"
    return found


def _group_names(record: Record) -> dict[str, str]:
    return {each.id.lower(): each.name for each in record.of_type(GROUP)}


def _criteria(base: Resource, head: Resource) -> Iterator[Posture]:
    """Thresholds, by operator, and what a query reads and filters."""
    for path in ("criteria.allOf", "condition.allOf"):
        old, new = get(base, path) or [], get(head, path) or []
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from _threshold(before, after, head, f"{path}[{index}]")
            yield from _query(str(before.get("query", "")), str(after.get("query", "")), head, f"{path}[{index}].query")
    yield from _query(str(base.inputs.get("query", "")), str(head.inputs.get("query", "")), head, "query")


def _threshold(before: dict[str, Any], after: dict[str, Any], head: Resource, path: str) -> Iterator[Posture]:
    values = before.get("threshold"), after.get("threshold")
    if values[0] == values[1] or not all(isinstance(value, (int, float)) for value in values):
        return
    upward = not str(after.get("operator", "GreaterThan")).startswith("Less")
    weaker = (values[1] > values[0]) == upward  # type: ignore[operator]  # both are numbers
    why = ", so that more must happen before anybody is told" if weaker else ""
    what = f"the threshold of {head.name}: {values[0]} → {values[1]}{why}"
    yield item("alerts", weaker, what, values, head, "threshold", f"{path}.threshold")


def _query(before: str, after: str, head: Resource, path: str) -> Iterator[Posture]:
    """A query with one more filter, or one table less, sees less; what else changed in it, the change shows."""
    filters, tables = (r"(?m)^\s*\|?\s*where\s+.+$|\btake\b.+$", r"(?m)^(?:union\b.*|[A-Z]\w+)\s*$")
    new_filters = [each.strip() for each in re.findall(filters, after) if each.strip() not in before]
    gone = [each for text in re.findall(tables, before) for each in re.findall(r"[A-Z]\w+", text) if each not in after]
    if new_filters and len(re.findall(filters, after)) > len(re.findall(filters, before)):
        what = f"the query of {head.name} has a filter more, so that it sees less: {new_filters[0][:100]}"
        yield item("alerts", True, what, (None, new_filters[0]), head, "query", path)
    if gone:
        what = f"the query of {head.name} no longer reads {', '.join(gone)}"
        yield item("alerts", True, what, (", ".join(gone), None), head, "query", path)
    yield from _limits(before, after, head, path)


def _limits(before: str, after: str, head: Resource, path: str) -> Iterator[Posture]:
    """Limits in a query that differs in numbers alone: a higher one to be above, or to divide by, sees less."""
    if NUMBER.sub("#", before) != NUMBER.sub("#", after):
        return
    for old, new in zip(NUMBER.finditer(before), NUMBER.finditer(after), strict=True):
        if old[0] == new[0] or (upward := UPWARD.get((old["by"] or "").strip())) is None:
            continue
        weaker = (float(new["number"]) > float(old["number"])) == upward
        values = (float(old["number"]), float(new["number"]))
        why = ", so that more must happen before anybody is told" if weaker else ""
        what = f"the query of {head.name}: {old[0].strip()} → {new[0].strip()}{why}"
        yield item("alerts", weaker, what, values, head, "query", path)


def _categories(setting: Resource) -> Named:
    found: Named = {}
    for kind in ("logs", "metrics"):
        for index, each in enumerate(get(setting, kind) or ()):
            if each.get("enabled", True):
                found[str(each.get("category") or each.get("categoryGroup"))] = f"{kind}[{index}]"
    return found
