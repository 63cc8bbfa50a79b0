"""app.tenant(), the rule of every policy: what can be done to it from outside."""

from __future__ import annotations

import psycopg

from tests.database.world import BACKEND, World


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
