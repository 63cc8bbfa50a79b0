"""What the platform's objects are, read from PostgreSQL's own catalogue, and held against the digest that ships with
this program, one file a major version (``catalogue/17.json``).

Nothing here asks the database about itself: no function or view of it is used, only ``pg_catalog``, which nobody but a
superuser can alter, and the list of protected tables. So what somebody planted with the owner's rights shows, however
often `apply` has run since.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from database import catalogue_queries as queries
from database.files import ROOT, role_catalogue, sql_text

SHIPPED = ROOT / "catalogue"
LOGS = ("hipaa_audit_logs", "security_logs")
_MONTH = re.compile(r"audit\.(hipaa_audit_logs|security_logs)_(\d{4})_(\d{2})")

Definitions = dict[str, str]
"""Object to its definition, as text that is the same on every server of one major version."""


def digest(definitions: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of each definition."""
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(definitions.items())}


@cache
def shipped(major: int) -> dict[str, str] | None:
    """The digest for a major version; None when this program has none."""
    path = SHIPPED / f"{major}.json"
    if not path.exists():
        return None
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(definitions: Mapping[str, str], major: int, folder: Path = SHIPPED) -> Path:
    """Write the digest of a scratch server, to be shipped."""
    path = folder / f"{major}.json"
    path.write_text(json.dumps(digest(definitions), indent=1) + "\n", encoding="utf-8")
    return path


def compare(found: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    """What live definitions have otherwise than a shipped digest, one line an object."""
    live = digest(found)
    changed = [name for name in sorted(live.keys() & expected.keys()) if live[name] != expected[name]]
    return (
        [f"{name} is another one" for name in changed]
        + [f"{name} is no part of the platform" for name in sorted(live.keys() - expected.keys())]
        + [f"{name} is gone" for name in sorted(expected.keys() - live.keys())]
    )


def read(connection: Connection[tuple]) -> Definitions:
    """The definitions of everything in the platform's schemas, and of its reference tables.

    In a transaction of the caller's: the search path and the time zone are set for the rest of it.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SET LOCAL search_path = pg_catalog")
        cursor.execute("SET LOCAL timezone = 'UTC'")
        found: Definitions = {}
        parts = _by_relation(cursor.execute(queries.PARTS.encode()).fetchall())
        references = reference_tables()
        for row in cursor.execute(queries.RELATIONS.encode()).fetchall():
            if row["schema"] == "phi":
                if row["name"] in references:
                    found |= _reference_table(row, parts.get(row["oid"], []))
            else:
                name, text = _relation(row, parts.get(row["oid"], []))
                # Every month's partition is the same but for its name and bounds.
                if found.setdefault(name, text) != text:
                    found[f"{row['name']}, unlike its siblings"] = text
        trails = cursor.execute(queries.TRAILS.encode()).fetchall()
        registered = _registered(connection)
        own_trails = {row["name"] for row in trails if row["of_table"] in registered}
        for row in cursor.execute(queries.FUNCTIONS.encode()).fetchall():
            definition = row["definition"]
            if row["name"] in own_trails:
                # What a trail function does goes by its table's columns: the check `audit-triggers` compares it.
                if row["of_table"] not in references:
                    continue
                definition = definition.replace(row["source"], "by its table")
            found[f"function {row['signature']}"] = f"{definition}\n{_rights(row['acl'], row['owner'])}"
        for row in cursor.execute(queries.OTHERS.encode()).fetchall():
            found[row["name"]] = f"{row['definition']}\n{_rights(row['acl'], row['owner'])}"
    return found


def _registered(connection: Connection[tuple]) -> set[int]:
    """Tables under protection: the checks compare their trail functions, nobody those of another one."""
    try:
        with connection.transaction():
            rows = connection.execute("SELECT relation::oid::bigint FROM security.protected_tables").fetchall()
    except psycopg.Error:
        return set()  # not applied, or not as it was: then no function counts as a table's own
    return {oid for (oid,) in rows}


def _by_relation(rows: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(row["oid"], []).append(row)
    return grouped


def _relation(row: dict[str, Any], parts: list[dict[str, Any]]) -> tuple[str, str]:
    lines = [row["definition"], _rights(row["acl"], row["owner"])]
    lines += [
        f"{part['kind']} {part['name']} {part['definition']} {_rights(part['acl'], row['owner'])}" for part in parts
    ]
    name, text = row["name"], "\n".join(lines)
    month = _MONTH.fullmatch(name)
    if month and row["parent"] == f"audit.{month[1]}":
        year, number = int(month[2]), int(month[3])
        following = f"{year + number // 12}-{number % 12 + 1:02}"
        bounds = f"FOR VALUES FROM ('{year}-{number:02}-01 00:00:00+00') TO ('{following}-01 00:00:00+00')"
        short = name.removeprefix("audit.")
        return f"a month of audit.{month[1]}", text.replace(bounds, "its month").replace(short, "its name")
    return f"relation {name}", text


def _reference_table(row: dict[str, Any], parts: list[dict[str, Any]]) -> Definitions:
    """Applications may add columns and plain indexes to the reference tables; what is there stays as it is. Policies,
    triggers and rights go by the registry, which has checks of its own."""
    found = {f"relation {row['name']}": row["definition"]}
    for part in parts:
        if part["kind"] in ("column", "constraint") or (part["kind"] == "index" and not part["plain"]):
            found[f"{part['kind']} {part['name']} of {row['name']}"] = part["definition"]
    return found


def without_added_columns(found: Mapping[str, str], expected: Mapping[str, str]) -> Definitions:
    """The definitions without columns of reference tables beyond the platform's: an application's, and no finding."""
    return {name: text for name, text in found.items() if name in expected or not name.startswith("column ")}


@cache
def reference_tables() -> frozenset[str]:
    """Names of the tables that the platform brings, with their schema; partitions are not among them."""
    text = sql_text("900_reference_tables.sql")
    made = re.findall(r"^CREATE TABLE IF NOT EXISTS (phi\.\w+) ", text, re.MULTILINE)
    partitions = set(re.findall(r"^CREATE TABLE IF NOT EXISTS (phi\.\w+) PARTITION OF", text, re.MULTILINE))
    return frozenset(set(made) - partitions)


def _rights(acl: list[list[Any]] | None, owner: str) -> str:
    """Rights as text. Where every role of a kind has the same, the kind stands for them: the list of applications is
    ``roles.yaml``'s."""
    kinds: dict[str, list[str]] = {}
    for role in role_catalogue():
        kinds.setdefault(role["kind"], []).append(role["name"])
    held: dict[str, set[str]] = {}
    for grantee, privilege, grantable in acl or []:
        held.setdefault(grantee, set()).add(privilege + ("*" if grantable else ""))
    said = [f"owner {owner}"]
    for kind, names in sorted(kinds.items()):
        of_kind = {frozenset(held.get(name, set())) for name in names if name != owner}
        if len(of_kind) == 1 and len(names) > 1 and (same := of_kind.pop()):
            said.append(f"kind {kind}: {','.join(sorted(same))}")
            for name in names:
                held.pop(name, None)
    said += [f"{name}: {','.join(sorted(privileges))}" for name, privileges in sorted(held.items())]
    return "; ".join(said)
