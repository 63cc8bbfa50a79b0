"""Budgets that are not made yet: Azure takes no start before the current month."""

from collections.abc import Iterator
from datetime import date

from deployment.drill_checks import at
from deployment.preflight.subscription import Subscription
from deployment.step import Result

BUDGET = "azure-native:consumption:Budget"
VERSION = "2024-08-01"


def check_budget(subscription: Subscription) -> Iterator[Result]:
    """A budget that is to be made starts this month or later (hashicorp/terraform-provider-azurerm pull request 12121).

    One that is there keeps its start: Azure counts on, and refuses another.
    """
    month = subscription.today.replace(day=1)
    for budget in subscription.record.of(BUDGET):
        start = str(at(budget.inputs, "timePeriod.startDate"))[:10]
        if subscription.arm.find(subscription.real(budget.id), VERSION) is not None:
            yield Result(budget.last_name, "holds", "it is made")
        elif date.fromisoformat(start) < month:
            message = f"it starts on {start}; Azure makes none that starts before {month}"
            yield Result(budget.last_name, "missing", f"{message}: set medspasync:monitoring.budget.startDate")
        else:
            yield Result(budget.last_name, "holds", f"it starts on {start}")
