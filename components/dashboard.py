"""Grafana dashboards inside the Azure portal (Azure Monitor dashboards with Grafana), without a Grafana instance."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import dashboard as dashboards

from components.component import Component, IdOutputs, Placed
from components.workbook import Tile

_DATA_SOURCE = {"type": "grafana-azure-monitor-datasource", "uid": "${datasource}"}
_PANELS = {"table": "table", "timechart": "timeseries", "barchart": "barchart", "piechart": "piechart"}
_WIDTH, _HEIGHT = 12, 8
"""Of a panel, in Grafana's grid of 24 columns."""

PANELS = "properties.serializedData"
"""Where a dashboard holds the text of its panels."""


@dataclass(frozen=True, kw_only=True)
class GrafanaDashboardArgs(Placed):
    """Arguments of `GrafanaDashboard`.

    dashboard_name: 2 to 30 letters, digits and hyphens, a letter first. tiles: those on logs are shown; Azure Resource
    Graph has no time and stays with the workbooks.
    """

    dashboard_name: str
    title: str
    tiles: Sequence[Tile]
    workspace_id: pulumi.Input[str]


class GrafanaDashboard(Component[GrafanaDashboardArgs, IdOutputs]):
    """A dashboard and its definition. Readers see data by their own rights: it holds no credential."""

    def _declare(self, name: str, args: GrafanaDashboardArgs) -> IdOutputs:
        made = dashboards.Dashboard(
            name,
            **args.place,
            dashboard_name=args.dashboard_name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        dashboards.DashboardDefinition(
            name,
            resource_group_name=args.resource_group_name,
            dashboard_name=made.name,
            definition_name="default",
            properties=dashboards.DashboardDefinitionPropertiesArgs(
                serialized_data=pulumi.Output.from_input(args.workspace_id).apply(
                    lambda workspace: grafana_data(args.title, args.tiles, workspace)
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return IdOutputs(id=made.id)


def grafana_data(title: str, tiles: Sequence[Tile], workspace_id: str) -> str:
    """The dashboard's JSON, compact and with sorted keys."""
    logs = [tile for tile in tiles if tile.source == "logs"]
    document = {
        "title": title,
        "schemaVersion": 39,
        "editable": False,
        "time": {"from": "now-24h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": _DATA_SOURCE["type"], "hide": 2}]
        },
        "panels": [_panel(place, tile, workspace_id) for place, tile in enumerate(logs)],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _panel(place: int, tile: Tile, workspace_id: str) -> dict[str, Any]:
    return {
        "id": place + 1,
        "title": tile.title,
        "type": _PANELS[tile.shape],
        "gridPos": {"x": place % 2 * _WIDTH, "y": place // 2 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "datasource": _DATA_SOURCE,
        "targets": [
            {
                "refId": "A",
                "datasource": _DATA_SOURCE,
                "queryType": "Azure Log Analytics",
                "azureLogAnalytics": {
                    "query": tile.query,
                    "resources": [workspace_id],
                    "resultFormat": "time_series" if tile.shape == "timechart" else "table",
                    "dashboardTime": True,
                    "timeColumn": "TimeGenerated",
                },
            }
        ],
    }
