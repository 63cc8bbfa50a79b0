"""What every alert says, and alert rules on logs (KQL) and on the activity log; those on metrics: metric_alerts.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import monitor

Severity = Literal[0, 1, 2, 3, 4]
"""0 critical, 1 error, 2 warning, 3 informational, 4 verbose (Azure Monitor)."""

Operator = Literal["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual", "Equals"]

ALERT_IDS = "tags.alert"
"""Where every alert rule holds its stable id."""


@dataclass(frozen=True, kw_only=True)
class AlertArgs:
    """What every alert says of itself, whatever it watches.

    id: the alert's stable id; rule_name: name in Azure, unique in the resource group, at most 260 characters.
    description: what has happened when it fires, in a sentence.
    runbook: where the answer is described, a path or URL; it travels with every notification.
    controls: the HIPAA control ids it serves.
    action_group_ids: who hears of it; at least one.
    """

    id: str
    rule_name: str
    severity: Severity
    description: str
    runbook: str
    controls: Sequence[str]
    action_group_ids: Sequence[pulumi.Input[str]]
    resource_group_name: pulumi.Input[str]
    enabled: bool = True
    tags: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if not self.action_group_ids:
            raise ValueError(f"alert {self.id} reaches nobody: it has no action group")

    @property
    def properties(self) -> dict[str, str]:
        """What a receiver gets beside Azure's own fields."""
        return {"alert": self.id, "runbook": self.runbook, "hipaa": " ".join(self.controls)}

    @property
    def all_tags(self) -> dict[str, str]:
        """The stack's tags, and the alert's own properties."""
        return {**(self.tags or {}), **self.properties}


@dataclass(frozen=True, kw_only=True)
class QueryCondition:
    """When a KQL query over a workspace returns too many rows.

    query: the KQL text; the window limits what it sees, so it needs no time filter of its own.
    threshold: rows in the window; operator: how they compare to it.
    dimensions: columns to split by (at most 6): rows are counted, and alerts raised, for each value.
    window: PT5M to P2D; frequency: PT5M to P1D. The window should be at least twice the frequency: a record that
    arrives late, after the window in which it happened was evaluated, would otherwise never be seen.
    """

    query: pulumi.Input[str]
    operator: Operator
    threshold: float
    window: str
    frequency: str
    dimensions: Sequence[str] = ()


def log_alert(
    name: str,
    args: AlertArgs,
    condition: QueryCondition,
    *,
    location: pulumi.Input[str],
    workspace_id: pulumi.Input[str],
    parent: pulumi.Resource | None = None,
) -> monitor.ScheduledQueryRule:
    """An alert on the rows of a query.

    It keeps its state: one notification when it starts, one when it is over, not one at every evaluation.
    """
    return monitor.ScheduledQueryRule(
        name,
        resource_group_name=args.resource_group_name,
        location=location,
        rule_name=args.rule_name,
        display_name=args.rule_name,
        description=args.description,
        enabled=args.enabled,
        severity=args.severity,
        kind=monitor.Kind.LOG_ALERT,
        scopes=[workspace_id],
        window_size=condition.window,
        evaluation_frequency=condition.frequency,
        auto_mitigate=True,
        # A table of a new workspace has no columns until its first record arrives.
        skip_query_validation=True,
        criteria=monitor.ScheduledQueryRuleCriteriaArgs(
            all_of=[
                monitor.ConditionArgs(
                    criterion_type=monitor.CriterionType.STATIC_THRESHOLD_CRITERION,
                    query=condition.query,
                    time_aggregation=monitor.TimeAggregation.COUNT,
                    # A plain string: the SDK's ConditionOperator ("gt") belongs to another resource type, and Azure
                    # refuses its values here.
                    operator=condition.operator,
                    threshold=condition.threshold,
                    dimensions=[
                        monitor.DimensionArgs(name=column, operator=monitor.DimensionOperator.INCLUDE, values=["*"])
                        for column in condition.dimensions
                    ],
                    failing_periods=monitor.ConditionFailingPeriodsArgs(
                        number_of_evaluation_periods=1, min_failing_periods_to_alert=1
                    ),
                )
            ]
        ),
        actions=monitor.ActionsArgs(action_groups=list(args.action_group_ids), custom_properties=args.properties),
        tags=args.all_tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


@dataclass(frozen=True, kw_only=True)
class ActivityCondition:
    """Which entries of the activity log.

    category: Administrative, ServiceHealth, ResourceHealth, Security or Policy.
    equals: field to value; any_of: field to several values, for the health categories. Values are compared without
    regard to case.
    """

    category: str
    equals: Sequence[tuple[str, str]] = ()
    any_of: Sequence[tuple[str, Sequence[str]]] = ()


def activity_alert(
    name: str,
    args: AlertArgs,
    condition: ActivityCondition,
    *,
    scopes: Sequence[pulumi.Input[str]],
    parent: pulumi.Resource | None = None,
) -> monitor.ActivityLogAlert:
    """An alert on the activity log of the scopes, subscriptions or resource groups.

    Azure gives activity-log alerts no severity; it travels as a property.
    """
    properties = {**args.properties, "severity": str(args.severity)}
    return monitor.ActivityLogAlert(
        name,
        resource_group_name=args.resource_group_name,
        location="global",
        activity_log_alert_name=args.rule_name,
        description=args.description,
        enabled=args.enabled,
        scopes=list(scopes),
        condition=monitor.AlertRuleAllOfConditionArgs(
            all_of=[
                monitor.AlertRuleAnyOfOrLeafConditionArgs(field="category", equals=condition.category),
                *(
                    monitor.AlertRuleAnyOfOrLeafConditionArgs(field=field, equals=value)
                    for field, value in condition.equals
                ),
                *(
                    monitor.AlertRuleAnyOfOrLeafConditionArgs(
                        any_of=[monitor.AlertRuleLeafConditionArgs(field=field, equals=value) for value in values]
                    )
                    for field, values in condition.any_of
                ),
            ]
        ),
        actions=monitor.ActionListArgs(
            action_groups=[
                monitor.ActionGroupArgs(action_group_id=group, webhook_properties=properties)
                for group in args.action_group_ids
            ]
        ),
        tags={**args.all_tags, "severity": str(args.severity)},
        opts=pulumi.ResourceOptions(parent=parent),
    )


class AlertFolder(pulumi.ComponentResource):
    """Holds the alerts on one kind of resource together in the resource tree; it makes nothing itself."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("medspasync:components:AlertFolder", name, None, opts)
        self.register_outputs({})
