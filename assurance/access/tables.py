"""The tables behind the access matrix: what roles mean and what duties need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from documents.yaml_text import load_yaml
from facts.roles import role_table

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Duty:
    """users: resource types that serve it; rights: patterns of all it needs; wide: those it needs on a resource group;
    everywhere: on a subscription. tag: what an identity bears that serves it for somebody outside the record."""

    users: tuple[str, ...]
    rights: frozenset[str]
    wide: frozenset[str]
    everywhere: frozenset[str] = frozenset()
    tag: str = ""

    def needs(self, right: str) -> bool:
        """Whether it needs a right."""
        return matches(right, self.rights)


@cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = load_yaml((_FOLDER / name).read_text(encoding="utf-8"))
    return table


def cache_policy(name: str) -> tuple[str, ...] | None:
    """The rights of an access policy of Managed Redis; None when nobody knows them."""
    return role_table().cache_policies.get(name)


def matches(right: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns stands for a right: ``Microsoft.Web/*`` for every operation of that namespace."""
    return any(fnmatchcase(right.lower(), pattern.lower()) for pattern in patterns)


@cache
def duties() -> dict[str, Duty]:
    """Duties by name."""
    return {
        name: Duty(
            tuple(row.get("users", ())),
            frozenset(row["rights"]),
            frozenset(row.get("wideScope", ())),
            frozenset(row.get("everywhere", ())),
            row.get("tag", ""),
        )
        for name, row in _table("duties.yaml")["duties"].items()
    }
