"""The alert catalogue: every alert of the platform, as data, and what a stack may change of it."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from documents.durations import minutes
from documents.problems import Problem
from documents.reading import read_document
from documents.sections import Section, one_of
from documents.words import Text
from facts.log_tables import FeedingKind
from facts.types import alert_kinds

ALERTS = "stacks/catalogues/alerts.yaml"
_CATALOGUES = Path(__file__).parent

Kind = Annotated[str, one_of(lambda: (*alert_kinds(), "subscription", "tenant"))]
"""What an alert watches: a kind of facts/types.yaml. ``groups``: the stack's resource groups; ``subscription``: only in
the stack that owns it; ``tenant``: only where Entra logs are sent to the workspace."""

Limit = Literal["database-connections"]
"""A limit of a resource (stacks/catalogues/database_connections.py)."""

Channel = Literal["critical", "warning", "security"]
Severity = Literal[0, 1, 2, 3, 4]
AlertId = Annotated[
    str, Text(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "a name in lower case with hyphens, like postgres-cpu", max_length=60)
]
Control = Annotated[str, Text(r"^164\.\d{3}(\([a-zA-Z0-9]+\))*$", "a HIPAA control, like 164.312(b)")]
Number = int | float

MetricWindow = Literal["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"]
MetricFrequency = Literal["PT1M", "PT5M", "PT15M", "PT30M", "PT1H"]
QueryWindow = Literal["PT10M", "PT15M", "PT30M", "PT1H", "PT2H", "PT6H", "P1D", "P2D"]
"""Of those that Azure takes: 5 to 60, 120 to 360, 1440 and 2880 minutes (terraform-provider-azurerm issue 18886)."""
QueryFrequency = Literal["PT5M", "PT10M", "PT15M", "PT30M", "PT1H", "PT2H", "PT6H", "P1D"]
Operator = Literal["GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"]


class AlertEntry(Section):
    """What every alert says of itself."""

    summary: str
    """What has happened when it fires."""
    severity: Severity
    """0 critical, 1 error, 2 warning, 3 informational, 4 verbose."""
    channel: Channel
    """Which action group hears of it."""
    runbook: Annotated[str, Text(r"^[a-z-]+$", "the name of a page in docs/runbooks without .md, like database")]
    """File name in docs/runbooks, without `.md`."""
    controls: Annotated[list[Control], Field(min_length=1)]
    """HIPAA control ids (45 CFR)."""
    source: str
    """Where the threshold comes from."""


class MetricEntry(AlertEntry):
    """An alert on a platform metric of each resource of the kind."""

    engine: Literal["metric"]
    kind: Kind
    metric: str
    """Name in the REST API, case-sensitive."""
    aggregation: Literal["Average", "Minimum", "Maximum", "Total", "Count"]
    operator: Operator
    threshold: Number
    range: tuple[Number, Number | None]
    """Lowest and highest value the metric can have; null where there is no highest."""
    window: MetricWindow
    frequency: MetricFrequency
    dimensions: list[str] = []
    only: list[str] = []
    """Names of the resources of the kind that it is for, like `replica`; none: every one."""
    share_of: Limit | None = None
    """Threshold and range are shares of this limit, which the resource's size decides."""

    def value(self, threshold: Number, limits: Mapping[Limit, float]) -> Number:
        """A threshold of the catalogue or of a stack in the metric's own unit. Raises KeyError without its limit."""
        return threshold if self.share_of is None else round(threshold * limits[self.share_of])

    def problems(self) -> Iterator[Problem]:
        """The rule can fire, and is evaluated at least once per window."""
        if not self.reachable(self.threshold):
            yield Problem("threshold", self.threshold, f"a value the metric can be {self.operator} of: {self.range}")
        if minutes(self.frequency) > minutes(self.window):
            yield Problem("frequency", self.frequency, f"at most the window, {self.window}")

    def reachable(self, threshold: Number) -> bool:
        """Whether some value of the metric meets the condition, and some other does not."""
        low, high = self.range
        if high is None:
            high = float("inf")
        inside = {
            "GreaterThan": low <= threshold < high,
            "GreaterThanOrEqual": low < threshold <= high,
            "LessThan": low < threshold <= high,
            "LessThanOrEqual": low <= threshold < high,
        }
        return inside[self.operator]


