"""App Service plans: the workers that apps run on, and how their number follows the load."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor, web

from components.component import Component, Placed
from components.diagnostics import LogDestination, diagnose


@dataclass(frozen=True, kw_only=True)
class Instances:
    """How many workers: never fewer than minimum, never more than maximum; default when metrics are missing."""

    minimum: int
    maximum: int
    default: int


@dataclass(frozen=True, kw_only=True)
class ScaleMetric:
    """When to add and when to remove a worker.

    out, in_: average over ten minutes above which one worker is added and below which one is removed. The gap between
    them keeps the plan from adding and removing in turn (learn.microsoft.com/azure/azure-monitor/autoscale/
    autoscale-best-practices). A worker is removed only when every metric asks for it.
    """

    name: str
    out: float
    in_: float


METRICS = (
    ScaleMetric(name="CpuPercentage", out=70, in_=30),
    ScaleMetric(name="MemoryPercentage", out=85, in_=40),
    ScaleMetric(name="HttpQueueLength", out=25, in_=5),
)
"""Percent, percent, and requests waiting for a worker. Twice the lower one stays below the upper one: the load of two
workers still fits on one when the other goes.

Unproven: Microsoft's list of what Linux plans measure (MicrosoftDocs/azure-docs#71426, of 2021) lacks HttpQueueLength,
its page of autoscale's common metrics does not tell systems apart. After the first deployment ask
``az monitor metrics list-definitions --resource <plan>``: a metric without data never agrees to remove a worker."""


@dataclass(frozen=True, kw_only=True)
class WorkingHours:
    """When the plan runs with its full range; outside these hours it runs with ``quiet``.

    time_zone: a Windows time zone name (``Eastern Standard Time``); days: English names; start, end: ``HH:MM``.
    """

    time_zone: str
    days: Sequence[str]
    start: str
    end: str
    quiet: Instances


@dataclass(frozen=True, kw_only=True)
class AppServicePlanArgs(Placed):
    """Arguments of `AppServicePlan`.

    plan_name: unique in its resource group, 1 to 60 characters.
    subnet_id: the subnet that its sites join. The plan's workers hold a link to it until the plan is gone, so the plan
    is made after the subnet and deleted before it (InUseSubnetCannotBeDeleted, terraform-provider-azurerm 28979).
    sku: for example ``P1v3``; tier: its tier, for example ``PremiumV3``.
    zone_redundant: spread workers over the region's zones; Premium v3 or v4, and two workers or more.
    working_hours: cheap nights and weekends.
    The number of workers is autoscale's wherever it may change: then `up` leaves it alone.
    """

    plan_name: str
    subnet_id: pulumi.Input[str]
    sku: str
    tier: str
    zone_redundant: bool
    instances: Instances
    logs: LogDestination
    working_hours: WorkingHours | None = None


@dataclass(frozen=True, kw_only=True)
class AppServicePlanOutputs:
    """id: ARM id; name: the plan's name."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]


