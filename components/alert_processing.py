"""Alert processing rules: what happens to alerts after they fired, beside what their own rules say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import alertsmanagement

Day = Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]


@dataclass(frozen=True, kw_only=True)
class ProcessingArgs:
    """What every alert processing rule says.

    rule_name: 1 to 260 characters; description: why it is there.
    scopes: ARM ids of subscriptions, resource groups or resources whose alerts it is about.
    """

    resource_group_name: pulumi.Input[str]
    rule_name: str
    description: str
    scopes: Sequence[pulumi.Input[str]]
    tags: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    """A time that comes back every week. days: of the week; start, end: ``HH:MM`` in UTC, end after start."""

    days: Sequence[Day]
    start: str
    end: str


def route_alerts(
    name: str,
    args: ProcessingArgs,
    *,
    resource_type: str,
    action_group_ids: Sequence[pulumi.Input[str]],
) -> alertsmanagement.AlertProcessingRuleByName:
    """Tell action groups of the alerts that Azure itself raises on resources of a type, which have no rule of ours.

    resource_type: as ARM names it, for example ``microsoft.dataprotection/backupvaults``.
    """
    return _rule(
        name,
        args,
        action=alertsmanagement.AddActionGroupsArgs(
            action_type=alertsmanagement.ActionType.ADD_ACTION_GROUPS, action_group_ids=list(action_group_ids)
        ),
        field=alertsmanagement.Field.TARGET_RESOURCE_TYPE,
        value=resource_type,
        schedule=None,
    )


def quiet_metrics(name: str, args: ProcessingArgs, window: Window) -> alertsmanagement.AlertProcessingRuleByName:
    """Tell nobody of metric alerts during a maintenance window.

    They still fire and are kept. Alerts on logs and on the activity log are told as ever: an attack knows no window.
    """
    return _rule(
        name,
        args,
        action=alertsmanagement.RemoveAllActionGroupsArgs(
            action_type=alertsmanagement.ActionType.REMOVE_ALL_ACTION_GROUPS
        ),
        field=alertsmanagement.Field.SIGNAL_TYPE,
        value="Metric",
        schedule=alertsmanagement.ScheduleArgs(
            time_zone="UTC",
            recurrences=[
                alertsmanagement.WeeklyRecurrenceArgs(
                    recurrence_type=alertsmanagement.RecurrenceType.WEEKLY,
                    days_of_week=[alertsmanagement.DaysOfWeek(day) for day in window.days],
                    start_time=f"{window.start}:00",
                    end_time=f"{window.end}:00",
                )
            ],
        ),
    )


def _rule(
    name: str,
    args: ProcessingArgs,
    *,
    action: alertsmanagement.AddActionGroupsArgs | alertsmanagement.RemoveAllActionGroupsArgs,
    field: alertsmanagement.Field,
    value: str,
    schedule: alertsmanagement.ScheduleArgs | None,
) -> alertsmanagement.AlertProcessingRuleByName:
    return alertsmanagement.AlertProcessingRuleByName(
        name,
        resource_group_name=args.resource_group_name,
        location="global",
        alert_processing_rule_name=args.rule_name,
        properties=alertsmanagement.AlertProcessingRulePropertiesArgs(
            enabled=True,
            description=args.description,
            scopes=list(args.scopes),
            conditions=[
                alertsmanagement.ConditionArgs(field=field, operator=alertsmanagement.Operator.EQUALS, values=[value])
            ],
            actions=[action],
            schedule=schedule,
        ),
        tags=args.tags,
    )
