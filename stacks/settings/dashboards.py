"""Dashboards: which a stack has, and the catalogue of what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from documents.problems import Problem
from documents.reading import read_document
from documents.sections import Section
from documents.words import Words
from stacks.settings.alerts import AlertId, Kind, QueryEntry, alert_catalogue, query_text

WORKBOOKS = "stacks/catalogues/workbooks"
_FOLDER = Path(__file__).parents[1] / "catalogues" / "workbooks"

Shape = Literal["table", "timechart", "barchart", "piechart"]
Source = Literal["logs", "graph"]


class ManagedGrafanaSettings(Section):
    """An Azure Managed Grafana instance: about $70 a month, and $6 for each person who uses it.

    Its dashboards, data sources and people are data plane, which no deployment reaches: docs/dashboards.md says how.
    """

    version: Annotated[str, StringConstraints(pattern=r"^\d{2}$"), Words("a major version in quotes, like 11")] = "11"
    """Major version of Grafana, one that Azure offers."""
    zone_redundant: bool = True
    """Survive the loss of a zone; needs a region with zones. Fixed at creation."""
    public_network: bool = False
    """true: anybody in the Internet reaches its sign-in page, and Entra decides. false: by private endpoint only, about
    $7 a month."""
    logs: bool = False
    """Its identity may read the workspace. Whoever may open a dashboard then reads every log through it, and the log of
    who read what (LAQueryLogs) names Grafana instead of them. false: metrics only; a data source for logs signs in as
    the person who looks."""


class DashboardSettings(Section):
    """Dashboards of the stack. Workbooks and the portal's Grafana show what is recorded anyway, and cost nothing."""

    workbooks: bool = True
    """Azure workbooks: security events, alerting, performance and service levels, compliance."""
    grafana: bool = False
    """The same log queries as dashboards in the portal's own Grafana. Free (no Managed Grafana instance)."""
    managed_grafana: ManagedGrafanaSettings | None = None
    """A Grafana instance of its own; left out, the stack has none."""


class TileEntry(Section):
    """One tile: what it asks, and how it shows the answer. Exactly one of `alert`, `query` and `graph`."""

    title: Annotated[str, Field(min_length=5)]
    alert: AlertId | None = None
    """A KQL alert of the alert catalogue: its query, so that a dashboard shows what the alert sees."""
    then: str = ""
    """KQL after the alert's query: how its rows are summarised."""
    query: str | None = None
    """A query on the logs, `<query>.kql` beside this catalogue."""
    graph: str | None = None
    """A query on Azure Resource Graph, `<graph>.kql` beside this catalogue."""
    kind: Kind | None = None
    """What a stack must have for the tile to make sense; an alert's own kind where it is left out."""
    shape: Shape

    def problems(self) -> Iterator[Problem]:
        """One source, and a kind that is known."""
        if sum(source is not None for source in (self.alert, self.query, self.graph)) != 1:
            yield Problem("", self.title, "one of alert, query and graph")
        elif self.alert is None:
            if self.kind is None:
                yield Problem("kind", None, "what a stack must have for this tile")
            if self.then:
                yield Problem("then", self.then, "nothing: it belongs into the query's own file")
        elif not isinstance(alert_catalogue().get(self.alert), QueryEntry):
            yield Problem("alert", self.alert, "a KQL alert of stacks/catalogues/alerts.yaml")

    @property
    def needs(self) -> Kind:
        """What a stack must have for the tile."""
        if self.alert is not None:
            return alert_catalogue()[self.alert].kind
        if self.kind is None:
            raise ValueError(f"the tile {self.title} does not say what it needs")
        return self.kind

    @property
    def source(self) -> Source:
        """Where the query is run: on the workspace's logs, or on Azure Resource Graph."""
        return "logs" if self.graph is None else "graph"

    @property
    def text(self) -> str:
        """The KQL, with ``{{name}}`` for what only the stack knows."""
        if self.alert is not None:
            return "\n".join(filter(None, [query_text(self.alert), self.then]))
        return (_FOLDER / f"{self.query or self.graph}.kql").read_text(encoding="utf-8").strip()


class WorkbookEntry(Section):
    """One dashboard."""

    title: str
    about: str
    tiles: Annotated[list[TileEntry], Field(min_length=1)]


@cache
def workbook_catalogue() -> Mapping[str, WorkbookEntry]:
    """Dashboards by file name. Raises SettingsError when a file is wrong."""
    return {path.stem: read_document(path, WorkbookEntry) for path in sorted(_FOLDER.glob("*.yaml"))}
