"""Dashboards: workbooks and Grafana dashboards from one catalogue, with links to them as outputs."""

import json
from collections.abc import Collection

import pulumi

from components.dashboard import PANELS, GrafanaDashboard, GrafanaDashboardArgs
from components.workbook import TILES, Tile, WorkbookArgs, workbook
from stacks.catalogues.database_roles import platform_roles
from stacks.catalogues.log_tables import audit_tables
from stacks.catalogues.workbooks import WORKBOOKS, WorkbookEntry, workbook_catalogue
from stacks.entries import Entry, Part, leave_out, name_entry, name_parts, stack_entry
from stacks.grafana import build_grafana
from stacks.log_queries import kql_list
from stacks.naming import Names
from stacks.outputs import Common, Data, Foundation
from stacks.settings.dashboards import DashboardSettings
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.security import SubscriptionSettings

PORTAL = "https://portal.azure.com/#@"
ALWAYS = ("site", "plan", "frontdoor", "workspace", "groups")
"""Kinds that every stack has."""


def kinds_present(subscription: SubscriptionSettings, monitoring: MonitoringSettings, data: Data) -> set[str]:
    """Kinds of resources (of the alert catalogue) that report to this stack's workspace."""
    kinds = {*ALWAYS, *(kind for kind, resources in data.alert_targets.items() if resources)}
    if subscription.owner:
        kinds.add("subscription")
    if monitoring.tenant_logs:
        kinds.add("tenant")
    return kinds


def build_dashboards(
    settings: DashboardSettings,
    subscription: SubscriptionSettings,
    monitoring: MonitoringSettings,
    foundation: Foundation,
    data: Data,
) -> dict[str, pulumi.Output[str]]:
    """Make the stack's dashboards and return links to them by name."""
    present = kinds_present(subscription, monitoring, data)
    common, workspace_id = foundation.common, foundation.monitoring.workspace_id
    links = {}
    for name, entry in workbook_catalogue().items():
        shown = tiles(entry, present, common.names)
        title = f"{entry.title} ({common.names.code})"
        file = f"{WORKBOOKS}/{name}.yaml"
        _leave_out_tiles(file, entry, present, settings)
        with name_entry(Entry(file, "title"), stack_entry("dashboards.workbooks")):
            if settings.workbooks:
                with name_parts(*_tile_parts(file, entry, shown, TILES)):
                    made = workbook(
                        f"workbook-{name}",
                        WorkbookArgs(
                            **common.place("monitoring"),
                            key=common.names.regional("workbook", name),
                            title=title,
                            about=entry.about,
                            tiles=shown,
                            workspace_id=workspace_id,
                        ),
                    )
                links[name] = _link(common, made.id, "/workbook")
        with name_entry(Entry(file, "title"), stack_entry("dashboards.grafana")):
            if settings.grafana:
                logs = [tile for tile in shown if tile.source == "logs"]
                with name_parts(*_tile_parts(file, entry, logs, PANELS)):
                    grafana = GrafanaDashboard(
                        f"grafana-{name}",
                        GrafanaDashboardArgs(
                            **common.place("monitoring"),
                            dashboard_name=common.names.regional("dash", name),
                            title=title,
                            tiles=shown,
                            workspace_id=workspace_id,
                        ),
                    )
                links[f"grafana-{name}"] = _link(common, grafana.outputs.id, "")
    if settings.managed_grafana is not None:
        links["managed-grafana"] = build_grafana(settings.managed_grafana, foundation)
    return links


def _tile_parts(file: str, entry: WorkbookEntry, shown: Collection[Tile], path: str) -> list[Part]:
    """What each tile of a dashboard's file becomes in its text."""
    titles = {tile.title for tile in shown}
    return [
        Part(Entry(file, f"tiles[{index}]"), path, json.dumps(tile.title, ensure_ascii=False), text=True)
        for index, tile in enumerate(entry.tiles)
        if tile.title in titles
    ]


def _leave_out_tiles(file: str, entry: WorkbookEntry, present: Collection[str], settings: DashboardSettings) -> None:
    """Say which tiles and dashboards this stack does not have."""
    tiles = [Entry(file, f"tiles[{index}]") for index, _ in enumerate(entry.tiles)]
    for name, on in (("workbooks", settings.workbooks), ("grafana", settings.grafana)):
        if not on:
            leave_out("false", stack_entry(f"dashboards.{name}"))
    if not settings.workbooks and not settings.grafana:
        leave_out("this stack has neither workbooks nor dashboards", Entry(file, "title"), *tiles)
    elif not settings.workbooks:
        other = [made for tile, made in zip(entry.tiles, tiles, strict=True) if tile.source != "logs"]
        leave_out("this stack has no workbooks, and Grafana's dashboards show logs alone", *other)
    for tile, made in zip(entry.tiles, tiles, strict=True):
        if tile.needs not in present:
            leave_out(f"this stack has nothing of kind {tile.needs} to show", made)


def tiles(entry: WorkbookEntry, present: Collection[str], names: Names) -> list[Tile]:
    """The tiles that this stack has something to show for, with the stack's own names in their queries."""
    return [
        Tile(title=tile.title, query=_fill_names(tile.text, names), source=tile.source, shape=tile.shape)
        for tile in entry.tiles
        if tile.needs in present
    ]


def _fill_names(query: str, names: Names) -> str:
    """Resource groups by the start of their name; audit tables as a list."""
    tables = ", ".join(f'"{table}"' for table in audit_tables())
    query = query.replace("{{platform_database_roles}}", kql_list(platform_roles()))
    return query.replace("{{groups}}", names.regional("rg")).replace("{{audit_tables}}", tables)


def _link(common: Common, resource_id: pulumi.Output[str], blade: str) -> pulumi.Output[str]:
    return pulumi.Output.concat(PORTAL, common.tenant_id, "/resource", resource_id, blade)
