"""Tables that rules look things up in: data that people review."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from documents.reading import read_document

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class Parameter(TypedDict):
    """A server parameter: what it is when nothing declares it, and what passes; the file's head says what each is."""

    default: NotRequired[str]
    allowed: NotRequired[list[str]]
    includes: NotRequired[list[str]]
    only: NotRequired[list[str]]
    contains: NotRequired[list[str]]
    least: NotRequired[int]
    most: NotRequired[int]
    why: NotRequired[str]


@with_config(_STRICT)
class Job(TypedDict):
    """A job of the database: how it is started, the longest time between two runs, and what it is for."""

    trigger: Literal["Manual", "Schedule"]
    longestHours: NotRequired[int]
    source: NotRequired[str]
    why: str


@with_config(_STRICT)
class Limit(TypedDict):
    """The weakest threshold of an alert, above or below which it tells, and why no weaker one."""

    above: NotRequired[int]
    below: NotRequired[int]
    why: str


@with_config(_STRICT)
class Floor(TypedDict):
    """What a stack must never be without, each with its reason."""

    jobs: dict[str, Job]
    tables: dict[str, str]
    containers: dict[str, str]
    activity: dict[str, str]
    alerts: dict[str, dict[str, str]]
    limits: dict[str, Limit]
    warnings: dict[str, str]
    plans: dict[str, str]
    initiatives: dict[str, str]


@with_config(_STRICT)
class Reference(TypedDict):
    """Another resource that must be there: its type, by what it is named, and what is said without it."""

    type: str
    by: NotRequired[str]
    says: str


@with_config(_STRICT)
class Required(TypedDict):
    """A rule that asks inputs for values; the file's head says what each field means."""

    title: str
    on: list[str]
    where: NotRequired[Literal["ours", "primary", "primaryWithPatients"]]
    severity: Literal["low", "medium", "high", "critical"]
    controls: list[str]
    must: NotRequired[dict[str, list[str | bool]]]
    mustHave: NotRequired[list[str]]
    says: NotRequired[dict[str, str]]
    empty: NotRequired[dict[str, str]]
    atLeastDays: NotRequired[dict[str, int]]
    ownPath: NotRequired[list[str]]
    names: NotRequired[dict[str, Reference]]
    namedBy: NotRequired[dict[str, Reference]]
    parameters: NotRequired[str]
    remediation: str
    source: str


@with_config(_STRICT)
class Safe(TypedDict):
    """What an input must be, and what gets lost otherwise."""

    allowed: NotRequired[list[str | bool | None]]
    denied: NotRequired[list[str | bool]]
    least: NotRequired[str | int]
    most: NotRequired[int]
    why: str


@with_config(_STRICT)
class PlainSetting(TypedDict):
    """The numbers that a plain setting of an app may be, what gets lost otherwise, and where they are from."""

    least: int
    most: int
    why: str
    source: str


@with_config(_STRICT)
class SafeValues(TypedDict):
    """Values that protect: by type and input, and by the name of an input in any type."""

    typed: dict[str, dict[str, Safe]]
    named: dict[str, Safe]
    judged: dict[str, dict[str, list[str]]]


SHAPES: Mapping[str, Any] = {
    "audit_categories": dict[str, list[str]],
    "floor": Floor,
    "group_roles": dict[str, str],
    "ignored": dict[str, dict[str, str]],
    "required": dict[str, dict[str, Required]],
    "plain_settings": dict[str, PlainSetting],
    "postgres_parameters": dict[str, dict[str, Parameter]],
    "values": SafeValues,
}
"""What each table holds."""


@cache
def table(name: str) -> Any:
    """The table ``<name>.yaml`` of this directory. Raises DocumentError with every mistake in it."""
    return read_document(Path(__file__).with_name(f"{name}.yaml"), SHAPES[name])
