"""The matrix of role, table, command and tenant: roles, tables and rights from the catalog, each pair tried on the
server, and the outcome held against what the evidence says of it."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

from itertools import product

import psycopg
import pytest

from database.matrix import access_matrix, function_matrix
from tests.database.world import APPS, Clinic, World

COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def catalogue(world: World) -> tuple[list[tuple[str, str]], list[str]]:
    """Every role that signs in, with its kind, and every protected table."""
    with world.login("platform") as platform:
        roles = platform.execute(
            "SELECT k.name, k.kind FROM security.roles AS k JOIN pg_roles AS r ON r.rolname = k.name WHERE r.rolcanlogin ORDER BY 1"
        ).fetchall()
        tables = platform.execute("SELECT relation::text FROM security.protected_tables ORDER BY 1").fetchall()
    return roles, [row[0] for row in tables]


def statements(command: str, table: str, tenant_column: str, clinic: Clinic) -> str:
    """The command on a clinic's rows, as a statement whose row count tells its effect."""
    mine = f"{tenant_column} = '{clinic.id}'"
    return {
        "SELECT": f"SELECT {tenant_column} FROM {table} WHERE {mine}",
        "INSERT": f"INSERT INTO {table} ({tenant_column}) VALUES ('{clinic.id}')",
        "UPDATE": f"UPDATE {table} SET {tenant_column} = {tenant_column} WHERE {mine}",
        "DELETE": f"DELETE FROM {table} WHERE {mine}",
    }[command]


def outcome(world: World, role: str, kind: str, statement: str, context: Clinic | None) -> str:
    """``denied``, ``nothing`` or ``rows``: what came of a statement, in a transaction that is rolled back. Of an INSERT
    that a constraint refuses, the right and the policy had let it through."""
    try:
        with world.login(role) as session, session.transaction(force_rollback=True):
            session.execute("SET TRANSACTION READ WRITE")
            if context is not None and kind == "app":
                session.execute("SELECT app.begin_context(%s)", (world.token(role, context),))
            return "rows" if session.execute(statement.encode()).rowcount else "nothing"
    except psycopg.errors.InsufficientPrivilege:
        return "denied"
    except psycopg.errors.IntegrityError:
        return "rows"


def mismatches(world: World, roles: list[tuple[str, str]], tables: list[str]) -> tuple[int, list[str]]:
    """How many combinations were tried, and where the server did something else than the matrix says."""
    with world.login("medspasync_auditor") as auditor:
        said = {(access.role, access.relation): access.commands for access in access_matrix(auditor)}
    tried, wrong = 0, []
    for (role, kind), table, command in product(roles, tables, COMMANDS):
        tenant_column = "id" if table == "phi.clinic" else "tenant_id"
        for context, of in product((world.a, None), (world.a, world.b)):
            found = outcome(world, role, kind, statements(command, table, tenant_column, of), context)
            # The migrator acts as the owner, whom forced policies show nothing and let write nothing.
            granted = kind == "migrator" or command in said.get((role, table), ())
            if not granted:
                wanted = "denied"
            elif kind == "app" and context is of:
                # Only an application has a context here, and only its own tenant's rows are there then.
                wanted = "rows"
            else:
                wanted = "denied" if command == "INSERT" else "nothing"
            tried += 1
            if found != wanted:
                wrong.append(
                    f"{role} {command} {table} of {of.name} in {context and context.name}: {found}, not {wanted}"
                )
    return tried, wrong


def test_every_role_every_table_every_command_every_tenant(shared_world: World) -> None:
    """Every role on every table by every command in every tenant."""
    roles, tables = catalogue(shared_world)
    assert {role for role, _ in roles} >= {*APPS, "medspasync_migrator", "medspasync_auditor", "medspasync_maintainer"}
    assert len(tables) >= 8
    tried, wrong = mismatches(shared_world, roles, tables)
    assert wrong == []
    assert tried == len(roles) * len(tables) * 16


@pytest.mark.parametrize(
    "mutation",
    [
        "ALTER TABLE phi.patient NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE phi.patient DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON phi.patient",
        "ALTER POLICY tenant_isolation ON phi.patient USING (true)",
        "ALTER ROLE medspasync_backend BYPASSRLS",
        "DROP POLICY medspasync_backend_changes ON phi.patient",
    ],
)
def test_the_matrix_tells_when_something_is_broken(world: World, mutation: str) -> None:
    roles, _ = catalogue(world)
    with world.login("platform") as platform:
        platform.execute(mutation.encode())
    try:
        assert mismatches(world, roles, ["phi.patient"])[1]
    finally:
        # A role is the server's, not this database's.
        with world.login("platform") as platform:
            platform.execute("ALTER ROLE medspasync_backend NOBYPASSRLS")


def test_a_right_on_a_column_is_in_matrix(world: World) -> None:
    """A right on a column is in the matrix."""
    with world.login("platform") as platform:
        platform.execute("GRANT SELECT (birth_year) ON phi.patient TO medspasync_marketing")
    with world.login("medspasync_auditor") as auditor:
        found = [a for a in access_matrix(auditor) if (a.role, a.relation) == ("medspasync_marketing", "phi.patient")]
    assert [a.commands for a in found] == [("SELECT of some columns",)]


def test_protected_table_in_another_schema_is_in_matrix(world: World) -> None:
    """A protected table in another schema is in the matrix."""
    with world.login("platform") as platform:
        platform.execute("CREATE SCHEMA shop AUTHORIZATION medspasync_owner")
    with world.login("medspasync_migrator") as migrator:
        migrator.execute("CREATE TABLE shop.invoice (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)")
        migrator.execute(
            "SELECT security.secure_table('shop.invoice', 'tenant_id', readers => '{medspasync_marketing}')"
        )
    with world.login("medspasync_auditor") as auditor:
        found = {(a.role, a.relation): (a.commands, a.rows) for a in access_matrix(auditor)}
    assert found["medspasync_marketing", "shop.invoice"] == (("SELECT",), "tenant of the context")


def test_who_may_call_what(shared_world: World) -> None:
    with shared_world.login("medspasync_auditor") as auditor:
        calls = {one.role: set(one.functions) for one in function_matrix(auditor)}
    assert "medspasync_owner" not in calls
    with_erase = {role for role, functions in calls.items() if "app.gdpr_erase(uuid)" in functions}
    # The migrator acts as the owner.
    assert with_erase - {"medspasync_migrator"} == {"medspasync_backend"}
    retires = {role for role, functions in calls.items() if any("retire_period" in one for one in functions)}
    assert retires - {"medspasync_migrator"} == {"medspasync_maintainer"}
    for role in APPS:
        assert not any(one.startswith(("security.", "audit.")) for one in calls[role]), role


@pytest.mark.parametrize("mutation", ["GRANT EXECUTE ON FUNCTION app.gdpr_erase(uuid) TO medspasync_marketing"])
def test_a_call_that_was_granted_shows(world: World, mutation: str) -> None:
    with world.login("platform") as platform:
        platform.execute(mutation.encode())
    with world.login("medspasync_auditor") as auditor:
        calls = {one.role: set(one.functions) for one in function_matrix(auditor)}
    assert "app.gdpr_erase(uuid)" in calls["medspasync_marketing"]
