"""The server parameter file as data, and a running server held against it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from psycopg import Connection

from database.files import ROOT


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One entry of ``parameters.yaml``; the file's head says what the fields mean."""

    name: str
    value: str
    static: bool
    platform_default: str
    source: str
    reason: str
    controls: tuple[str, ...]
    tier: str = ""
    vcores: int = 0


@dataclass(frozen=True)
class Comparison:
    """One parameter on one server. ``status``: pass, fail, or unchecked where PostgreSQL does not know it."""

    name: str
    wanted: str
    found: str | None
    status: str


@cache
def read_parameters() -> tuple[Parameter, ...]:
    """Every entry, in the file's order."""
    entries: list[dict[str, Any]] = yaml.safe_load((ROOT / "parameters.yaml").read_text(encoding="utf-8"))
    return tuple(Parameter(**{**entry, "controls": tuple(entry["controls"])}) for entry in entries)


def compare(connection: Connection[tuple]) -> list[Comparison]:
    """The server against the file.

    Some parameters are the platform's (``azure.*``, ``pgbouncer.*``): PostgreSQL cannot tell them, they are unchecked.
    The role of the connection may have settings of its own, so the server's default is compared (``reset_val`` would be
    the role's): what differs by ``ALTER ROLE`` is not the server's doing.
    """
    known = {
        name: (setting, source)
        for name, setting, source in connection.execute("SELECT name, setting, source FROM pg_settings").fetchall()
    }
    result: list[Comparison] = []
    for parameter in read_parameters():
        found = known.get(parameter.name)
        if found is None or found[1] in ("user", "database user"):
            result.append(Comparison(parameter.name, parameter.value, None, "unchecked"))
            continue
        same = _plain(found[0]) == _plain(parameter.value)
        result.append(Comparison(parameter.name, parameter.value, found[0], "pass" if same else "fail"))
    return result


def _plain(value: str) -> str:
    return value.lower().replace(" ", "")
