"""The PostgreSQL roles of apps, as `database/roles.yaml` has them."""

from functools import cache
from pathlib import Path
from typing import Any

from documents.reading import read_document

ROLES = "database/roles.yaml"


_FILE = Path(__file__).parents[2] / "database" / "roles.yaml"


@cache
def app_roles(file: Path = _FILE) -> frozenset[str]:
    """PostgreSQL roles of apps, from database/roles.yaml."""
    roles: list[dict[str, Any]] = read_document(file, list[dict[str, Any]])
    return frozenset(role["name"] for role in roles if role["kind"] == "app")


@cache
def platform_roles(file: Path = _FILE) -> tuple[str, ...]:
    """Every PostgreSQL role that the platform makes, in the file's order."""
    roles: list[dict[str, Any]] = read_document(file, list[dict[str, Any]])
    return tuple(role["name"] for role in roles)


def app_role(app: str) -> str:
    """The PostgreSQL role of an app, as database/roles.yaml names it."""
    return f"medspasync_{app.replace('-', '_')}"
