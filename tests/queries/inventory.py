"""Every KQL text of the project, by where it is used: what must be analysed and run, so that none is forgotten."""

from __future__ import annotations

from functools import cache

from stacks.catalogues.sentinel import sentinel_catalogue, sentinel_query
from stacks.catalogues.slos import Indicator, slo_catalogue
from stacks.catalogues.workbooks import TileEntry, workbook_catalogue
from stacks.dashboards import tiles
from stacks.naming import Names
from stacks.settings.slo import SloSettings
from stacks.slo import burn_query
from tests.queries.engine import queries, text_of
from tests.stacks.settings.sections import read

SLO = read(SloSettings, {"traffic": {"backend": 400000}, "objectives": {"backend": {"latency": {}}}})
INDICATORS: tuple[Indicator, ...] = ("availability", "latency")
EMERGENCY = "00000000-0000-4000-8000-00000000b9e1"


def burn_rates() -> dict[str, str]:
    """The burn-rate query of every indicator and speed, for one app."""
    return {
        f"slo-{indicator}-{speed}": burn_query("backend", indicator, burn, SLO, "/healthz")
        for indicator in INDICATORS
        for speed, burn in slo_catalogue().burn_rates.items()
    }


def sentinel_text(event: str) -> str:
    """A rule's query. A workspace without Sentinel has no watchlists: the list stands in the query instead."""
    return sentinel_query(event).replace(
        '_GetWatchlist("break-glass") | project UserId = tostring(ObjectId)',
        f'datatable (UserId: string) ["{EMERGENCY}"]',
    )


def tiles_by_label() -> dict[str, TileEntry]:
    """Every tile of every dashboard."""
    return {f"{name}: {tile.title}": tile for name, entry in workbook_catalogue().items() for tile in entry.tiles}


def text_of_tile(tile: TileEntry) -> str:
    """The tile's query as a stack shows it."""
    entry = next(entry for entry in workbook_catalogue().values() if tile in entry.tiles)
    (shown,) = [made for made in tiles(entry, {tile.needs}, Names("mss", "test", "x7k2")) if made.title == tile.title]
    return shown.query


@cache
def every_query() -> dict[str, dict[str, str]]:
    """Texts by use and id: alerts, service levels, Sentinel's rules and its incidents, tiles of dashboards."""
    return {
        "alerts": {alert_id: text_of(alert_id) for alert_id in queries()},
        "service levels": burn_rates(),
        "Sentinel": {event: sentinel_text(event) for event in (*sentinel_catalogue(), "incident")},
        "dashboards": {label: text_of_tile(tile) for label, tile in tiles_by_label().items()},
    }
