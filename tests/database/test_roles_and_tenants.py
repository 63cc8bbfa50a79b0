"""Who sees what: the matrix of role, table, command and tenant, read from the catalog and tried on the server."""

from __future__ import annotations

import contextlib

import psycopg
import pytest

from tests.database.world import APPS, World

TABLES = ("clinic", "patient", "appointment", "treatment", "clinical_note", "payment_reference", "consent", "message")
DENIED = (psycopg.errors.InsufficientPrivilege,)


def rows(world: World, role: str, table: str, clinic: object) -> int | None:
    """How many rows a role counts in a clinic's context; None when it may not read."""
    try:
        with world.acting(role, clinic) as app:  # type: ignore[arg-type]
            row = app.execute(f"SELECT count(*) FROM phi.{table}").fetchone()
            assert row is not None
            return int(row[0])
    except DENIED:
        return None


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", APPS)
def test_each_application_sees_its_tenant_and_no_other(shared_world: World, role: str, table: str) -> None:
    seen = rows(shared_world, role, table, shared_world.a)
    with shared_world.login("platform") as platform:
        granted = platform.execute("SELECT has_table_privilege(%s, %s, 'SELECT')", (role, f"phi.{table}")).fetchone()
        total = platform.execute(f"SELECT count(*) FROM phi.{table}").fetchone()
    assert granted is not None
    assert total is not None
    if not granted[0]:
        assert seen is None
    else:
        assert seen is not None
        assert 0 < seen == total[0] // 2


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", [*APPS, "medspasync_breakglass"])
def test_without_a_context_there_are_no_rows(shared_world: World, role: str, table: str) -> None:
    with shared_world.login(role) as session, contextlib.suppress(*DENIED):
        assert session.execute(f"SELECT count(*) FROM phi.{table}").fetchone() == (0,)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ["medspasync_auditor", "medspasync_maintainer"])
def test_auditor_and_maintainer_have_no_right_on_phi(shared_world: World, role: str, table: str) -> None:
    with shared_world.login(role) as session, pytest.raises(DENIED):
        session.execute(f"SELECT count(*) FROM phi.{table}")


@pytest.mark.parametrize("table", TABLES)
def test_the_owner_and_the_migrator_see_nothing_either(shared_world: World, table: str) -> None:
    with shared_world.login("medspasync_migrator") as session:
        assert session.execute("SELECT current_user").fetchone() == ("medspasync_owner",)
        assert session.execute(f"SELECT count(*) FROM phi.{table}").fetchone() == (0,)


@pytest.mark.parametrize("table", [t for t in TABLES if t != "clinic"])
@pytest.mark.parametrize("role", ["medspasync_backend", "medspasync_pro_next"])
def test_rows_of_another_tenant_cannot_be_written(shared_world: World, role: str, table: str) -> None:
    """INSERT, UPDATE out of and into the other tenant, DELETE: refused or without effect."""
    a, b = shared_world.a, shared_world.b
    with shared_world.login(role) as session:
        for statement in (
            f"INSERT INTO phi.{table} SELECT (jsonb_populate_record(null::phi.{table}, to_jsonb(t) || "
            f"jsonb_build_object('id', gen_random_uuid(), 'tenant_id', '{b.id}'))).* FROM phi.{table} AS t LIMIT 1",
            f"UPDATE phi.{table} SET tenant_id = '{b.id}'",
        ):
            with pytest.raises(DENIED), shared_world.acting(role, a, session) as app:
                app.execute(statement)
        for statement in (
            f"UPDATE phi.{table} SET tenant_id = tenant_id WHERE tenant_id = '{b.id}'",
            f"DELETE FROM phi.{table} WHERE tenant_id = '{b.id}'",
        ):
            try:
                with shared_world.acting(role, a, session) as app:
                    assert app.execute(statement).rowcount == 0
            except DENIED:
                pass


@pytest.mark.parametrize("role", ["medspasync_pro_next", "medspasync_frontend", "medspasync_marketing"])
def test_only_what_was_granted(shared_world: World, role: str) -> None:
    """pro_next reads treatments and writes none; the two sites reach no PHI table at all."""
    with (
        shared_world.login(role) as session,
        pytest.raises(DENIED),
        shared_world.acting(role, shared_world.a, session) as app,
    ):
        app.execute("UPDATE phi.treatment SET treatment_code = 'x'")


def test_a_foreign_key_cannot_point_into_another_tenant(shared_world: World) -> None:
    """Foreign keys are checked past the policies: without the tenant in the key, a row could refer to B's patient and
    its success or failure would tell whether that patient exists."""
    with (
        pytest.raises(psycopg.errors.ForeignKeyViolation),
        shared_world.acting("medspasync_backend", shared_world.a) as app,
    ):
        app.execute(
            "INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) VALUES (%s, %s, 'marketing', true)",
            (shared_world.a.id, shared_world.b.patients[0]),
        )
