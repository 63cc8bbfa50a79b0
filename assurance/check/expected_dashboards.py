"""Which dashboards a stack must have, and what each must show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial

from assurance.check.demand import Demand, demand, made_from
from assurance.check.expected_alerts import Alerts
from assurance.check.findings import LATER
from assurance.record import UNKNOWN, Resource
from assurance.references import get
from policies.rule import RuleInfo
from stacks.catalogues.workbooks import WORKBOOKS, WorkbookEntry, workbook_catalogue

DASHBOARD = partial(RuleInfo, source="the stack's file")(
    "EXPECT-DASHBOARD",
    "Every dashboard of the catalogue exists and shows what the stack has",
    "medium",
    ("164.308(a)(1)(ii)(D)",),
    "Make the dashboard as the catalogue says, or turn its kind off (medspasync:dashboards).",
)
WORKBOOK, BOARD, DEFINITION = "applicationinsights:Workbook", "dashboard:Dashboard", "dashboard:DashboardDefinition"


def dashboard_demands(alerts: Alerts) -> Iterator[Demand]:
    """Every workbook and Grafana dashboard that the stack file asks for. alerts: know what the stack has."""
    references, wanted = alerts.references, alerts.settings.dashboards
    for name, entry in workbook_catalogue().items():
        file = f"{WORKBOOKS}/{name}.yaml"
        origin = alerts.places.of(file, "title")
        if wanted.workbooks:
            found = made_from(references.by_type(WORKBOOK), "title", file)
            made = demand(DASHBOARD, f"workbook {name}", origin, found, {"kind": "shared"})
            yield _showing(made, "serializedData", found, _titles(alerts, entry, ("logs", "graph")))
        if wanted.grafana:
            boards = made_from(references.by_type(BOARD), "title", file)
            yield demand(DASHBOARD, f"Grafana dashboard {name}", origin, boards)
            found = [
                d
                for board in boards
                for d in references.holders(board, "dashboardName", DEFINITION, by="dashboardName")
            ]
            made = demand(DASHBOARD, f"definition of the Grafana dashboard {name}", origin, found)
            yield _showing(made, "properties.serializedData", found, _titles(alerts, entry, ("logs",)))
    yield from _instance(alerts)


def _instance(alerts: Alerts) -> Iterator[Demand]:
    """Managed Grafana, entered by Entra only, and from where the stack file says."""
    grafana = alerts.settings.dashboards.managed_grafana
    if grafana is not None:
        access = "Enabled" if grafana.public_network else "Disabled"
        origin = alerts.places.of(
            f"Pulumi.{alerts.references.record.stack}.yaml", "medspasync:dashboards.managedGrafana"
        )
        wanted = {"properties": {"apiKey": "Disabled", "publicNetworkAccess": access}}
        yield demand(DASHBOARD, "Managed Grafana", origin, alerts.references.by_type("dashboard:Grafana"), wanted)


def _titles(alerts: Alerts, entry: WorkbookEntry, sources: Sequence[str]) -> list[str]:
    """Titles of the tiles on what the stack has."""
    return [tile.title for tile in entry.tiles if tile.source in sources and alerts.concerned(tile.needs)]


def _showing(made: Demand, path: str, found: Sequence[Resource], titles: Sequence[str]) -> Demand:
    """The demand with every title that the dashboard at ``path`` does not show."""
    if not found:
        return made
    text = get(found[0], path, "")
    if text == UNKNOWN:
        unknown = [*made.unknown, f"{LATER}{path}"]
        return Demand(**{**vars(made), "unknown": unknown})
    missing = [f"it does not show: {title}" for title in titles if json.dumps(title, ensure_ascii=False) not in text]
    return Demand(**{**vars(made), "problems": [*made.problems, *missing]})