class QueryEntry(AlertEntry):
    """An alert on the rows of `queries/<id>.kql`."""

    engine: Literal["kql"]
    kind: Kind
    tables: Annotated[list[str], Field(min_length=1)]
    """Tables the query reads; each is in the log tables catalogue."""
    needs: list[FeedingKind] = []
    """Kinds beside its own that feed those tables."""
    operator: Operator = "GreaterThan"
    threshold: Annotated[int, Field(ge=0)] = 0
    """Rows in the window, for each combination of the dimensions."""
    window: QueryWindow
    frequency: QueryFrequency
    dimensions: Annotated[list[str], Field(max_length=6)] = []

    def problems(self) -> Iterator[Problem]:
        """Records that arrive late are seen by a later evaluation; the condition can be met."""
        if 2 * minutes(self.frequency) > minutes(self.window):
            yield Problem("frequency", self.frequency, f"at most half the window, {self.window}")
        if not self.reachable(self.threshold):
            yield Problem("threshold", self.threshold, "a number of rows that a query can return")

    def reachable(self, threshold: Number) -> bool:
        """Whether a number of rows can meet the condition. No row is no alert: nothing to compare."""
        return float(threshold).is_integer() and threshold >= {"LessThan": 2, "LessThanOrEqual": 1}.get(
            self.operator, 0
        )


class BuiltinEntry(AlertEntry):
    """An alert whose condition the program knows: it belongs to what a layer makes."""

    engine: Literal["builtin"]


class ActivityEntry(AlertEntry):
    """An alert on the activity log."""

    engine: Literal["activity"]
    kind: Kind
    category: Literal["Administrative", "ServiceHealth", "ResourceHealth"]
    equals: dict[str, str] = {}
    """Field of the activity log to the value it must have."""
    any_of: dict[str, list[str]] = {}
    """Field of the health categories to the values of which it must have one. Not for operations: Azure may refuse
    several in one rule (Azure/bicep-types-az issue 2112)."""
    whole_subscription: bool = False
    """In the stack that owns the subscription it hears the whole of it: such events may lie in no resource group."""
    except_groups: list[str] = []
    """Purposes of resource groups whose events it does not hear."""

    def problems(self) -> Iterator[Problem]:
        """One operation a rule; a subscription has no groups to leave out."""
        if "operationName" in self.any_of:
            yield Problem("anyOf.operationName", self.any_of["operationName"], "one operation, under equals")
        if self.except_groups and (self.whole_subscription or self.kind == "subscription"):
            yield Problem("exceptGroups", self.except_groups, "none: the whole subscription is heard")


Entry = Annotated[MetricEntry | QueryEntry | ActivityEntry | BuiltinEntry, Field(discriminator="engine")]


@cache
def alert_catalogue() -> Mapping[AlertId, MetricEntry | QueryEntry | ActivityEntry]:
    """Alerts that are made wherever their kind is, by id, in the file's order. Raises SettingsError when the file is
    wrong."""
    return {name: entry for name, entry in all_alerts().items() if not isinstance(entry, BuiltinEntry)}


@cache
def builtin_alerts() -> Mapping[AlertId, BuiltinEntry]:
    """Alerts that layers make with what they are about, by id. Raises SettingsError when the file is wrong."""
    return {name: entry for name, entry in all_alerts().items() if isinstance(entry, BuiltinEntry)}


@cache
def all_alerts() -> Mapping[AlertId, MetricEntry | QueryEntry | ActivityEntry | BuiltinEntry]:
    """The whole catalogue by id, in the file's order. Raises SettingsError when the file is wrong."""
    return read_document(_CATALOGUES / "alerts.yaml", dict[AlertId, Entry], missing_queries("kql", "queries"))


def missing_queries(engine: str, folder: str) -> Callable[[Any], Iterator[Problem]]:
    """Finds entries of a catalogue with this engine whose query, ``<folder>/<id>.kql``, is not there."""

    def find(rows: Any) -> Iterator[Problem]:
        for name, row in (rows if isinstance(rows, dict) else {}).items():
            file = _CATALOGUES / folder / f"{name}.kql"
            if isinstance(row, dict) and row.get("engine") == engine and not file.is_file():
                yield Problem(str(name), file.name, f"a query in stacks/catalogues/{folder}, which is missing")

    return find


def query_text(alert_id: str) -> str:
    """The KQL text of a `QueryEntry`. ``{{name}}`` stands for a list that only the stack knows."""
    return (_CATALOGUES / "queries" / f"{alert_id}.kql").read_text(encoding="utf-8").strip()
