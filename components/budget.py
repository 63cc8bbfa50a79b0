"""Budgets: hearing of costs before the invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pulumi
from pulumi_azure_native import consumption

YEARS = 10
"""How long a budget runs: Azure's own default when no end is given, written out so that it does not drift."""


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """Arguments of `budget`.

    scope: ARM id of the subscription; resource_groups: the groups whose costs count.
    amount: for a month, in the billing currency of the subscription.
    start: first day of a month, from config, never from the clock. Azure refuses a new budget that starts before
    the current month.
    emails, action_group_ids: who hears of it; at least one of them.
    """

    scope: pulumi.Input[str]
    budget_name: str
    resource_groups: Sequence[pulumi.Input[str]]
    amount: float
    start: date
    emails: Sequence[str]
    action_group_ids: Sequence[pulumi.Input[str]]


def budget(name: str, args: BudgetArgs, *, parent: pulumi.Resource | None = None) -> consumption.Budget:
    """A monthly budget that tells when 80 and 100 % are spent, and when 100 % are expected to be.

    Raises ValueError when it does not start on the first of a month, which Azure refuses.
    """
    if args.start.day != 1:
        raise ValueError(f"budget {args.budget_name} starts on {args.start}: Azure wants the first of a month")
    return consumption.Budget(
        name,
        scope=args.scope,
        budget_name=args.budget_name,
        amount=args.amount,
        category=consumption.CategoryType.COST,
        time_grain=consumption.TimeGrainType.MONTHLY,
        time_period=consumption.BudgetTimePeriodArgs(
            start_date=f"{args.start.isoformat()}T00:00:00Z",
            end_date=f"{args.start.replace(year=args.start.year + YEARS).isoformat()}T00:00:00Z",
        ),
        filter=consumption.BudgetFilterArgs(
            dimensions=consumption.BudgetComparisonExpressionArgs(
                name="ResourceGroupName", operator="In", values=list(args.resource_groups)
            )
        ),
        notifications={
            "Actual-80": _notify(args, 80, "Actual"),
            "Actual-100": _notify(args, 100, "Actual"),
            "Forecast-100": _notify(args, 100, "Forecasted"),
        },
        # Azure refuses another start for a budget that is there: "Please delete and create a new budget."
        opts=pulumi.ResourceOptions(
            parent=parent, replace_on_changes=["timePeriod.startDate"], delete_before_replace=True
        ),
    )


def _notify(args: BudgetArgs, percent: int, kind: str) -> consumption.NotificationArgs:
    return consumption.NotificationArgs(
        enabled=True,
        operator=consumption.OperatorType.GREATER_THAN_OR_EQUAL_TO,
        threshold=percent,
        threshold_type=consumption.ThresholdType(kind),
        contact_emails=list(args.emails),
        contact_groups=list(args.action_group_ids),
    )
