"""Wrong objectives are told with what is allowed; none has an alert that can never fire."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.catalogues.alerts import builtin_alerts, minutes
from stacks.catalogues.slos import burn_rate_query, slo_catalogue
from stacks.settings.between.apps import slo_problems
from stacks.settings.slo import SloSettings
from tests.stacks.settings.sections import read, refused

TRAFFIC = {"backend": 40000}


def document(**backend: Any) -> dict[str, Any]:
    return {"traffic": TRAFFIC, "objectives": {"backend": backend}}


def test_nothing_is_promised_unless_asked_for() -> None:
    assert refused(SloSettings, {}) == set()
    assert read(SloSettings, {}).objectives == {}
    assert read(SloSettings, {}).load_testing is False


def test_app_promises_availability_and_latency_on_request() -> None:
    """An app promises availability by default and 200 ms at the 95th percentile where asked."""
    objectives = read(SloSettings, document(latency={})).objectives["backend"]
    assert objectives.by_indicator() == {"availability": 99.9, "latency": 95.0}
    assert objectives.latency is not None
    assert objectives.latency.milliseconds == 200


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (document(availability=100), "objectives.backend.availability"),
        (document(availability=0), "objectives.backend.availability"),
        (document(latency={"percent": 100}), "objectives.backend.latency.percent"),
        (document(latency={"milliseconds": 0}), "objectives.backend.latency.milliseconds"),
        (document(availability=93.0), "objectives.backend.availability"),
        (document(latency={"percent": 90}), "objectives.backend.latency.percent"),
        ({"objectives": {"backend": {}}}, "traffic.backend"),
        ({**document(), "traffic": {"backend": 2000}}, "minimumRequests"),
        ({**document(), "periodDays": 6}, "periodDays"),
        ({**document(), "minimumRequests": 0}, "minimumRequests"),
        ({"traffic": {"backend": 0}}, "traffic.backend"),
        ({"loadTest": True}, "loadTest"),
    ],
)
def test_a_mistake_is_told_with_its_key(data: dict[str, Any], key: str) -> None:
    assert refused(SloSettings, data) == {key}


def test_lowest_objective_that_alerts_can_tell_passes() -> None:
    """The lowest objective that every alert can still tell of is taken."""
    assert refused(SloSettings, document(availability=93.1)) == set()


def test_objectives_and_traffic_belong_to_apps() -> None:
    slo = read(SloSettings, document())
    assert list(slo_problems(slo, ["backend"])) == []
    assert {problem.key for problem in slo_problems(slo, ["web"])} == {
        "slo.traffic.backend",
        "slo.objectives.backend",
    }


def test_burn_rates_fit_azures_two_days() -> None:
    """Burn rates are those of the workbook within azures two days."""
    rates = slo_catalogue().burn_rates
    assert [(rate.limit, rate.long, rate.short) for rate in rates.values()] == [
        (14.4, "PT1H", "PT5M"),
        (6, "PT6H", "PT30M"),
        (3, "P1D", "PT2H"),
        (1, "P2D", "PT4H"),
    ]
    for indicator in slo_catalogue().indicators:
        channels = [builtin_alerts()[f"slo-{indicator}-{speed}"].channel for speed in rates]
        assert channels == ["critical", "critical", "warning", "warning"]


def test_burn_rates_spend_what_they_say() -> None:
    """Each burn rate spends what it says and its windows fit."""
    for rate in slo_catalogue().burn_rates.values():
        assert rate.spent == pytest.approx(rate.limit * minutes(rate.long) / (30 * 1440), rel=0.01)
        assert minutes(rate.long) == 12 * minutes(rate.short)
        assert minutes(rate.long) <= 2 * 1440
        assert minutes(rate.frequency) <= minutes(rate.short)
        assert 2 * minutes(rate.frequency) <= minutes(rate.long)


def test_a_place_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="probe"):
        burn_rate_query({"app": "backend"})
