"""Inputs that no rule of its own judges, by the values that protect (policies/data/values.yaml)."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from facts.decisions import Unknown
from facts.defaults import default_of
from policies.compare import same, version
from policies.data import table
from policies.kept import kept
from policies.resource import UNKNOWN, Resource, token
from policies.rule import rule, shown
from policies.rules.secrets import FREE_OBJECTS
from policies.rules.types import PUBLIC
from policies.variables import SETTINGS


@rule(
    "VALUE-SAFE",
    "An input whose value can weaken what it belongs to has one that does not",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)", "164.308(a)(1)(ii)(B)"],
    remediation="Give the input one of the values that the message names, or register an exception.",
    source="policies/data/values.yaml, each with what gets lost; facts/defaults.yaml: what holds where one is absent",
    where=lambda resource: resource.custom,
)
def safe(resource: Resource) -> Iterator[str]:
    typed = _typed().get(resource.type, {})
    for path, row in typed.items():
        values = list(resource.leaves(path)) or [None]
        for value in values:
            if value is UNKNOWN:
                resource.unknown.append(f"{path} can't be known during preview")
            elif value is None:
                yield from _judge_absent(resource, path, row)
            elif not _protects(value, row):
                yield _message(path, shown(value), row)
    for path, value in resource.scalars if not resource.names.isdisjoint(_named()) else ():
        row = _row_by_name(path)
        if row is not None and not _is_judged_elsewhere(resource.type, path) and not _protects(value, row):
            yield _message(path, shown(value), row)


def _judge_absent(resource: Resource, path: str, row: Any) -> Iterator[str]:
    default = default_of(resource.type, path)
    if isinstance(default, Unknown):
        yield _message(path, "not set, and nobody knows what Azure then takes", row)
    elif not _protects(default, row):
        yield _message(path, f"not set, which Azure takes as {shown(default)}", row)


def _protects(value: Any, row: Any) -> bool:
    if "allowed" in row and not same(value, *row["allowed"]):
        return False
    if "least" in row and not _reaches(value, row["least"]):
        return False
    if "most" in row and not (isinstance(value, (int, float)) and value <= row["most"]):
        return False
    return not same(value, *row.get("denied", ()))


def _reaches(value: Any, least: str | int) -> bool:
    if isinstance(least, int):
        return isinstance(value, (int, float)) and value >= least
    return version(value) >= version(least)


def _message(path: str, seen: str, row: Any) -> str:
    return f"{path} is {seen}, must be {_wanted(row)}: {row['why']}"


def _wanted(row: Any) -> str:
    if "allowed" in row:
        return " or ".join(shown(item) for item in row["allowed"])
    if "least" in row:
        return f"{row['least']} or more"
    if "most" in row:
        return f"{row['most']} or less"
    return f"anything but {' or '.join(shown(item) for item in row['denied'])}"


@cache
def _typed() -> dict[str, dict[str, Any]]:
    return {token(type_): rows for type_, rows in table("values")["typed"].items()}


@kept
def _is_judged_elsewhere(type_: str, path: str) -> bool:
    """Whether the input has a row of its own here, or a rule of its own, so that one fault is told once."""
    if type_ in SETTINGS:  # names that a program chooses
        return True
    own = re.sub(r"\[\d+\]", "[]", path)
    name = own.rpartition(".")[2]
    doors = {door.path.rpartition(".")[2] for door in PUBLIC.get(type_, ())}
    if own in _typed().get(type_, {}) or name in doors:
        return True
    return name in _judged().get(type_, ()) or own.partition(".")[0] in FREE_OBJECTS


@cache
def _judged() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for types in table("values")["judged"].values():
        for type_, names in types.items():
            found.setdefault(token(type_), set()).update(names)
    return found


@kept
def _row_by_name(path: str) -> Any:
    return _named().get(path.rpartition(".")[2].lower())


@cache
def _named() -> dict[str, Any]:
    return {name.lower(): row for name, row in table("values")["named"].items()}
