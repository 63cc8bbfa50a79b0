"""Service level objectives: an error budget, and alerts on how fast it burns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.alerts import AlertArgs, QueryCondition, log_alert
from components.component import Component


@dataclass(frozen=True, kw_only=True)
class BurnRateAlert:
    """One alert on the speed at which a budget burns.

    alert: what it says of itself; query: KQL that returns a row while the budget burns too fast in the window and at
    its end; window: ISO 8601, at most two days (P2D), Azure's limit for a log alert; frequency: at most half of it.
    """

    alert: AlertArgs
    query: str
    window: str
    frequency: str


@dataclass(frozen=True, kw_only=True)
class ErrorBudget:
    """What an objective allows.

    objective: share of requests that must be good, in percent, above 0 and below 100; period_days: over how long.
    """

    objective: float
    period_days: int

    @property
    def share(self) -> float:
        """Share of requests that may be bad, 0 to 1."""
        return round(1 - self.objective / 100, 9)

    @property
    def outage_minutes(self) -> float:
        """Minutes of full outage that use the budget up."""
        return round(self.share * self.period_days * 24 * 60, 1)

    def bad_requests(self, requests_per_day: int) -> int:
        """Requests that may be bad in a period with so many requests a day."""
        return round(self.share * requests_per_day * self.period_days)

    def reachable(self, limit: float) -> bool:
        """Whether some share of bad requests burns the budget ``limit`` times too fast: no more than all can be bad."""
        return limit * self.share < 1


@dataclass(frozen=True, kw_only=True)
class ServiceLevelObjectiveArgs:
    """Arguments of `ServiceLevelObjective`.

    workspace_id: where requests are recorded (AppRequests); alerts: by name, most urgent first.
    """

    location: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    budget: ErrorBudget
    alerts: Sequence[tuple[str, BurnRateAlert]]


class ServiceLevelObjective(Component[ServiceLevelObjectiveArgs, dict[str, Any]]):
    """The alerts on one objective. Raises ValueError when it allows nothing or everything."""

    def _declare(self, name: str, args: ServiceLevelObjectiveArgs) -> dict[str, Any]:
        if not 0 < args.budget.objective < 100:
            raise ValueError(f"{name}: an objective of {args.budget.objective} % leaves no budget, or only budget")
        alerts = {
            speed: log_alert(
                f"{name}-{speed}",
                burn.alert,
                QueryCondition(
                    query=burn.query,
                    operator="GreaterThan",
                    threshold=0,
                    window=burn.window,
                    frequency=burn.frequency,
                ),
                location=args.location,
                workspace_id=args.workspace_id,
                parent=self,
            ).id
            for speed, burn in args.alerts
        }
        return {"alertIds": alerts, "budgetShare": args.budget.share}
