"""Service level objectives: burn-rate alerts for each app, error budgets as outputs, and a place for load tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from components.alerts import AlertArgs
from components.load_testing import LoadTestingArgs, load_testing
from components.slo import BurnRateAlert, ErrorBudget, ServiceLevelObjective, ServiceLevelObjectiveArgs
from stacks.entries import name_entry, stack_entry
from stacks.outputs import Foundation
from stacks.settings.alerts import minutes
from stacks.settings.slo import AppObjectives, BurnRate, Indicator, SloSettings, burn_rate_query, slo_catalogue


class ProbedApp(Protocol):
    """What this layer reads of an app's settings."""

    @property
    def health_check_path(self) -> str: ...


class SloLayerSettings(Protocol):
    """The sections of the stack config that this layer reads."""

    @property
    def slo(self) -> SloSettings: ...
    @property
    def apps(self) -> Mapping[str, ProbedApp]: ...


def build_slo(settings: SloLayerSettings, foundation: Foundation) -> None:
    """Alerts on every objective of every app, and load testing where the stack asks for it."""
    for app, objectives in settings.slo.objectives.items():
        with name_entry(stack_entry(f"slo.objectives.{app}")):
            for indicator in objectives.by_indicator():
                _objective(app, indicator, settings, foundation)
    if settings.slo.load_testing:
        common = foundation.common
        with name_entry(stack_entry("slo.loadTesting")):
            load_testing(
                "load-testing",
                LoadTestingArgs(
                    resource_group_name=common.groups["monitoring"],
                    location=common.location,
                    resource_name=common.names.regional("lt"),
                    tags=dict(common.tags),
                ),
            )


def _objective(app: str, indicator: Indicator, settings: SloLayerSettings, foundation: Foundation) -> None:
    slo = settings.slo
    budget = _budget(slo, app, indicator)
    ServiceLevelObjective(
        f"slo-{app}-{indicator}",
        ServiceLevelObjectiveArgs(
            location=foundation.common.location,
            workspace_id=foundation.monitoring.workspace_id,
            budget=budget,
            alerts=[
                (
                    speed,
                    BurnRateAlert(
                        alert=_alert(app, indicator, speed, burn, foundation),
                        query=burn_query(app, indicator, burn, slo, settings.apps[app].health_check_path),
                        window=burn.long,
                        frequency=burn.frequency,
                    ),
                )
                for speed, burn in slo_catalogue().burn_rates.items()
            ],
        ),
    )


def burn_query(app: str, indicator: Indicator, burn: BurnRate, slo: SloSettings, probe: str) -> str:
    """The KQL of one burn-rate alert of one app. probe: path of the health probe, which is no user."""
    latency = slo.objectives[app].latency
    bad = slo_catalogue().indicators[indicator].bad
    if latency is not None:
        bad = bad.replace("{{milliseconds}}", str(latency.milliseconds))
    return burn_rate_query(
        {
            "app": app,
            "probe": probe,
            "bad": bad,
            "short": f"{minutes(burn.short)}m",
            "budget": f"{_budget(slo, app, indicator).share:.9g}",
            "minimum": str(slo.minimum_requests),
            "limit": f"{burn.limit:g}",
        }
    )


def _alert(app: str, indicator: Indicator, speed: str, burn: BurnRate, foundation: Foundation) -> AlertArgs:
    entry = slo_catalogue().indicators[indicator]
    common = foundation.common
    return AlertArgs(
        id=f"slo-{indicator}-{speed}",
        rule_name=common.names.regional("alert", f"slo-{app}-{indicator}-{speed}"),
        severity=burn.severity,
        description=f"{app}: {entry.summary}; the error budget burns more than {burn.limit:g} times too fast.",
        runbook=f"docs/runbooks/{entry.runbook}.md",
        controls=entry.controls,
        action_group_ids=[foundation.monitoring.action_groups[burn.channel]],
        resource_group_name=common.groups["monitoring"],
        tags=dict(common.tags),
    )


def _budget(slo: SloSettings, app: str, indicator: Indicator) -> ErrorBudget:
    return ErrorBudget(objective=slo.objectives[app].by_indicator()[indicator], period_days=slo.period_days)


def error_budgets(slo: SloSettings) -> dict[str, dict[str, dict[str, Any]]]:
    """What each objective allows in a period, by app and indicator: a stack output."""
    return {app: _budgets(slo, app, objectives) for app, objectives in slo.objectives.items()}


def _budgets(slo: SloSettings, app: str, objectives: AppObjectives) -> dict[str, dict[str, Any]]:
    budgets: dict[str, dict[str, Any]] = {}
    for indicator, objective in objectives.by_indicator().items():
        budget = _budget(slo, app, indicator)
        budgets[indicator] = {
            "objectivePercent": objective,
            "periodDays": budget.period_days,
            "badRequests": budget.bad_requests(slo.traffic[app]),
        }
        if indicator == "availability":
            budgets[indicator]["outageMinutes"] = budget.outage_minutes
        if indicator == "latency" and objectives.latency is not None:
            budgets[indicator]["milliseconds"] = objectives.latency.milliseconds
    return budgets
