"""Entra principals for the roles that sign in.

A principals file maps a role to the Entra object that may sign in as it::

    medspasync_backend: {object_id: 00000000-0000-0000-0000-000000000000, type: service}
    medspasync_backend: {type: password}   # or: an application that signs in by password, which `credentials` sets

Azure's functions for it live in the server's ``postgres`` database; where they do not exist (any other PostgreSQL)
the mapping is left out and plain roles are made.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from psycopg import Connection, sql

from database.connection import connect, value_of
from database.errors import DatabaseRoomError, explained
from database.files import role_catalogue

_TYPES = ("service", "user", "group")
PASSWORD = {"type": "password"}


def read_principals(path: Path) -> dict[str, dict[str, str]]:
    """The file's entries, all mistakes reported at once.

    :raises DatabaseRoomError: unreadable, unknown role, malformed object id or type, one object under two roles, a
        password for a role that is no application's.
    """
    try:
        entries: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as unreadable:
        raise DatabaseRoomError(f"{path.name}: {str(unreadable).splitlines()[0]}") from unreadable
    if not isinstance(entries, dict):
        raise DatabaseRoomError(f"{path.name}: expected a mapping of role to {{object_id, type}}")
    signing_in = [role["name"] for role in role_catalogue() if role["login"]]
    apps = [role["name"] for role in role_catalogue() if role["kind"] == "app"]
    mistakes: list[str] = []
    seen: dict[str, str] = {}
    for role, entry in entries.items():
        if role not in signing_in:
            mistakes.append(f"{role}: no role that signs in (allowed: {', '.join(signing_in)})")
            continue
        if entry == PASSWORD:
            if role not in apps:
                mistakes.append(f"{role}: only applications may sign in by password")
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


def password_roles(principals: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The roles that sign in by password."""
    return [role for role, entry in principals.items() if entry == PASSWORD]


def create_principals(dsn: str, entra: bool, principals: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Creates the roles as Entra principals where the server can; takes that from those that sign in by password.

    Returns what was done, a line each.
    :raises DatabaseRoomError: a role exists already without a mapping, or mapped to another object.
    """
    done: list[str] = []
    with connect(dsn, entra=entra, dbname="postgres") as connection:
        if value_of(connection, "SELECT to_regproc('pg_catalog.pgaadauth_create_principal_with_oid')") is None:
            return ["this server has no Entra principals: plain roles"]
        with explained("Entra principals"):
            mapped = _mapped(connection)
            for role, entry in principals.items():
                line = _principal(connection, role, entry, mapped.get(role))
                if line:
                    done.append(line)
    return done


def _mapped(connection: Connection[tuple]) -> dict[str, str]:
    """Role to Entra object, as the server lists them.

    By position: Microsoft's page (Manage Microsoft Entra roles) calls the first column rolename, programs that run
    against Azure read it as rolname. Both agree on role, kind of principal, object id.

    :raises DatabaseRoomError: a row has no object id in its third column: the function is another one than known.
    """
    rows = connection.execute("SELECT * FROM pg_catalog.pgaadauth_list_principals(false)").fetchall()
    try:
        return {str(row[0]): str(UUID(str(row[2]))) for row in rows}
    except (IndexError, ValueError) as unknown:
        raise DatabaseRoomError("pgaadauth_list_principals: expected role, kind, object id in this order") from unknown


def _principal(connection: Connection[tuple], role: str, entry: Mapping[str, str], object_id: str | None) -> str | None:
    """Bring one role in line; object_id: the Entra object that it is mapped to now."""
    if entry == PASSWORD:
        if object_id is None:
            return None
        _label(connection, role, None)
        return f"no Entra principal any more: {role}"
    if object_id is not None:
        if str(object_id).lower() != entry["object_id"].lower():
            raise DatabaseRoomError(f"role {role} is mapped to another Entra object: drop it first")
        return None
    known = "SELECT shobj_description(oid, 'pg_authid') LIKE '%%\"password\"%%' FROM pg_roles WHERE rolname = %s"
    if value_of(connection, known, role):
        # The function below would make the role; this one is there already.
        _label(connection, role, f"aadauth,oid={entry['object_id']},type={entry['type']}")
    else:
        connection.execute(
            "SELECT pg_catalog.pgaadauth_create_principal_with_oid(%s, %s, %s, false, false)",
            (role, entry["object_id"], entry["type"]),
        )
    return f"Entra principal {role}"


def _label(connection: Connection[tuple], role: str, label: str | None) -> None:
    """How Azure keeps the mapping (Microsoft Learn: "Manage Microsoft Entra roles", existing role)."""
    connection.execute(
        sql.SQL("SECURITY LABEL FOR pgaadauth ON ROLE {} IS {}").format(sql.Identifier(role), sql.Literal(label))
    )
