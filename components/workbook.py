"""Azure workbooks: text and queries on logs and on Azure Resource Graph, on one page."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_azure_native import applicationinsights

from components.component import Placed

_NAMESPACE = uuid.UUID("6f0b3a57-3f52-4d6c-9c0e-0a1f5f6f2f0d")

Shape = Literal["table", "timechart", "barchart", "piechart"]
Source = Literal["logs", "graph"]

_QUERY_TYPES = {
    "logs": (0, "microsoft.operationalinsights/workspaces"),
    "graph": (1, "microsoft.resourcegraph/resources"),
}
"""Numbers that a workbook's JSON has for its data sources."""

TILES = "serializedData"
"""Where a workbook holds the text of its tiles."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One query and how its rows are shown.

    source: ``logs`` is run on the workspace, over the time range chosen above; ``graph`` on Azure Resource Graph, over
    what is there now.
    """

    title: str
    query: str
    source: Source
    shape: Shape


@dataclass(frozen=True, kw_only=True)
class WorkbookArgs(Placed):
    """Arguments of `workbook`.

    key: makes the workbook's name, a GUID: the same key gives the same name, in every run.
    about: Markdown above the tiles; workspace_id: where ``logs`` queries are run.
    """

    key: str
    title: str
    about: str
    tiles: Sequence[Tile]
    workspace_id: pulumi.Input[str]


def workbook(name: str, args: WorkbookArgs, *, parent: pulumi.Resource | None = None) -> applicationinsights.Workbook:
    """A shared workbook. Who sees its data is decided by their own rights on the workspace."""
    return applicationinsights.Workbook(
        name,
        **args.place,
        resource_name_=str(uuid.uuid5(_NAMESPACE, args.key)),
        kind=applicationinsights.WorkbookSharedTypeKind.SHARED,
        category="workbook",
        display_name=args.title,
        description=args.about,
        version="Notebook/1.0",
        serialized_data=workbook_data(args.about, args.tiles),
        # The service keeps it in lower case: in another it would differ at every refresh.
        source_id=pulumi.Output.from_input(args.workspace_id).apply(str.lower),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def workbook_data(about: str, tiles: Sequence[Tile]) -> str:
    """The workbook's JSON, compact and with sorted keys, so that an unchanged workbook shows no difference."""
    items = [_text(about), _time_range(), *(_query(number, tile) for number, tile in enumerate(tiles, start=1))]
    document = {"version": "Notebook/1.0", "items": items, "isLocked": True}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _text(markdown: str) -> dict[str, Any]:
    return {"type": 1, "name": "about", "content": {"json": markdown}}


def _time_range() -> dict[str, Any]:
    choices = [{"durationMs": hours * 3_600_000} for hours in (1, 4, 24, 7 * 24, 30 * 24)]
    return {
        "type": 9,
        "name": "parameters",
        "content": {
            "version": "KqlParameterItem/1.0",
            "style": "pills",
            "parameters": [
                {
                    "id": str(uuid.uuid5(_NAMESPACE, "TimeRange")),
                    "version": "KqlParameterItem/1.0",
                    "name": "TimeRange",
                    "label": "Time range",
                    "type": 4,
                    "isRequired": True,
                    "value": {"durationMs": 24 * 3_600_000},
                    "typeSettings": {"selectableValues": choices, "allowCustom": True},
                }
            ],
        },
    }


def _query(number: int, tile: Tile) -> dict[str, Any]:
    query_type, resource_type = _QUERY_TYPES[tile.source]
    content: dict[str, Any] = {
        "version": "KqlItem/1.0",
        "title": tile.title,
        "query": tile.query,
        "queryType": query_type,
        "resourceType": resource_type,
        "size": 0,
        "visualization": tile.shape,
        "noDataMessage": "Nothing in this time range.",
    }
    if tile.source == "logs":
        content |= {"timeContextFromParameter": "TimeRange"}
    else:
        # Every subscription that the reader may see; the query limits itself.
        content |= {"crossComponentResources": ["value::all"]}
    return {"type": 3, "name": f"tile-{number}", "customWidth": "50", "content": content}
