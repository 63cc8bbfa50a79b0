"""The tables behind the access matrix: what roles mean and what duties need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from facts.roles import role_table

_FOLDER = Path(__file__).parent


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


def cache_policy(name: str) -> tuple[str, ...] | None:
    """The rights of an access policy of Managed Redis; None when nobody knows them."""
    return role_table().cache_policies.get(name)


@cache
def duties() -> dict[str, Duty]:
    """Duties by name."""
    return {
        name: Duty(tuple(row["users"]), frozenset(row["rights"]), frozenset(row.get("wideScope", ())))
        for name, row in _table("duties.yaml")["duties"].items()
    }
