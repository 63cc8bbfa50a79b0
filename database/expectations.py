"""What a database must hold that no file of SQL can be compared with: settings and passwords of roles, rights on the
database, and the rows of the registry that came with the program."""

# ruff: noqa: E501, S608 (SQL statements stay on one line; what is put into them are names of this file)

import json
import re

from psycopg import Connection

from database.catalogue import reference_tables
from database.connection import value_of
from database.files import role_catalogue, sql_text
from database.findings import Finding, finding, judged

Problems = list[str]


def judge(connection: Connection[tuple]) -> list[Finding]:
    """All of it, in a transaction of the caller's in which the search path is ``pg_catalog``."""
    return [role_settings(connection), passwords(connection), database_rights(connection), registry(connection)]


def role_settings(connection: Connection[tuple]) -> Finding:
    """Settings, limits and sign-in of each role are those of ``roles.yaml``; nothing is set for the database or for a role
    in every database."""
    problems: Problems = []
    rows = connection.execute(
        "SELECT CASE s.setrole WHEN 0 THEN '' ELSE pg_get_userbyid(s.setrole)::text END, s.setdatabase = 0, s.setconfig "
        "FROM pg_db_role_setting AS s WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
    ).fetchall()
    names = {role["name"] for role in role_catalogue()}
    found = {role: _parse(config) for role, everywhere, config in rows if role in names and not everywhere}
    for role, everywhere, config in rows:
        if not role and not everywhere:
            problems += [f"the database sets {name}" for name in _parse(config)]
        elif role in names and everywhere:
            problems += [f"{role} sets {name} in every database" for name in _parse(config)]
    attributes = {
        name: (can, limit, until)
        for name, can, limit, until in connection.execute(
            "SELECT rolname, rolcanlogin, rolconnlimit, rolvaliduntil::text FROM pg_roles"
        ).fetchall()
    }
    for role in role_catalogue():
        name, wanted = role["name"], role.get("settings", {})
        live = found.get(name, {})
        problems += [
            f"{name} has {key} = {live.get(key, '(unset)')}, listed is {wanted.get(key, '(nothing)')}"
            for key in sorted(live.keys() | wanted.keys())
            if live.get(key) != wanted.get(key)
        ]
        expected = (role["login"], role.get("connection_limit", -1), None)
        if attributes.get(name) != expected:
            problems.append(
                f"{name}: sign-in, connection limit or end are {attributes.get(name)}, listed are {expected}"
            )
    controls = ("164.312(a)(1)", "164.312(a)(2)(iii)")
    holds = f"{len(names)} examined"
    return judged("role-settings", controls, problems, holds, "run bootstrap, which resets them")


def _parse(config: list[str]) -> dict[str, str]:
    return dict(entry.split("=", 1) for entry in config)


def passwords(connection: Connection[tuple]) -> Finding:
    """No role has a password but those that sign in by one. Only a superuser can see that; for everybody else the alert
    `database-role-change` and the next bootstrap are what remains."""
    controls = ("164.312(d)",)
    if not value_of(connection, "SELECT has_table_privilege('pg_authid', 'SELECT')"):
        note = "whether roles have passwords is a superuser's to see; bootstrap takes them, each change is an alert"
        return finding("passwords", "unchecked", controls, note)
    setting = value_of(connection, "SELECT value FROM security.settings WHERE name = 'app_passwords'")
    allowed = [role["name"] for role in role_catalogue() if role["kind"] == "app"] if setting == "true" else []
    rows = connection.execute("SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL").fetchall()
    names = {role["name"] for role in role_catalogue()}
    problems = [f"{name} has a password" for (name,) in rows if name in names and name not in allowed]
    return judged("passwords", controls, problems, f"{len(names)} examined", "run bootstrap, which takes them")


