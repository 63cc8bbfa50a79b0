"""The tables behind the access matrix: what roles mean and what duties need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Role:
    """A built-in role: its name, and what it grants in the words of the matrix."""

    name: str
    rights: tuple[str, ...]


@dataclass(frozen=True)
class Duty:
    """users: resource types that serve it; rights: all it needs; wide: those it needs on a resource group."""

    users: tuple[str, ...]
    rights: frozenset[str]
    wide: frozenset[str]


@cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
    return table


@cache
def roles() -> dict[str, Role]:
    """Built-in roles by the GUID of their definition, in lower case."""
    return {id_: Role(row["name"], tuple(row["rights"])) for id_, row in _table("roles.yaml")["roles"].items()}


def cache_policy(name: str) -> tuple[str, ...] | None:
    """The rights of an access policy of Managed Redis; None when nobody knows them."""
    rights = _table("roles.yaml")["cachePolicies"].get(name)
    return tuple(rights) if rights else None


@cache
def duties() -> dict[str, Duty]:
    """Duties by name."""
    return {
        name: Duty(tuple(row["users"]), frozenset(row["rights"]), frozenset(row.get("wideScope", ())))
        for name, row in _table("duties.yaml")["duties"].items()
    }
