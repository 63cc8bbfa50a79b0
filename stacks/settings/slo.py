"""Service level objectives: what is promised per app, how much traffic to expect, and how it is watched."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from documents.durations import minutes
from documents.problems import Problem
from documents.sections import Section
from stacks.catalogues.slos import Indicator, slo_catalogue

Objective = Annotated[float, Field(gt=0, lt=100)]


class LatencyObjective(Section):
    """How fast an app answers."""

    percent: Objective = 95.0
    """Share of requests that must be faster, in percent: 95 for a 95th percentile."""
    milliseconds: Annotated[int, Field(ge=1)] = 200
    """What they must be faster than, measured in the app."""


class AppObjectives(Section):
    """What is promised for one app."""

    availability: Objective | None = 99.9
    """Share of requests that must succeed, in percent; null: nothing is promised."""
    latency: LatencyObjective | None = None
    """How fast it answers; left out, nothing is promised."""

    def problems(self) -> Iterator[Problem]:
        """A budget so large that it cannot burn as fast as an alert asks is never told of."""
        for indicator, objective in self.by_indicator().items():
            for speed, burn in slo_catalogue().burn_rates.items():
                if burn.limit * (1 - objective / 100) >= 1:
                    lowest = round(100 * (1 - 1 / burn.limit), 2)
                    key = "latency.percent" if indicator == "latency" else indicator
                    yield Problem(key, objective, f"above {lowest}: else the alert {speed} ({burn.limit}x) cannot fire")
                    break

    def by_indicator(self) -> dict[Indicator, float]:
        """Share of good requests in percent, by what is promised."""
        promised: dict[Indicator, float] = {}
        if self.availability is not None:
            promised["availability"] = self.availability
        if self.latency is not None:
            promised["latency"] = self.latency.percent
        return promised


class SloSettings(Section):
    """Service level objectives and load tests."""

    traffic: dict[str, Annotated[int, Field(ge=1)]] = {}
    """Requests a day to expect, by app. Sizes error budgets and the estimate of log volume; limits nothing."""
    objectives: dict[str, AppObjectives] = {}
    """What is promised, by app. Each objective has four alerts, together about $3 a month."""
    period_days: Annotated[int, Field(ge=7, le=90)] = 30
    """Days over which an objective holds: 7 to 90."""
    minimum_requests: Annotated[int, Field(ge=1)] = 100
    """Requests that an alert's window must hold before it speaks: one failure of three at night says nothing."""
    load_testing: bool = False
    """A place for load tests (Azure Load Testing). Free at rest, about $0.15 for an hour of one virtual user."""

    def problems(self) -> Iterator[Problem]:
        """Each objective has traffic, and enough of it for its alerts to speak."""
        for app in self.objectives:
            if app not in self.traffic:
                yield Problem(f"traffic.{app}", None, f"required by objectives.{app}")
                continue
            shortest = min(minutes(burn.long) for burn in slo_catalogue().burn_rates.values())
            expected = self.traffic[app] * shortest / 1440
            if expected < self.minimum_requests:
                yield Problem(
                    "minimumRequests",
                    self.minimum_requests,
                    f"at most {int(expected)}: {app} gets no more in {shortest} minutes, so its alert could never fire",
                )