def database_rights(connection: Connection[tuple]) -> Finding:
    """CONNECT for the roles that sign in and for administrators, and nothing else for anybody but the owner."""
    rows = connection.execute(
        "SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END, a.privilege_type, "
        "a.is_grantable, coalesce(r.rolcreaterole OR r.rolsuper, false) "
        "FROM pg_database AS d CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a "
        "LEFT JOIN pg_roles AS r ON r.oid = a.grantee "
        "WHERE d.datname = current_database() AND a.grantee <> d.datdba"
    ).fetchall()
    signing_in = {role["name"] for role in role_catalogue() if role["login"]}
    held = {name for name, privilege, grantable, _ in rows if privilege == "CONNECT" and not grantable}
    problems = [
        f"{name} has {privilege}{' with grant option' if grantable else ''}"
        for name, privilege, grantable, administers in rows
        if privilege != "CONNECT" or grantable or not (name in signing_in or administers or name == "azure_pg_admin")
    ]
    problems += [f"{name} may not connect" for name in sorted(signing_in - held)]
    row = connection.execute(
        "SELECT datistemplate, datconnlimit FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    if row != (False, -1):
        problems.append(f"the database is a template, which others may copy, or limits connections: {row}")
    controls = ("164.308(a)(4)(ii)(B)",)
    return judged("database-rights", controls, problems, f"{len(rows)} examined", "run bootstrap")


def registry(connection: Connection[tuple]) -> Finding:
    """The rows that checks and policies go by and that came with the program are as it brought them."""
    problems: Problems = []
    examined = 0
    for table, columns, condition, expected in _expected_rows():
        listed = ", ".join(columns)
        # An owner's view of the table's name could answer in its place; database.catalogue sees what kind it is.
        rows = connection.execute(f"SELECT {listed} FROM {table} WHERE {condition}".encode()).fetchall()
        found = {tuple(map(str, row)) for row in rows}
        examined += len(found)
        problems += [f"{table}: {row[0]} is missing or another one" for row in sorted(expected - found)]
        problems += [
            f"{table}: {row[0]} is none of the platform's" for row in sorted(found - expected) if row not in expected
        ]
    problems += _settings(connection)
    if not value_of(connection, "SELECT EXISTS (SELECT FROM security.privilege_snapshot)"):
        problems.append("security.privilege_snapshot is empty: changes of rights would go unseen")
    tampering = "treat as tampering: docs/runbooks/audit-trail.md"
    return judged("registry", ("164.312(c)(1)",), problems, f"{examined} examined", tampering)


def _settings(connection: Connection[tuple]) -> Problems:
    found = dict(connection.execute("SELECT name, value FROM security.settings").fetchall())
    problems = [
        f"security.settings: {name} is missing"
        for name in ("pgaudit", "app_passwords", "audit_retention")
        if name not in found
    ]
    if found.get("app_passwords") not in ("true", "false") or found.get("pgaudit") not in ("required", "waived"):
        problems.append("security.settings: a value that bootstrap does not write")
    installed = "SELECT 1 FROM pg_extension WHERE extname = 'pgaudit'"
    if found.get("pgaudit") == "waived" and value_of(connection, installed):
        problems.append("security.settings: pgaudit is waived on a server that has it")
    return problems


def _expected_rows() -> list[tuple[str, list[str], str, set[tuple[str, ...]]]]:
    """Table, columns, which rows, and what they must be: from the SQL that writes them."""
    roles: set[tuple[str, ...]] = {(role["name"], role["kind"]) for role in role_catalogue()}
    checks = set(_values("830_validation.sql", "security.checks"))
    terms = set(_values("100_registry.sql", "security.sensitive_terms"))
    tables = set(_protected())
    names = ", ".join(f"'{name}'" for name in sorted(reference_tables()))
    return [
        ("security.roles", ["name", "kind"], "true", roles),
        ("security.checks", ["check_id", "control", "title", "function", "when_empty"], "true", checks),
        ("security.sensitive_terms", ["pattern", "reason"], "true", terms),
        ("security.protected_tables", list(_PROTECTED), f"relation::regclass::text IN ({names})", tables),
    ]


def _values(file: str, table: str) -> list[tuple[str, ...]]:
    """The rows of an INSERT … VALUES of plain texts in one of the files."""
    text = sql_text(file)
    start = text.index(f"INSERT INTO {table} ")
    body = text[text.index("VALUES", start) : text.index("ON CONFLICT", start)]
    rows = re.findall(r"\(((?:'(?:[^']|'')*'(?:, )?)+)\)", body)
    return [tuple(part.replace("''", "'") for part in re.findall(r"'((?:[^']|'')*)'", row)) for row in rows]


_PROTECTED = {
    "relation::regclass::text": None,
    "id_column": "id",
    "tenant_column": None,
    "coalesce(subject_column, '')": "",
    "readers::text": "{}",
    "writers::text": "{}",
    "removers::text": "{}",
    "sealed_columns::text": "{}",
    "on_erase": "retain",
    "clear_columns::text": "{}",
    "coalesce(retain_for::text, '')": "",
    "coalesce(retain_from, '')": "",
    "coalesce(retain_reason, '')": "",
}


def _protected() -> list[tuple[str, ...]]:
    """The entries that the reference tables' calls of secure_table() make."""
    entries = []
    for call in re.findall(r"security\.secure_table\((.*?)\);", sql_text("910_reference_protection.sql"), re.DOTALL):
        table, tenant = re.findall(r"'([^']*)'", call)[:2]
        given = dict(re.findall(r"(\w+) => '((?:[^']|'')*)'", call))
        row = []
        for column, default in _PROTECTED.items():
            name = re.sub(r"^coalesce\(|::.*|,.*|\)$", "", column)
            value = {"relation": table, "tenant_column": tenant}.get(name, given.get(name, default))
            row.append(_jsonb(str(value)) if name == "sealed_columns" else str(value))
        entries.append(tuple(row))
    return entries


def _jsonb(text: str) -> str:
    """As PostgreSQL writes it: shorter keys first."""
    given = json.loads(text)
    return json.dumps({key: given[key] for key in sorted(given, key=lambda key: (len(key), key))})
