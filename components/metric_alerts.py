"""Alert rules on metrics: of a resource, and of tests from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import monitor

from components.alerts import AlertArgs, Operator

Aggregation = Literal["Average", "Minimum", "Maximum", "Total", "Count"]


@dataclass(frozen=True, kw_only=True)
class MetricCondition:
    """When a platform metric is out of bounds.

    namespace: the resource type (``Microsoft.KeyVault/vaults``); metric: its name in the REST API, case-sensitive.
    dimensions: names to split by; every value raises an alert of its own.
    window: PT1M, PT5M, PT15M, PT30M, PT1H, PT6H, PT12H or P1D; frequency: PT1M, PT5M, PT15M, PT30M or PT1H, at most
    the window.
    """

    namespace: str
    metric: str
    aggregation: Aggregation
    operator: Operator
    threshold: float
    window: str
    frequency: str
    dimensions: Sequence[str] = ()


def metric_alert(
    name: str,
    args: AlertArgs,
    condition: MetricCondition,
    *,
    resource_id: pulumi.Input[str],
    parent: pulumi.Resource | None = None,
) -> monitor.MetricAlert:
    """An alert on one metric of one resource."""
    return _metric_rule(
        name,
        args,
        scopes=[resource_id],
        window=condition.window,
        frequency=condition.frequency,
        parent=parent,
        criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
            odata_type=monitor.Odatatype.MICROSOFT_AZURE_MONITOR_SINGLE_RESOURCE_MULTIPLE_METRIC_CRITERIA,
            all_of=[
                monitor.MetricCriteriaArgs(
                    name="condition",
                    criterion_type="StaticThresholdCriterion",
                    metric_namespace=condition.namespace,
                    metric_name=condition.metric,
                    time_aggregation=monitor.AggregationTypeEnum(condition.aggregation),
                    operator=monitor.Operator(condition.operator),
                    threshold=condition.threshold,
                    dimensions=[
                        monitor.MetricDimensionArgs(name=dimension, operator="Include", values=["*"])
                        for dimension in condition.dimensions
                    ],
                    # False: Azure refuses a rule on a metric that does not exist.
                    skip_metric_validation=False,
                )
            ],
        ),
    )


def web_test_alert(
    name: str,
    args: AlertArgs,
    *,
    web_test_id: pulumi.Input[str],
    app_insights_id: pulumi.Input[str],
    failed_locations: int,
) -> monitor.MetricAlert:
    """An alert when an availability test fails from ``failed_locations`` places at once."""
    return _metric_rule(
        name,
        args,
        scopes=[web_test_id, app_insights_id],
        window="PT5M",
        frequency="PT1M",
        criteria=monitor.WebtestLocationAvailabilityCriteriaArgs(
            odata_type=monitor.Odatatype.MICROSOFT_AZURE_MONITOR_WEBTEST_LOCATION_AVAILABILITY_CRITERIA,
            web_test_id=web_test_id,
            component_id=app_insights_id,
            failed_location_count=failed_locations,
        ),
    )


def _metric_rule(
    name: str,
    args: AlertArgs,
    *,
    scopes: Sequence[pulumi.Input[str]],
    window: str,
    frequency: str,
    criteria: monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs
    | monitor.WebtestLocationAvailabilityCriteriaArgs,
    parent: pulumi.Resource | None = None,
) -> monitor.MetricAlert:
    return monitor.MetricAlert(
        name,
        resource_group_name=args.resource_group_name,
        location="global",
        rule_name=args.rule_name,
        description=args.description,
        enabled=args.enabled,
        severity=args.severity,
        scopes=scopes,
        window_size=window,
        evaluation_frequency=frequency,
        # It resolves itself when the metric is back.
        auto_mitigate=True,
        criteria=criteria,
        actions=[
            monitor.MetricAlertActionArgs(action_group_id=group, web_hook_properties=args.properties)
            for group in args.action_group_ids
        ],
        tags=args.all_tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
