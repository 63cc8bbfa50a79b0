"""Operations: every alert of the catalogue on every resource it concerns, availability tests, and the budget."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from components.alerts import ActivityCondition, AlertArgs, AlertFolder, QueryCondition, activity_alert, log_alert
from components.budget import BudgetArgs, budget
from components.metric_alerts import MetricCondition, metric_alert
from components.web_test import WebTestArgs, web_test
from facts.types import metric_namespaces
from stacks.alert_inputs import QueryLists
from stacks.alert_processing import build_alert_processing
from stacks.alerts import alert_args, alert_entries, alert_parts, builtin_alert_args
from stacks.catalogues.alerts import (
    ActivityEntry,
    AlertEntry,
    Limit,
    MetricEntry,
    QueryEntry,
    alert_catalogue,
    query_text,
)
from stacks.catalogues.database_roles import app_role, platform_roles
from stacks.entries import leave_out, name_entry, name_parts, stack_entry
from stacks.log_queries import kql_list, with_columns
from stacks.outputs import Apps, Data, Foundation, Gateway
from stacks.settings.monitoring import AlertOverride, MonitoringSettings
from stacks.settings.security import SubscriptionSettings

ACTIVITY_CATEGORIES = (
    "Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale", "ResourceHealth",
)  # fmt: skip
"""Every category of the activity log; it has no category group (Microsoft, activity log schema)."""


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """What the functions of this layer share."""

    settings: MonitoringSettings
    foundation: Foundation
    tags: dict[str, str]
    limits: Mapping[Limit, float]
    lists: QueryLists
    alert_targets: Mapping[str, Mapping[str, pulumi.Output[str]]]
    """Ids of what exists, by kind and name. A kind without resources has no alerts."""

    def alert_args(self, alert_id: str, entry: AlertEntry, part: str = "") -> AlertArgs:
        """The catalogue's entry with the stack's override, for one resource (``part``) or for the stack."""
        return alert_args(alert_id, entry, self.settings.alerts, self.foundation, part)

    def override(self, alert_id: str) -> AlertOverride:
        """What the stack changes of an alert."""
        return self.settings.alerts.get(alert_id, AlertOverride())

    def threshold(self, alert_id: str, entry: MetricEntry | QueryEntry) -> float:
        """The stack's threshold, else the catalogue's."""
        own = self.override(alert_id).threshold
        threshold = entry.threshold if own is None else own
        return entry.value(threshold, self.limits) if isinstance(entry, MetricEntry) else threshold


def build_operations(
    settings: MonitoringSettings,
    subscription: SubscriptionSettings,
    foundation: Foundation,
    data: Data,
    apps: Apps,
    limits: Mapping[Limit, float],
    lists: QueryLists,
    gateway: Gateway | None = None,
) -> None:
    """Alerts on everything the other layers report, the subscription's activity log where this stack owns it,
    availability tests and the budget.

    limits: of the stack's resources, for thresholds that are a share of one; lists: what queries know of the stack.
    """
    layer = _Layer(
        settings=settings,
        foundation=foundation,
        tags=dict(foundation.common.tags),
        limits=limits,
        lists=lists,
        alert_targets=_list_alert_targets(settings, subscription, foundation, data, apps)
        | ({"gateway": {"apis": gateway.id}} if gateway else {}),
    )
    kinds = dict.fromkeys(entry.kind for entry in alert_catalogue().values())
    folders = {kind: AlertFolder(f"alerts-{kind}") for kind in kinds if layer.alert_targets.get(kind)}
    for alert_id, entry in alert_catalogue().items():
        entries = alert_entries(alert_id, settings.alerts)
        only = entry.only if isinstance(entry, MetricEntry) else []
        if only and not set(only) & set(layer.alert_targets.get(entry.kind, ())):
            leave_out(f"this stack has no {' and no '.join(only)} of kind {entry.kind}", *entries)
        elif entry.kind in folders:
            with name_entry(*entries):
                _alert(layer, alert_id, entry, folders[entry.kind])
        else:
            leave_out(f"this stack has nothing of kind {entry.kind}", *entries)
    if subscription.owner:
        _subscription_log(layer)
    else:
        leave_out("false: another stack owns what a subscription has once", stack_entry("subscription.owner"))
    _availability(layer)
    _budget(layer)
    build_alert_processing(settings, foundation)


def _list_alert_targets(
    settings: MonitoringSettings,
    subscription: SubscriptionSettings,
    foundation: Foundation,
    data: Data,
    apps: Apps,
) -> dict[str, dict[str, pulumi.Output[str]]]:
    common = foundation.common
    targets = {kind: dict(resources) for kind, resources in data.alert_targets.items()}
    targets["site"] = {name: site.id for name, site in apps.sites.items()}
    targets["plan"] = dict(apps.plans)
    targets["frontdoor"] = {"edge": foundation.edge.profile_id}
    targets["nat"] = {"way-out": foundation.network.nat_gateway_id} if foundation.network.nat_gateway_id else {}
    targets["workspace"] = {"logs": foundation.monitoring.workspace_id}
    targets["groups"] = common.group_ids()
    targets["subscription"] = {"subscription": common.subscription} if subscription.owner else {}
    targets["tenant"] = {"tenant": foundation.monitoring.workspace_id} if settings.tenant_logs else {}
    return targets


def _alert(layer: _Layer, alert_id: str, entry: MetricEntry | QueryEntry | ActivityEntry, parent: AlertFolder) -> None:
    if isinstance(entry, MetricEntry):
        for part, resource_id in layer.alert_targets[entry.kind].items():
            if entry.only and part not in entry.only:
                continue
            _metric(layer, alert_id, entry, part, resource_id, parent)
    elif isinstance(entry, QueryEntry):
        _query(layer, alert_id, entry, parent)
    else:
        _activity(layer, alert_id, entry, parent)


def _metric(
    layer: _Layer,
    alert_id: str,
    entry: MetricEntry,
    part: str,
    resource_id: pulumi.Output[str],
    parent: AlertFolder,
) -> None:
    metric_alert(
        f"alert-{alert_id}-{part}",
        layer.alert_args(alert_id, entry, part),
        MetricCondition(
            namespace=metric_namespaces()[entry.kind],
            metric=entry.metric,
            aggregation=entry.aggregation,
            operator=entry.operator,
            threshold=layer.threshold(alert_id, entry),
            window=entry.window,
            frequency=entry.frequency,
            dimensions=entry.dimensions,
        ),
        resource_id=resource_id,
        parent=parent,
    )


def _query(layer: _Layer, alert_id: str, entry: QueryEntry, parent: AlertFolder) -> None:
    log_alert(
        f"alert-{alert_id}",
        layer.alert_args(alert_id, entry),
        QueryCondition(
            query=_fill_lists(with_columns(query_text(alert_id)), layer),
            operator=entry.operator,
            threshold=layer.threshold(alert_id, entry),
            window=entry.window,
            frequency=entry.frequency,
            dimensions=entry.dimensions,
        ),
        location=layer.foundation.common.location,
        workspace_id=layer.foundation.monitoring.workspace_id,
        parent=parent,
    )


def _fill_lists(query: str, layer: _Layer) -> pulumi.Input[str]:
    """The query with the lists that only the stack knows. Without object ids it stays literal, known in a preview."""
    foundation, apps = layer.foundation, layer.foundation.identities.apps
    own_roles = [app_role(app) for app in apps]
    query = query.replace("{{app_database_roles}}", kql_list(own_roles))
    query = query.replace("{{platform_database_roles}}", kql_list(sorted({*platform_roles(), *own_roles})))
    for name, values in layer.lists.items():
        query = query.replace(f"{{{{{name}}}}}", kql_list(values))
    marker = "{{platform_object_ids}}"
    if marker not in query:
        return query
    identities = [*apps.values(), *foundation.identities.duties.values()]
    return pulumi.Output.all(*(identity.principal_id for identity in identities)).apply(
        lambda ids: query.replace(marker, kql_list(ids))
    )


def _activity(layer: _Layer, alert_id: str, entry: ActivityEntry, parent: AlertFolder) -> None:
    owned = layer.alert_targets["subscription"]
    if entry.kind == "subscription" or (entry.whole_subscription and owned):
        scopes = owned
    else:
        groups = layer.alert_targets["groups"]
        scopes = {purpose: scope for purpose, scope in groups.items() if purpose not in entry.except_groups}
    activity_alert(
        f"alert-{alert_id}",
        layer.alert_args(alert_id, entry),
        ActivityCondition(
            category=entry.category,
            equals=list(entry.equals.items()),
            any_of=list(entry.any_of.items()),
        ),
        scopes=list(scopes.values()),
        parent=parent,
    )


def _subscription_log(layer: _Layer) -> None:
    """The activity log of the whole subscription goes to the workspace: who changed what in Azure."""
    with name_entry(stack_entry("subscription.owner")):
        monitor.SubscriptionDiagnosticSetting(
            "subscription-activity-log",
            name="to-workspace",
            workspace_id=layer.foundation.monitoring.workspace_id,
            logs=[
                monitor.SubscriptionLogSettingsArgs(category=category, enabled=True) for category in ACTIVITY_CATEGORIES
            ],
        )


def _availability(layer: _Layer) -> None:
    common, monitoring, overrides = layer.foundation.common, layer.foundation.monitoring, layer.settings.alerts
    if not layer.settings.availability_tests:
        leave_out("this stack has no availability test", *alert_entries("availability", overrides))
    for name, test in layer.settings.availability_tests.items():
        parts = alert_parts("availability", overrides)
        with name_entry(stack_entry(f"monitoring.availabilityTests.{name}")), name_parts(*parts):
            web_test(
                f"availability-{name}",
                WebTestArgs(
                    **common.place("monitoring"),
                    test_name=common.names.regional("test", name),
                    url=test.url,
                    app_insights_id=monitoring.app_insights_id,
                ),
                builtin_alert_args("availability", overrides, layer.foundation, part=name, about=test.url),
            )


def _budget(layer: _Layer) -> None:
    common, settings = layer.foundation.common, layer.settings.budget
    with name_entry(stack_entry("monitoring.budget")):
        budget(
            "budget",
            BudgetArgs(
                scope=common.subscription,
                budget_name=common.names.regional("budget"),
                resource_groups=list(common.groups.values()),
                amount=settings.amount,
                start=settings.start_date,
                emails=settings.contacts,
                action_group_ids=[layer.foundation.monitoring.action_groups["warning"]],
            ),
        )
