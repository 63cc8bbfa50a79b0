"""The catalogue of dashboards: what they show, each in a file of its own."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from documents.problems import DocumentError, Problem
from documents.reading import read_document
from documents.sections import Section
from stacks.catalogues.alerts import AlertId, Kind, QueryEntry, alert_catalogue, query_text

WORKBOOKS = "stacks/catalogues/workbooks"


_FOLDER = Path(__file__).parent / "workbooks"


Shape = Literal["table", "timechart", "barchart", "piechart"]


Source = Literal["logs", "graph"]


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
    """Dashboards by file name. Raises DocumentError with every mistake of every file."""
    dashboards: dict[str, WorkbookEntry] = {}
    problems: dict[str, Problem] = {}
    for path in sorted(_FOLDER.glob("*.yaml")):
        try:
            dashboards[path.stem] = read_document(path, WorkbookEntry, _missing_queries)
        except DocumentError as error:
            problems |= {str(problem): problem for problem in error.problems}
    if problems:
        raise DocumentError(list(problems.values()))
    return dashboards


def _missing_queries(workbook: Any) -> Iterator[Problem]:
    tiles = workbook.get("tiles") if isinstance(workbook, dict) else None
    for index, tile in enumerate(tiles if isinstance(tiles, list) else []):
        for key in ("query", "graph"):
            name = tile.get(key) if isinstance(tile, dict) else None
            if isinstance(name, str) and not (_FOLDER / f"{name}.kql").is_file():
                yield Problem(f"tiles[{index}].{key}", f"{name}.kql", f"a query in {WORKBOOKS}, which is missing")
