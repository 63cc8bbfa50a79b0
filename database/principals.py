"""Entra principals for the roles that sign in.

A principals file maps a role to the Entra object that may sign in as it::

    medspasync_backend: {object_id: 00000000-0000-0000-0000-000000000000, type: service}

Azure's functions for it live in the server's ``postgres`` database; where they do not exist (any other PostgreSQL)
the mapping is left out and plain roles are made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from uuid import UUID

import psycopg
import yaml

from database.connection import connect
from database.errors import DatabaseRoomError, explain
from database.files import role_catalogue

_TYPES = ("service", "user", "group")


def read_principals(path: Path) -> dict[str, dict[str, str]]:
    """The file's entries, all mistakes reported at once.

    :raises DatabaseRoomError: unreadable, unknown role, malformed object id or type, one object under two roles.
    """
    try:
        entries: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as unreadable:
        raise DatabaseRoomError(f"{path.name}: {str(unreadable).splitlines()[0]}") from unreadable
    if not isinstance(entries, dict):
        raise DatabaseRoomError(f"{path.name}: expected a mapping of role to {{object_id, type}}")
    signing_in = [cast(str, role["name"]) for role in role_catalogue() if role["login"]]
    mistakes: list[str] = []
    seen: dict[str, str] = {}
    for role, entry in entries.items():
        if role not in signing_in:
            mistakes.append(f"{role}: no role that signs in (allowed: {', '.join(signing_in)})")
            continue
        if not isinstance(entry, dict) or set(entry) != {"object_id", "type"}:
            mistakes.append(f"{role}: expected exactly object_id and type")
            continue
        if entry["type"] not in _TYPES:
            mistakes.append(f"{role}.type: {entry['type']!r} (allowed: {', '.join(_TYPES)})")
        try:
            object_id = str(UUID(str(entry["object_id"])))
        except ValueError:
            mistakes.append(f"{role}.object_id: {entry['object_id']!r} is no UUID")
            continue
        if object_id in seen:
            mistakes.append(f"{role}.object_id: already mapped to {seen[object_id]}")
        seen[object_id] = role
    if mistakes:
        raise DatabaseRoomError(f"{path.name}: " + "; ".join(mistakes))
    return entries


def create_principals(dsn: str, entra: bool, principals: dict[str, dict[str, str]]) -> list[str]:
    """Creates the roles as Entra principals where the server can. Returns what was done, a line each.

    :raises DatabaseRoomError: a role exists already without a mapping, or mapped to another object.
    """
    done: list[str] = []
    with connect(dsn, entra=entra, dbname="postgres") as connection:
        known = connection.execute("SELECT to_regproc('pg_catalog.pgaadauth_create_principal_with_oid')").fetchone()
        if known is None or known[0] is None:
            return ["this server has no Entra principals: plain roles"]
        try:
            mapped = dict(
                connection.execute(
                    "SELECT rolename, objectid FROM pg_catalog.pgaadauth_list_principals(false)"
                ).fetchall()
            )
            for role, entry in principals.items():
                if role in mapped:
                    if str(mapped[role]).lower() != entry["object_id"].lower():
                        raise DatabaseRoomError(f"role {role} is mapped to another Entra object: drop it first")
                    continue
                connection.execute(
                    "SELECT pg_catalog.pgaadauth_create_principal_with_oid(%s, %s, %s, false, false)",
                    (role, entry["object_id"], entry["type"]),
                )
                done.append(f"Entra principal {role}")
        except psycopg.Error as refused:
            raise explain(refused, "Entra principals") from refused
    return done
