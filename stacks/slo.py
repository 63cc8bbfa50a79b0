"""Service level objectives: burn-rate alerts for each app, error budgets as outputs, and a place for load tests."""

from collections.abc import Mapping
from typing import Any

from components.alerts import ALERT_IDS
from components.load_testing import LoadTestingArgs, load_testing
from components.slo import BurnRateAlert, ErrorBudget, ServiceLevelObjective, ServiceLevelObjectiveArgs
from documents.durations import minutes
from stacks.alerts import Overrides, alert_entries, alert_parts, builtin_alert_args
from stacks.catalogues.slos import SLOS, BurnRate, Indicator, burn_rate_query, slo_catalogue
from stacks.entries import Entry, Part, leave_out, name_entry, name_parts, stack_entry
from stacks.outputs import Foundation
from stacks.settings.apps import AppSettings
from stacks.settings.slo import AppObjectives, SloSettings


def build_slo(slo: SloSettings, apps: Mapping[str, AppSettings], overrides: Overrides, foundation: Foundation) -> None:
    """Alerts on every objective of every app, and load testing where the stack asks for it."""
    _leave_out_unused(slo, overrides)
    for app, objectives in slo.objectives.items():
        for indicator in objectives.by_indicator():
            entries = [stack_entry(f"slo.objectives.{app}"), Entry(SLOS, f"indicators.{indicator}")]
            with name_entry(*entries), name_parts(*_alert_parts(indicator, overrides)):
                _objective(app, indicator, slo, apps[app].health_check_path, overrides, foundation)
    if slo.load_testing:
        common = foundation.common
        with name_entry(stack_entry("slo.loadTesting")):
            load_testing(
                "load-testing",
                LoadTestingArgs(
                    **common.place("monitoring"),
                    resource_name=common.names.regional("lt"),
                ),
            )


def alert_id(indicator: str, speed: str) -> str:
    """Id in the alert catalogue of an indicator's alert at a burn rate."""
    return f"slo-{indicator}-{speed}"


def _alert_parts(indicator: str, overrides: Overrides) -> list[Part]:
    """What each burn rate becomes among the alerts on an indicator."""
    parts = []
    for speed in slo_catalogue().burn_rates:
        name = alert_id(indicator, speed)
        parts += alert_parts(name, overrides)
        parts.append(Part(Entry(SLOS, f"burnRates.{speed}"), ALERT_IDS, name))
    return parts


def _leave_out_unused(slo: SloSettings, overrides: Overrides) -> None:
    """Say which indicators and burn rates no objective of this stack uses."""
    used = {indicator for objectives in slo.objectives.values() for indicator in objectives.by_indicator()}
    speeds = slo_catalogue().burn_rates
    for indicator in slo_catalogue().indicators.keys() - used:
        leave_out(f"no app of this stack has an objective of {indicator}", Entry(SLOS, f"indicators.{indicator}"))
        for speed in speeds:
            entries = alert_entries(alert_id(indicator, speed), overrides)
            leave_out(f"no app of this stack has an objective of {indicator}", *entries)
    if not used:
        leave_out("this stack has no objectives", *(Entry(SLOS, f"burnRates.{speed}") for speed in speeds))
    for app, objectives in slo.objectives.items():
        if not objectives.by_indicator():
            leave_out("it promises nothing", stack_entry(f"slo.objectives.{app}"))
    if not slo.load_testing:
        leave_out("false", stack_entry("slo.loadTesting"))


def _objective(
    app: str, indicator: Indicator, slo: SloSettings, probe: str, overrides: Overrides, foundation: Foundation
) -> None:
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
                        alert=builtin_alert_args(
                            alert_id(indicator, speed),
                            overrides,
                            foundation,
                            part=app,
                            about=f"{app}, {burn.limit:g} times too fast",
                        ),
                        query=burn_query(app, indicator, burn, slo, probe),
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
