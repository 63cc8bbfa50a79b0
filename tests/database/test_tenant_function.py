"""app.tenant(), the rule of every policy: what can be done to it from outside, and how it came to a database in use."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg

from database import runner
from database.files import ROOT
from tests.database import conftest
from tests.database.servers import Server
from tests.database.world import World

BACKEND = "medspasync_backend"


def rows(connection: psycopg.Connection[tuple], table: str = "phi.patient") -> int:
    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert found is not None
    return int(found[0])


def test_a_hostile_search_path_gives_no_tenant(world: World) -> None:
    """The function has no search_path of its own: what a caller puts before pg_catalog must not be looked at."""
    with world.login("platform") as platform:
        platform.execute("CREATE SCHEMA evil")
        platform.execute(f"GRANT USAGE ON SCHEMA evil TO {BACKEND}")
        for body in (
            f"FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT '{world.b.id}' $$",
            f"FUNCTION evil.left(text, integer) RETURNS text LANGUAGE sql AS $$ SELECT '{world.b.id}' $$",
            "FUNCTION evil.encode(bytea, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
            "FUNCTION evil.yes(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$",
            "OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.yes)",
            "TYPE evil.uuid AS (x integer)",
            "TYPE evil.text AS (x integer)",
            "TYPE evil.bytea AS (x integer)",
        ):
            platform.execute(f"CREATE {body}")
        platform.execute(f"GRANT ALL ON ALL FUNCTIONS IN SCHEMA evil TO {BACKEND}")
    forged = f"{world.b.id}|a|b|c"
    with world.login(BACKEND) as app:
        app.execute("SET search_path = evil, pg_catalog")
        # It is in force: the caller's own statements do see it.
        assert app.execute(
            "SELECT current_setting('x', true), 'a'::pg_catalog.text = 'b'::pg_catalog.text"
        ).fetchone() == (
            str(world.b.id),
            True,
        )
        for seal in ("x", ""):
            app.execute(
                "SELECT pg_catalog.set_config('app.context', %s, false), "
                "pg_catalog.set_config('app.context_seal', %s, false)",
                (forged, seal),
            )
            for function in ("tenant", "verified_tenant"):
                assert app.execute(f"SELECT app.{function}() IS NULL").fetchone() == (True,)
            assert rows(app) == 0
        with world.acting(BACKEND, world.a, app):
            assert app.execute("SELECT DISTINCT tenant_id FROM phi.patient").fetchall() == [(world.a.id,)]
        # And after the session has planned it under an honest path.
        assert rows(app) == 0


def test_both_functions_tell_the_same_tenant(shared_world: World) -> None:
    world = shared_world
    for clinic in (world.a, world.b):
        with world.acting(BACKEND, clinic) as app:
            found = app.execute("SELECT app.tenant(), app.verified_tenant(), tenant_id FROM app.context").fetchone()
        assert found == (clinic.id, clinic.id, clinic.id)
    with world.login(BACKEND) as app:
        assert app.execute("SELECT app.tenant(), app.verified_tenant()").fetchone() == (None, None)
        assert app.execute("SELECT * FROM app.context").fetchall() == []


def test_an_owner_without_a_seal_has_no_tenant(world: World) -> None:
    """Nothing to check against is no tenant, rather than a comparison of nothing with nothing."""
    with world.login("platform") as platform, platform.transaction(force_rollback=True):
        platform.execute("DELETE FROM security.context_seal")
        platform.execute("SET LOCAL app.context = 'x'")
        platform.execute("SET LOCAL app.context_seal = ''")
        assert platform.execute("SELECT app.tenant(), app.verified_tenant()").fetchone() == (None, None)


def test_the_secret_shows_neither_in_a_plan_nor_in_a_message(shared_world: World) -> None:
    """debug_print_plan is anybody's to set, and client_min_messages brings the server's log to the client."""
    with shared_world.login("platform") as platform:
        row = platform.execute("SELECT encode(secret, 'hex'), secret FROM security.context_seal").fetchone()
    assert row is not None
    hexadecimal, secret = row
    # As PostgreSQL prints the bytes of a constant.
    printed = " ".join(str(byte if byte < 128 else byte - 256) for byte in secret)
    seen: list[str] = []
    with shared_world.login(BACKEND) as app:
        app.add_notice_handler(lambda notice: seen.append(f"{notice.message_primary} {notice.message_detail}"))
        app.execute("SET client_min_messages = log")
        for name in ("debug_print_parse", "debug_print_rewritten", "debug_print_plan"):
            app.execute(f"SET {name} = on")
        with shared_world.acting(BACKEND, shared_world.a, app):
            assert rows(app) == 2
            plan = app.execute("EXPLAIN (VERBOSE, ANALYZE) SELECT * FROM phi.patient").fetchall()
    everything = "\n".join(seen) + str(plan)
    assert '"secret"' in everything, "the function's own plans were printed: its column is named"
    assert hexadecimal not in everything
    assert printed not in everything


def test_a_database_in_use_gets_the_new_rule(server: Server, tmp_path: Path) -> None:
    """Tables that were secured before the rule became a function, an application's own among them."""
    before = tmp_path / "sql"
    shutil.copytree(ROOT / "sql", before)
    for path in (before / "apply").glob("9[2-9]*.sql"):
        path.unlink()
    for path in (before / "repeat").glob("*.sql"):
        path.unlink()
    (before / "repeat" / "010_nothing.sql").write_text("SELECT 1;\n")
    dbname = conftest.empty_database(server)
    conftest.bootstrap(server, dbname)
    world = World(server, dbname)
    policies = (
        "SELECT DISTINCT substring(pg_get_expr(polqual, polrelid) FROM 'SELECT ([a-z_.()]+)') "
        "FROM pg_policy WHERE polname = 'tenant_isolation'"
    )
    with world.login("medspasync_migrator") as migrator:
        runner.apply(migrator, before)
        migrator.execute("CREATE TABLE phi.invoice (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)")
        migrator.execute(f"SELECT security.secure_table('phi.invoice', 'tenant_id', writers => '{{{BACKEND}}}')")
        assert migrator.execute(policies.encode()).fetchall() == [("context.tenant_id",)]
    ran = [step.file.name for step in conftest.apply(server, dbname) if step.action == "run"]
    assert ran[0] == "920_tenant_function.sql"
    with world.login("platform") as platform:
        assert platform.execute(policies.encode()).fetchall() == [("app.tenant()",)]
        wrong = platform.execute("SELECT * FROM security.check_tenant_policy() WHERE problem IS NOT NULL").fetchall()
        assert wrong == []
    world.populate()
    for clinic in (world.a, world.b):
        with world.acting(BACKEND, clinic) as app:
            app.execute("INSERT INTO phi.invoice VALUES (gen_random_uuid(), %s)", (clinic.id,))
            assert (rows(app, "phi.invoice"), rows(app)) == (1, 2)
    conftest._as_platform(server, f"DROP DATABASE {dbname} WITH (FORCE)")