class AppServicePlan(Component[AppServicePlanArgs, AppServicePlanOutputs]):
    """A Linux plan with autoscale on CPU, memory and HTTP queue."""

    def _declare(self, name: str, args: AppServicePlanArgs) -> AppServicePlanOutputs:
        autoscaled = args.instances.minimum < args.instances.maximum or args.working_hours is not None
        after_subnet: pulumi.Output[list[pulumi.Resource]] = pulumi.Output.from_input(args.subnet_id).apply(
            lambda _: []
        )
        plan = web.AppServicePlan(
            name,
            **args.place,
            name=args.plan_name,
            kind="linux",
            reserved=True,  # Azure's word for Linux
            sku=web.SkuDescriptionArgs(name=args.sku, tier=args.tier, capacity=args.instances.default),
            zone_redundant=args.zone_redundant,
            per_site_scaling=False,
            elastic_scale_enabled=False,
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["sku.capacity"] if autoscaled else None, depends_on=after_subnet
            ),
        )
        diagnose(name, plan.id, args.logs, parent=self, log_groups=())  # a plan has metrics and no logs
        if autoscaled:
            self._autoscale(name, args, plan.id)
        return AppServicePlanOutputs(id=plan.id, name=plan.name)

    def _autoscale(self, name: str, args: AppServicePlanArgs, plan_id: pulumi.Output[str]) -> None:
        setting = monitor.AutoscaleSetting(
            f"{name}-autoscale",
            **args.place,
            autoscale_setting_name=f"autoscale-{args.plan_name}",
            name=f"autoscale-{args.plan_name}",
            enabled=True,
            target_resource_uri=plan_id,
            profiles=_profiles(args, plan_id),
            opts=pulumi.ResourceOptions(parent=self),
        )
        diagnose(
            f"{name}-autoscale",
            setting.id,
            args.logs,
            parent=self,
            log_groups=(),
            log_categories=("AutoscaleEvaluations", "AutoscaleScaleActions"),
        )


def _profiles(args: AppServicePlanArgs, plan_id: pulumi.Output[str]) -> list[monitor.AutoscaleProfileArgs]:
    """The full range always, or, with working hours, the full range from their start and the quiet one from their end.

    A recurring profile holds until the next one starts: without the second one, the first would never end.
    """
    full = _profile("full", args.instances, plan_id, None)
    hours = args.working_hours
    if hours is None:
        return [full]
    return [
        full,
        _profile("quiet", hours.quiet, plan_id, _recurrence(hours, hours.end)),
        _profile("working-hours", args.instances, plan_id, _recurrence(hours, hours.start)),
    ]


def _profile(
    name: str, instances: Instances, plan_id: pulumi.Output[str], recurrence: monitor.RecurrenceArgs | None
) -> monitor.AutoscaleProfileArgs:
    rules = [_rule(metric, plan_id, out=out) for metric in METRICS for out in (True, False)]
    return monitor.AutoscaleProfileArgs(
        name=name,
        capacity=monitor.ScaleCapacityArgs(
            minimum=str(instances.minimum), maximum=str(instances.maximum), default=str(instances.default)
        ),
        rules=rules,
        recurrence=recurrence,
    )


def _rule(metric: ScaleMetric, plan_id: pulumi.Output[str], *, out: bool) -> monitor.ScaleRuleArgs:
    """One worker more after ten busy minutes, at most every five; one fewer after ten idle ones, at most every ten."""
    operators = monitor.ComparisonOperationType
    directions = monitor.ScaleDirection
    return monitor.ScaleRuleArgs(
        metric_trigger=monitor.MetricTriggerArgs(
            metric_name=metric.name,
            metric_resource_uri=plan_id,
            operator=operators.GREATER_THAN if out else operators.LESS_THAN,
            threshold=metric.out if out else metric.in_,
            statistic=monitor.MetricStatisticType.AVERAGE,
            time_aggregation=monitor.TimeAggregationType.AVERAGE,
            time_grain="PT1M",
            time_window="PT10M",
        ),
        scale_action=monitor.ScaleActionArgs(
            direction=directions.INCREASE if out else directions.DECREASE,
            type=monitor.ScaleType.CHANGE_COUNT,
            value="1",
            cooldown="PT5M" if out else "PT10M",
        ),
    )


def _recurrence(hours: WorkingHours, time: str) -> monitor.RecurrenceArgs:
    """Every working day at ``time``: Friday's end begins a quiet weekend that Monday's start ends."""
    hour, minute = time.split(":")
    return monitor.RecurrenceArgs(
        frequency=monitor.RecurrenceFrequency.WEEK,
        schedule=monitor.RecurrentScheduleArgs(
            time_zone=hours.time_zone, days=list(hours.days), hours=[int(hour)], minutes=[int(minute)]
        ),
    )
