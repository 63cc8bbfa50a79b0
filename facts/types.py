"""Resource types: ``types.yaml``, one row for each type of custom resource."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from facts.decisions import No, Text, Unknown
from facts.tokens import GENERIC, generic_arm_type, type_key

COLUMNS = (
    "arm", "names", "scope", "livesIn", "outputs", "logs", "alerts", "privateLink", "public", "stateful", "serial",
    "inheritsLock", "fixed", "graph",
)  # fmt: skip
"""Columns that each type must have decided."""


class Logs(Section):
    """What a type tells of itself."""

    emits: Literal["logs", "metrics", "telemetry"]
    """What a diagnostic setting must turn on; telemetry needs none."""
    kind: str | None = None
    """What the log tables call the type."""
    child: str = ""
    """The part of the resource that a setting names, behind its id."""


class Alerts(Section):
    """How alerts watch a type."""

    kind: str
    """What the alert catalogue calls it."""
    metrics: Literal["required", "optional"]
    """Whether each resource must have an alert on its metrics."""


class PrivateLink(Section):
    """What a private endpoint needs for a service."""

    groups: list[str]
    zones: list[str]


class Door(Section):
    """An input that opens a type to the Internet."""

    path: str
    """The input; ``*`` for every member of an object, ``name[]`` for every entry of a list."""
    closed: list[str | bool | None]
    """The values that keep it closed."""
    default: str | bool | None
    """What Azure takes where the input is absent."""

    def keeps_closed(self, value: Any) -> bool:
        """Whether a value of the input, None where it is absent, keeps the type closed."""
        effective = self.default if value is None else value
        return _folded(effective) in [_folded(allowed) for allowed in self.closed]


class Serial(Section):
    """Types that are written one after the other below, or onto, one resource of the row's type."""

    children: list[str]
    reason: Text
    source: Text


class ResourceType(Section):
    """One row; a column that is absent, or None, is undecided. The file's head says what each column means."""

    arm: str | No | None = None
    names: list[str] = []
    scope: str = "resourceGroup"
    lives_in: str | No | Unknown | None = None
    outputs: dict[str, Any] | No | Unknown | None = None
    logs: Logs | No | Unknown | None = None
    alerts: Alerts | No | Unknown | None = None
    private_link: PrivateLink | No | Unknown | None = None
    public: list[Door] | No | Unknown | None = None
    serial: Serial | No | Unknown | None = None
    inherits_lock: Text | No | Unknown | None = None
    inherits_lock_where: str | None = None
    stateful: list[Literal["protect", "lock"]] | No | Unknown | None = None
    graph: Literal["resources", "resourcecontainers", "authorizationresources"] | No | Unknown | None = None
    """The table of Resource Graph that holds it."""
    fixed: list[str] | No | Unknown | None = None
    """Inputs that Azure fixes at creation, beside names, group, scope and location."""

    def undecided(self) -> list[str]:
        """Columns without a decision, as the file spells them."""
        written = {str(type(self).model_fields[name].alias) for name in self.model_fields_set}
        return [name for name, value in self._columns() if value is None or name not in written]

    def unknown(self) -> dict[str, str]:
        """Columns whose answer nobody could find: where one looked."""
        return {name: value.unknown for name, value in self._columns() if isinstance(value, Unknown)}

    def problems(self) -> Iterator[Problem]:
        """An ARM id has a name for each of its segments."""
        if isinstance(self.arm, str) and len(self.names) != self.arm.count("/"):
            yield Problem("names", self.names, f"one input for each segment of {self.arm} ({self.arm.count('/')})")

    def _columns(self) -> Iterator[tuple[str, Any]]:
        fields = {str(info.alias): name for name, info in type(self).model_fields.items()}
        yield from ((column, getattr(self, fields[column])) for column in COLUMNS)


resource_types = data_reader(__file__, "types.yaml", dict[str, ResourceType])
"""The rows by version-blind type key."""


def counted_type(token: str, inputs: Mapping[str, Any]) -> str:
    """The type key that a resource counts as; a generic one counts as the ARM type in its inputs, by its row's key.

    Where no row has that ARM type, the ARM type itself stands for the key. Several rows may share one, each with the
    name that makes it what it is (an app's ``appsettings``): another name (``web``) is of no row.
    """
    key = type_key(token)
    arm = generic_arm_type(inputs) if key == GENERIC else None
    if arm is None:
        return key
    name = str(inputs.get("resourceName", "")).lower()
    for each in _by_arm().get(arm.lower(), ()):
        last = resource_types()[each].names[-1:]
        if not last or not last[0].startswith("=") or last[0][1:].lower() == name:
            return each
    return arm


def type_row(key: str) -> ResourceType | None:
    """The row of a type key; None for a type that nobody decided."""
    return resource_types().get(key)


@cache
def types_with(column: str, kind: type) -> Mapping[str, Any]:
    """Type keys whose column holds a value of ``kind``, with it: ``types_with("private_link", PrivateLink)``."""
    return {key: value for key, row in resource_types().items() if isinstance(value := getattr(row, column), kind)}


@cache
def alert_kinds() -> Mapping[str, str]:
    """The type key that alerts of each kind watch."""
    return {alerts.kind: key for key, alerts in types_with("alerts", Alerts).items()}


@cache
def metric_namespaces() -> Mapping[str, str]:
    """The metric namespace of each kind of alert whose type must have alerts on its metrics."""
    rows = types_with("alerts", Alerts)
    return {a.kind: str(resource_types()[key].arm) for key, a in rows.items() if a.metrics == "required"}


@cache
def log_kinds() -> Mapping[str, Mapping[str, Logs]]:
    """The types that write logs of each kind, with what they write."""
    kinds: dict[str, dict[str, Logs]] = {}
    for key, logs in types_with("logs", Logs).items():
        if logs.kind is not None:
            kinds.setdefault(logs.kind, {})[key] = logs
    return kinds


def private_link_zone(key: str) -> str:
    """The private DNS zone of a type that private endpoints lead to; the first one of several. Raises KeyError."""
    zones: list[str] = types_with("private_link", PrivateLink)[key].zones
    return zones[0]


@cache
def _by_arm() -> Mapping[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for key, row in resource_types().items():
        if isinstance(row.arm, str):
            rows.setdefault(row.arm.lower(), []).append(key)
    return rows


def _folded(value: Any) -> Any:
    return str(value).lower() if isinstance(value, (str, bool)) else value
