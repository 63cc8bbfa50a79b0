"""The burn-rate alerts fire when a budget burns too fast and is still burning, and stay silent otherwise.

Run by the same engine as the alert queries (duckdb-kql), as each stack's settings fill them in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb_kql
import pytest

from stacks.catalogues.alerts import minutes
from stacks.catalogues.slos import BurnRate, Indicator, slo_catalogue
from stacks.slo import burn_query
from tests.queries.database import empty_database
from tests.queries.inventory import SLO

NOW = datetime(2026, 3, 4, 15, 0)
COLUMNS = {
    "TimeGenerated": "TIMESTAMP",
    "AppRoleName": "VARCHAR",
    "Name": "VARCHAR",
    "ResultCode": "VARCHAR",
    "Success": "BOOLEAN",
    "DurationMs": "DOUBLE",
    "ItemCount": "INTEGER",
}
"""Of AppRequests (Azure Monitor Logs reference)."""

RATES = slo_catalogue().burn_rates
EVERY = [(indicator, speed) for indicator in ("availability", "latency") for speed in RATES]


def request(ago: float, share: float = 1, **changes: Any) -> list[dict[str, Any]]:
    """A hundred thousand requests ``ago`` minutes before the evaluation, of which ``share`` are as in ``changes``."""
    good = {"Name": "GET /appointments", "ResultCode": "200", "Success": True, "DurationMs": 50.0}
    base = {"TimeGenerated": NOW - timedelta(minutes=ago), "AppRoleName": "backend"}
    bad = round(100_000 * share)
    rows = [{**base, **good, **changes, "ItemCount": bad}, {**base, **good, "ItemCount": 100_000 - bad}]
    return [row for row in rows if row["ItemCount"]]


BAD: dict[str, dict[str, Any]] = {
    "availability": {"ResultCode": "503", "Success": False},
    "latency": {"DurationMs": 900.0},
}
BUDGET = {"availability": 0.001, "latency": 0.05}


def fires(indicator: str, speed: str, rows: list[dict[str, Any]]) -> bool:
    """Whether the alert's query returns a row on what its window holds of these."""
    rate: BurnRate = RATES[speed]
    kind: Indicator = "latency" if indicator == "latency" else "availability"
    seen = [row for row in rows if row["TimeGenerated"] > NOW - timedelta(minutes=minutes(rate.long))]
    with empty_database() as connection:
        columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
        connection.execute(f"CREATE TABLE AppRequests ({columns})")
        for row in seen:
            places = ", ".join("?" for _ in row)
            connection.execute(f"INSERT INTO AppRequests ({', '.join(row)}) VALUES ({places})", list(row.values()))
        return bool(duckdb_kql.kql(connection, burn_query("backend", kind, rate, SLO, "/healthz")).fetchall())


def steady(speed: str, share: float, indicator: str, *, last: float | None = None) -> list[dict[str, Any]]:
    """Traffic over the whole window with this share of bad requests; ``last``: the share in its short end."""
    rate = RATES[speed]
    span, short = minutes(rate.long), minutes(rate.short)
    end = share if last is None else last
    older = [request(short + step * (span - short) / 12, share, **BAD[indicator]) for step in range(12)]
    newer = [request(short * part, end, **BAD[indicator]) for part in (0.0, 0.5)]
    return [row for rows in (*older, *newer) for row in rows]


@pytest.mark.parametrize(("indicator", "speed"), EVERY)
def test_fires_above_its_limit_and_not_below(indicator: str, speed: str, record_property: Any) -> None:
    record_property("kql", ("attack", "service levels", f"slo-{indicator}-{speed}"))
    record_property("kql", ("ordinary", "service levels", f"slo-{indicator}-{speed}"))
    at_limit = RATES[speed].limit * BUDGET[indicator]
    assert fires(indicator, speed, steady(speed, min(1, 1.3 * at_limit), indicator))
    assert not fires(indicator, speed, steady(speed, 0.7 * at_limit, indicator))


@pytest.mark.parametrize(("indicator", "speed"), EVERY)
def test_is_silent_when_it_is_over(indicator: str, speed: str) -> None:
    assert not fires(indicator, speed, steady(speed, 1, indicator, last=0))


@pytest.mark.parametrize("speed", ["high", "slow", "creeping"])
def test_is_silent_when_blip_is_all_there_was(speed: str) -> None:
    """Four times the limit in the short window alone is not much of the long one."""
    limit = RATES[speed].limit * BUDGET["availability"]
    assert not fires("availability", speed, steady(speed, 0, "availability", last=4 * limit))


def test_every_request_can_be_bad_enough() -> None:
    for indicator, speed in EVERY:
        assert fires(indicator, speed, steady(speed, 1, indicator))


@pytest.mark.parametrize(
    "row",
    [
        {"ResultCode": "404", "Success": False},
        {"ResultCode": "429", "Success": False},
        {"Name": "GET /healthz", **BAD["availability"]},
        {"AppRoleName": "backend-staging", **BAD["availability"]},
    ],
    ids=["not found", "too many", "a probe", "the slot"],
)
def test_what_is_not_the_apps_fault_spends_nothing(row: dict[str, Any]) -> None:
    assert not fires("availability", "fast", [*request(1, 0.9, **row), *request(1, 0)])


def test_request_that_ended_without_answer_spends_budget() -> None:
    assert fires("availability", "fast", request(1, 0.5, ResultCode="", Success=False))


def test_sampled_records_count_for_requests_they_stand_for() -> None:
    """One bad record that stands for 90 % of the requests."""
    assert fires("availability", "fast", request(1, 0.9, **BAD["availability"]))


def test_a_handful_of_requests_at_night_says_nothing() -> None:
    rows = [{**row, "ItemCount": 3} for row in request(1, 1, **BAD["availability"])]
    assert not fires("availability", "fast", rows)


def test_no_request_at_all_is_silent() -> None:
    assert not fires("availability", "fast", [])
