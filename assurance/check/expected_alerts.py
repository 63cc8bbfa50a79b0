"""Which alerts a stack must have, and what each must be: the alert catalogue, service levels, availability tests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from assurance.check.demand import Demand, compare, demand, made_from
from assurance.check.kinds import watched
from assurance.check.places import Places
from assurance.record import Resource
from assurance.references import References
from facts.types import alert_kinds, metric_namespaces
from policies.rule import RuleInfo
from policies.rules.monitoring import ACTION_GROUPS, ACTIVITY, GROUP, METRIC, QUERY
from stacks.alert_inputs import alert_limits
from stacks.catalogues.alerts import (
    ALERTS,
    ActivityEntry,
    MetricEntry,
    QueryEntry,
    alert_catalogue,
    builtin_alerts,
    query_text,
)
from stacks.catalogues.slos import slo_catalogue
from stacks.settings.model import Settings
from stacks.settings.monitoring import AlertOverride

ALERT = partial(RuleInfo, source="the stack's file")(
    "EXPECT-ALERT",
    "Every alert of the catalogue exists for everything it concerns, and is what the catalogue says",
    "high",
    ("164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)", "164.312(b)"),
    "Make the alert as the entry says. What a stack may change of it stands under medspasync:monitoring.alerts.",
)
PROCESSING = "alertsmanagement:AlertProcessingRuleByName"
Entry = MetricEntry | QueryEntry | ActivityEntry


@dataclass
class Alerts:
    """The alerts that ``settings`` and the catalogue ask for, sought in one record."""

    references: References
    settings: Settings
    places: Places

    def of_id(self, alert_id: str) -> Sequence[Resource]:
        """Alert rules that say they are this alert."""
        return self._rules.get(alert_id, [])

    @cached_property
    def _rules(self) -> Mapping[str, Sequence[Resource]]:
        """Alert rules by the id of the alert they say they are."""
        found: dict[str, list[Resource]] = defaultdict(list)
        for rule in self.references.by_type(METRIC, QUERY, ACTIVITY):
            found[(rule.inputs.get("tags") or {}).get("alert", "")].append(rule)
        return found

    @cached_property
    def _channels(self) -> Mapping[str, Resource]:
        """Action groups by the entry they are made from."""
        return {(group.origin or {}).get("key", ""): group for group in self.references.by_type(GROUP)}

    def concerned(self, kind: str) -> bool:
        """Whether the stack has what alerts of ``kind`` are about."""
        settings = self.settings
        declared = {"subscription": settings.subscription.owner, "tenant": settings.monitoring.tenant_logs}
        return declared[kind] if kind in declared else bool(watched(self.references, kind))

    def demands(self) -> Iterator[Demand]:
        """Every alert that must be there."""
        for alert_id, entry in alert_catalogue().items():
            if self.concerned(entry.kind):
                yield from self._of_entry(alert_id, entry)
        yield from self._service_levels()
        yield from self._availability()
        yield from self._budget()
        yield from self._processing()

    def _of_entry(self, alert_id: str, entry: Entry) -> Iterator[Demand]:
        origin = self.places.of(ALERTS, alert_id)
        if not isinstance(entry, MetricEntry):
            rules = self.of_id(alert_id)
            demand = self.demand(f"alert {alert_id}", origin, rules, entry.channel, self._wanted(alert_id, entry))
            yield replace(demand, problems=[*demand.problems, *self._unseen(entry, rules)])
            return
        for resource in watched(self.references, entry.kind):
            rules = [r for r in self.of_id(alert_id) if resource in self._scopes(r, _type(entry.kind))]
            name = f"alert {alert_id} on {resource.name}"
            yield self.demand(name, origin, rules, entry.channel, self._wanted(alert_id, entry))

    def _unseen(self, entry: Entry, rules: Sequence[Resource]) -> list[str]:
        """Resource groups whose activity log an alert on the stack's groups does not read."""
        if not isinstance(entry, ActivityEntry) or entry.kind == "subscription" or not rules:
            return []
        if entry.whole_subscription or entry.except_groups:
            return []  # the whole subscription, or fewer groups: the catalogue says which
        seen = self._scopes(rules[0], _type("groups"))
        return [f"it does not watch {group.name}" for group in watched(self.references, "groups") if group not in seen]

    def _scopes(self, rule: Resource, type_: str) -> list[Resource]:
        return self.references.targets(rule, "scopes[]", type_)

    def _wanted(self, alert_id: str, entry: Entry) -> dict[str, Any]:
        """The inputs that the catalogue and the stack's override give the alert."""
        override = self.settings.monitoring.alerts.get(alert_id, AlertOverride())
        severity = entry.severity
        wanted: dict[str, Any] = {"enabled": override.enabled, "description": entry.summary}
        if isinstance(entry, ActivityEntry):
            return {**wanted, "condition": {"allOf": _conditions(entry)}}
        threshold = entry.threshold if override.threshold is None else override.threshold
        if isinstance(entry, MetricEntry):
            threshold = entry.value(threshold, alert_limits(self.settings.database))
        criterion: dict[str, Any] = {"operator": entry.operator, "threshold": threshold}
        criterion["dimensions"] = [{"name": dimension, "values": ["*"]} for dimension in entry.dimensions]
        if isinstance(entry, MetricEntry):
            criterion |= {"metricNamespace": metric_namespaces()[entry.kind], "metricName": entry.metric}
            criterion["timeAggregation"] = entry.aggregation
        else:
            criterion |= {"query": _filled(query_text(alert_id)), "timeAggregation": "Count"}
        wanted |= {"severity": severity, "windowSize": entry.window, "evaluationFrequency": entry.frequency}
        return {**wanted, "criteria": {"allOf": [criterion]}}

    def _service_levels(self) -> Iterator[Demand]:
        file = f"Pulumi.{self.references.record.stack}.yaml"
        for app, objectives in self.settings.slo.objectives.items():
            key = f"medspasync:slo.objectives.{app}"
            for indicator in objectives.by_indicator():
                for speed, burn in slo_catalogue().burn_rates.items():
                    alert_id = f"slo-{indicator}-{speed}"
                    wanted = {
                        "enabled": True, "severity": builtin_alerts()[alert_id].severity,
                        "windowSize": burn.long, "evaluationFrequency": burn.frequency,
                    }  # fmt: skip
                    rules = made_from(self.of_id(alert_id), key)
                    name = f"alert {alert_id} of {app}"
                    yield self.demand(
                        name, self.places.of(file, key), rules, builtin_alerts()[alert_id].channel, wanted
                    )

    def _availability(self) -> Iterator[Demand]:
        file = f"Pulumi.{self.references.record.stack}.yaml"
        for name in self.settings.monitoring.availability_tests:
            key = f"medspasync:monitoring.availabilityTests.{name}"
            origin = self.places.of(file, key)
            tests = made_from(self.references.by_type("applicationinsights:WebTest"), key)
            problems = [] if tests else ["there is no such test"]
            yield Demand(
                rule=ALERT, name=f"availability test {name}", origin=origin, resource=next(iter(tests), None),
                problems=problems,
            )  # fmt: skip
            rules = made_from(self.of_id("availability"), key)
            yield self.demand(f"alert availability of {name}", origin, rules, "critical", {"enabled": True})

    def _budget(self) -> Iterator[Demand]:
        """Costs are told of, also before they are there: what there is instead of a daily cap."""
        key = "medspasync:monitoring.budget"
        budgets = made_from(self.references.by_type("consumption:Budget"), key)
        problems = [] if budgets else ["there is no such budget"]
        for budget in budgets[:1]:
            told = {n.get("thresholdType") for n in (budget.inputs.get("notifications") or {}).values()}
            problems = [f"no notification on {kind} cost" for kind in ("Actual", "Forecasted") if kind not in told]
            result = compare(budget.inputs, {"amount": self.settings.monitoring.budget.amount})
            problems += result.different
        yield Demand(
            rule=ALERT, name="budget", origin=self.places.of(f"Pulumi.{self.references.record.stack}.yaml", key),
            resource=next(iter(budgets), None), problems=problems,
        )  # fmt: skip

    def _processing(self) -> Iterator[Demand]:
        """Azure Backup's own alerts reach a channel, and nothing else silences alerts than the windows in the file."""
        file, critical = f"Pulumi.{self.references.record.stack}.yaml", "medspasync:monitoring.receivers.critical"
        rules = self.references.by_type(PROCESSING)
        told = [r for r in rules if self.references.targets(r, "properties.actions[].actionGroupIds[]", GROUP)]
        yield Demand(
            rule=ALERT, name="alerts of Azure Backup", origin=self.places.of(file, critical),
            resource=next(iter(told), None), problems=[] if told else ["no alert processing rule tells of them"],
        )  # fmt: skip
        windows = {f"medspasync:monitoring.maintenance.{w.name}" for w in self.settings.monitoring.maintenance}
        for window in sorted(windows):
            name = f"quiet in the window {window.rpartition('.')[2]}"
            yield demand(ALERT, name, self.places.of(file, window), made_from(rules, window))
        for rule in rules:
            if rule not in told:
                key = (rule.origin or {}).get("key", "")
                problems = [] if key in windows else ["it silences alerts, and is no window of the stack file"]
                origin = self.places.of(file, key or critical)
                yield Demand(rule=ALERT, name=f"quiet by {rule.name}", origin=origin, resource=rule, problems=problems)

    def demand(
        self, name: str, origin: dict[str, Any], rules: Sequence[Resource], channel: str, wanted: Mapping[str, Any]
    ) -> Demand:
        """That one of ``rules`` is there with these inputs, and tells the channel."""
        if not rules:
            return Demand(rule=ALERT, name=name, origin=origin, problems=["there is no such alert"])
        rule = rules[0]
        result = compare(rule.inputs, wanted)
        group = self._channels.get(f"medspasync:monitoring.receivers.{channel}")
        if group not in self.references.targets(rule, ACTION_GROUPS[rule.type], GROUP):
            result.different.append(f"it does not tell the channel {channel}")
        return Demand(
            rule=ALERT, name=name, origin=origin, resource=rule, problems=result.different, unknown=result.unknown
        )


def _conditions(entry: ActivityEntry) -> list[dict[str, Any]]:
    return [
        {"field": "category", "equals": entry.category},
        *({"field": field, "equals": value} for field, value in entry.equals.items()),
        *({"anyOf": [{"field": field, "equals": v} for v in values]} for field, values in entry.any_of.items()),
    ]


def _filled(query: str) -> re.Pattern[str]:
    """The query with any list where the stack fills one in."""
    return re.compile(r"dynamic\(\[[^\])]*\]\)".join(re.escape(part) for part in re.split(r"\{\{\w+\}\}", query)))


def _type(kind: str) -> str:
    return alert_kinds()[kind].removeprefix("azure-native:")
