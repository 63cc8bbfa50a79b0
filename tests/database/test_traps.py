"""Every trap that was measured on a real server (reference: what owners, views, partitions, pools and functions leak).
Each test shows the protection, and where it can, the trap that it closes."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import psycopg
import pytest

from tests.database.world import APPS, BACKEND, World, count


def test_owner_sees_no_row_because_security_is_forced(world: World) -> None:
    """The owner sees no row because security is forced."""
    with world.login("medspasync_migrator") as owner:
        assert count(owner, "phi.patient") == 0
        owner.execute("ALTER TABLE phi.patient NO FORCE ROW LEVEL SECURITY")
        assert count(owner, "phi.patient") == 4  # the trap


def test_role_with_bypassrls_sees_every_row_and_reported(world: World) -> None:
    """A role with bypassrls sees every row and is reported."""
    with world.login("platform") as platform, platform.transaction(force_rollback=True):
        platform.execute("ALTER ROLE medspasync_backend BYPASSRLS")
        platform.execute("SET LOCAL ROLE medspasync_backend")
        assert count(platform, "phi.patient") == 4  # the trap
        platform.execute("RESET ROLE")
        found = platform.execute(
            "SELECT object FROM security.check_roles() WHERE problem LIKE '%BYPASSRLS%'"
        ).fetchall()
        assert found == [(BACKEND,)]


def test_view_reads_with_readers_rights_or_is_reported(world: World) -> None:
    """A view reads with its readers rights or is reported."""
    with world.login("platform") as platform:
        platform.execute("CREATE VIEW phi.leak AS SELECT * FROM phi.patient")
        platform.execute("GRANT SELECT ON phi.leak TO medspasync_backend")
        with world.acting(BACKEND, world.a) as app:
            assert count(app, "phi.leak") == 4  # the trap
        reported = platform.execute("SELECT problem FROM security.check_views() WHERE object = 'phi.leak'").fetchone()
        assert reported == ("not security_invoker",)
        platform.execute("ALTER VIEW phi.leak SET (security_invoker = true)")
        with world.acting(BACKEND, world.a) as app:
            assert count(app, "phi.leak") == 2
        reported = platform.execute("SELECT problem FROM security.check_views() WHERE object = 'phi.leak'").fetchone()
        assert reported == (None,)


def test_definer_function_of_superuser_leaks_and_is_reported(world: World) -> None:
    """A definer function of a superuser leaks and is reported."""
    with world.login("platform") as platform:
        platform.execute(
            "CREATE FUNCTION phi.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM phi.patient'"
        )
        with world.acting(BACKEND, world.a) as app:
            assert app.execute("SELECT phi.leak()").fetchone() == (4,)  # the trap: and PUBLIC could execute it
        problems = dict(platform.execute("SELECT object, problem FROM security.check_definer_functions()").fetchall())
        assert "walks past row level security" in problems["phi.leak()"]
        problems = dict(platform.execute("SELECT object, problem FROM security.check_public()").fetchall())
        assert problems["phi.leak()"] == "PUBLIC may execute it"


def test_functions_owner_makes_later_are_closed_to_public(world: World) -> None:
    """Functions that the owner makes later are closed to public."""
    with world.login("medspasync_migrator") as owner:
        owner.execute("CREATE FUNCTION phi.later() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    with world.login(BACKEND) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT phi.later()")


@pytest.mark.parametrize("role", [*APPS, "medspasync_breakglass"])
def test_partition_is_not_a_way_around_its_parent(shared_world: World, role: str) -> None:
    """A partition is not a way around its parent."""
    with shared_world.login(role) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("SELECT count(*) FROM phi.message_earlier")


def test_the_partition_itself_is_forced_too(world: World) -> None:
    with world.login("platform") as platform:
        platform.execute("GRANT SELECT ON phi.message_earlier TO medspasync_backend")  # a careless developer
    with world.acting(BACKEND, world.a) as app:
        assert count(app, "phi.message") == 2
        assert count(app, "phi.message_earlier") == 0


def test_row_security_off_is_an_error_not_data(shared_world: World) -> None:
    with shared_world.acting(BACKEND, shared_world.a) as app:
        app.execute("SET LOCAL row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("SELECT * FROM phi.patient")


def test_cheap_function_in_where_sees_only_permitted_rows(world: World) -> None:
    """Policies are evaluated before conditions that could tell."""
    with world.login("platform") as platform:
        platform.execute(
            "CREATE FUNCTION public.peek(uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS "
            "$$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$"
        )
        platform.execute("GRANT USAGE ON SCHEMA public TO medspasync_backend")
    seen: list[str] = []
    with world.login(BACKEND) as app:
        app.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
        with world.acting(BACKEND, world.a, app):
            app.execute("SELECT * FROM phi.patient WHERE public.peek(id)")
    assert sorted(seen) == sorted(f"saw {patient}" for patient in world.a.patients)


@pytest.mark.parametrize("role", [*APPS, "medspasync_migrator", "platform"])
def test_truncate_is_refused_to_everybody(world: World, role: str) -> None:
    with world.login(role) as session:
        for table in (
            "phi.patient",
            "phi.message",
            "phi.message_earlier",
            "audit.hipaa_audit_logs",
            "audit.security_logs",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "role", [*APPS, "medspasync_migrator", "medspasync_auditor", "medspasync_maintainer", "platform"]
)
@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
def test_the_trail_cannot_be_changed(shared_world: World, role: str, statement: str) -> None:
    month = "to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')"
    with shared_world.login(role) as session:
        session.execute("SET default_transaction_read_only = off")
        row = session.execute(f"SELECT {month}").fetchone()
        assert row is not None
        for log in ("hipaa_audit_logs", "security_logs"):
            for relation in (f"audit.{log}", f"audit.{log}{row[0]}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(statement.format(relation))


def test_replica_mode_does_not_switch_the_guards_off(world: World) -> None:
    with world.login("platform") as platform:
        before = count(platform, "audit.hipaa_audit_logs")
        platform.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            platform.execute("DELETE FROM audit.hipaa_audit_logs")
        platform.execute("UPDATE phi.consent SET granted = NOT granted")
        assert count(platform, "audit.hipaa_audit_logs") == before + 4


@pytest.mark.parametrize("role", [*APPS, "medspasync_auditor", "medspasync_breakglass"])
def test_nobody_becomes_the_owner_or_the_audit_marker(shared_world: World, role: str) -> None:
    with shared_world.login(role) as session:
        for other in ("medspasync_owner", "medspasync_phi_audit", "medspasync_migrator", "platform"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(f"SET ROLE {other}")


@pytest.mark.parametrize("role", [*APPS, "medspasync_auditor", "medspasync_maintainer", "medspasync_breakglass"])
def test_keys_and_registry_are_out_of_reach(shared_world: World, role: str) -> None:
    statements = [
        "SELECT secret FROM security.context_keys",
        "SELECT wrapped FROM security.data_keys",
        "INSERT INTO security.lint_exemptions VALUES ('phi.patient', 'x', now())",
        "UPDATE security.settings SET value = '1 day'",
        "SELECT security.install_context_key('k', 'medspasync_backend', '\\x00', now())",
        "SELECT security.secure_table('phi.patient', 'tenant_id')",
        "SELECT audit.write_security_event('x', 'info', 'success')",
        "SELECT extensions.pgp_sym_encrypt('x', 'y')",
        "CREATE TEMP TABLE t (x int)",
        "CREATE TABLE public.t (x int)",
        "ALTER TABLE phi.patient DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit.hipaa_audit_logs DISABLE TRIGGER append_only",
        "DROP POLICY tenant_isolation ON phi.patient",
        "COPY phi.patient TO PROGRAM 'cat'",
        "SET session_replication_role = replica",
    ]
    with shared_world.login(role) as session:
        session.execute("SET default_transaction_read_only = off")
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.encode())


def test_the_migrator_cannot_read_by_becoming_someone(shared_world: World) -> None:
    """It can change the schema: that is its work, and each change is logged and found by validation. It cannot read."""
    with shared_world.login("medspasync_migrator") as session:
        for statement in (
            "SET SESSION AUTHORIZATION medspasync_backend",
            "SET ROLE medspasync_backend",
            "ALTER ROLE medspasync_owner BYPASSRLS",
            "CREATE ROLE other SUPERUSER",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT app.begin_context(%s)", (shared_world.token(BACKEND, shared_world.a),))
        assert count(session, "phi.patient") == 0


def test_copy_and_returning_are_filtered_too(shared_world: World) -> None:
    with shared_world.acting(BACKEND, shared_world.a) as app:
        with app.cursor().copy("COPY phi.patient (id) TO STDOUT") as copy:
            lines = [bytes(part) for part in copy]
        assert len(b"".join(lines).splitlines()) == 2
        changed = app.execute("UPDATE phi.patient SET birth_year = birth_year RETURNING tenant_id").fetchall()
        assert changed == [(shared_world.a.id,)] * 2


def test_on_conflict_does_not_tell_another_tenants_row(shared_world: World) -> None:
    """An INSERT that collides with an invisible row fails alike, whether it says ON CONFLICT or not."""
    clash = shared_world.b.patients[0]
    with shared_world.login(BACKEND) as session:
        for ending in ("ON CONFLICT (id) DO UPDATE SET birth_year = 1990 RETURNING full_name_sealed", ""):
            with (
                pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation)) as refused,
                shared_world.acting(BACKEND, shared_world.a, session) as app,
            ):
                app.execute(
                    f"INSERT INTO phi.patient (id, tenant_id) VALUES (%s, %s) {ending}", (clash, shared_world.a.id)
                )
            assert str(shared_world.b.id) not in str(refused.value)
