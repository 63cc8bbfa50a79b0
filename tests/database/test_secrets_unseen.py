"""No secret of the database can be read out of a plan, a message or a function that somebody may call."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import psycopg
import pytest

from tests.database.world import BACKEND, BREAKGLASS, MAINTAINER, World

PLANS = ("auto", "force_custom_plan", "force_generic_plan")
PRINTS = ("debug_print_parse", "debug_print_rewritten", "debug_print_plan")


def secrets(world: World) -> dict[str, bytes]:
    """Every secret that the database keeps, by what it is."""
    with world.login("platform") as platform:
        seal = platform.execute("SELECT secret, previous FROM security.context_seal").fetchone()
        keys = platform.execute("SELECT key_id, secret FROM security.context_keys").fetchall()
    assert seal is not None
    return {"seal": seal[0], "previous seal": seal[1]} | {f"key {name}": bytes(secret) for name, secret in keys}


def shown(secret: bytes) -> list[str]:
    """The ways in which PostgreSQL would print it: hexadecimal, and the bytes of a constant."""
    return [secret.hex(), " ".join(str(byte if byte < 128 else byte - 256) for byte in secret)]


def joined(seen: list[str]) -> str:
    """All of it as one line: PostgreSQL wraps what it prints."""
    return " ".join(" ".join(seen).split())


def calls(world: World, role: str) -> list[tuple[str, str]]:
    """Every function that the role may call, with a call of it on values of the right types."""
    with world.login("platform") as platform:
        return platform.execute(
            "SELECT p.oid::regprocedure::text, format('SELECT %%s.%%I(%%s)', n.nspname, p.proname, "
            "(SELECT string_agg(format('NULL::%%s', format_type(t, NULL)), ', ') FROM unnest(p.proargtypes) AS t)) "
            "FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace "
            "WHERE n.nspname IN ('app', 'audit', 'security') AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype "
            "AND has_function_privilege(%s::name, p.oid, 'EXECUTE') AND has_schema_privilege(%s::name, n.oid, 'USAGE')",
            (role, role),
        ).fetchall()


@pytest.mark.parametrize("mode", PLANS)
def test_plans_and_messages_show_no_secret(world: World, mode: str) -> None:
    """Whoever may call a function may look at its plans. Called: every function that a role has, and a context with reads.
    Looked at: message, detail and context, whatever the client's verbosity would show of them, and the server's log."""
    with world.login(BREAKGLASS) as session:
        session.execute("SELECT app.open_break_glass(%s, 'staff-9', 'patient-safety', 'INC-1')", (world.a.id,))
    known = secrets(world)
    for role in (
        BACKEND,
        BREAKGLASS,
        MAINTAINER,
        "medspasync_credentials",
        "medspasync_auditor",
        "medspasync_migrator",
    ):
        seen: list[str] = []
        with world.login(role) as session:
            session.add_notice_handler(
                lambda notice, seen=seen: seen.append(
                    f"{notice.message_primary} {notice.message_detail} {notice.context}"
                )
            )
            for name, value in (
                ("client_min_messages", "debug1"),
                ("plan_cache_mode", mode),
                *((p, "on") for p in PRINTS),
            ):
                session.execute(f"SET {name} = '{value}'".encode())
            for _, call in [("", ""), *calls(world, role)]:
                for begin in (begin_of(role, world), None):
                    try:
                        with session.transaction(force_rollback=True):
                            if begin:
                                session.execute(*begin)
                                seen += map(str, session.execute("SELECT * FROM phi.patient").fetchall())
                                seen += map(
                                    str,
                                    session.execute("EXPLAIN (VERBOSE, ANALYZE) SELECT * FROM phi.patient").fetchall(),
                                )
                            if call:
                                seen += map(str, session.execute(call.encode()).fetchall())
                    except psycopg.Error as refused:
                        seen.append(f"{refused} {refused.diag.message_detail} {refused.diag.context}")
        everything = joined(seen)
        assert len(everything) > 1000, "plans were printed"
        for name, secret in known.items():
            assert not [form for form in shown(secret) if form in everything], f"{role} sees {name}"
    log = world.server.log_since(0)
    assert not [name for name, secret in known.items() for form in shown(secret) if form in log]


def begin_of(role: str, world: World) -> tuple[bytes, tuple[str, ...]] | None:
    """How the role begins a context, where it can."""
    if role == BACKEND:
        return b"SELECT app.begin_context(%s)", (world.token(role, world.a),)
    return (b"SELECT app.enter_break_glass()", ()) if role == BREAKGLASS else None


def test_planned_secret_shows_in_the_plan(shared_world: World) -> None:
    """The trap: a secret as a parameter of a query is a constant of its plan. What the test above looks for is real."""
    secret = bytes(range(60, 92))
    seen: list[str] = []
    with shared_world.login("platform") as platform, platform.transaction(force_rollback=True):
        platform.add_notice_handler(lambda notice: seen.append(str(notice.message_detail)))
        platform.execute(
            "CREATE FUNCTION public.trap(s bytea) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('x.y', md5(s || timestamptz_send(now())), true); END $$"
        )
        platform.execute("SET LOCAL client_min_messages = log")
        platform.execute("SET LOCAL debug_print_plan = on")
        platform.execute("SELECT public.trap(%s)", (secret,))
    assert shown(secret)[1] in joined(seen)


def test_rotation_leaves_no_transaction_without_its_rows(world: World) -> None:
    count = "SELECT count(*) FROM phi.patient"
    before = secrets(world)
    with world.acting(BACKEND, world.a) as old:
        with world.login(MAINTAINER) as maintainer:
            maintainer.execute("SELECT security.rotate_context_seal()")
        # One that began before, one that begins right after, one when the old secret is gone.
        assert old.execute(count).fetchone() == (2,)
        with world.acting(BACKEND, world.b) as new:
            assert new.execute(count).fetchone() == (2,)
    after = secrets(world)
    assert after["seal"] != before["seal"]
    assert after["previous seal"] == before["seal"]
    with world.login("platform") as platform:
        platform.execute("UPDATE security.context_seal SET rotated_at = now() - interval '1 day'")
    with world.acting(BACKEND, world.a) as app:
        assert app.execute(count).fetchone() == (2,)


def test_a_stolen_secret_is_worth_nothing_after_rotation(world: World) -> None:
    stolen = secrets(world)["seal"]
    forge = (
        "SELECT set_config('app.context', %(context)s, true), set_config('app.context_seal', "
        "encode(sha256(%(secret)s || timestamptz_send(now()) || textsend(session_user || '|' || %(context)s) || %(secret)s), 'hex'), true)"
    )
    values = {"secret": stolen, "context": f"{world.b.id}|a|b|c"}
    with world.login(BACKEND) as app:
        with app.transaction():
            app.execute(forge, values)
            assert app.execute("SELECT count(*) FROM phi.patient").fetchone() == (2,)  # what the secret is worth
        with world.login(MAINTAINER) as maintainer, world.login("platform") as platform:
            maintainer.execute("SELECT security.rotate_context_seal()")
            platform.execute("UPDATE security.context_seal SET rotated_at = now() - interval '1 second'")
        with app.transaction():
            app.execute(forge, values)
            assert app.execute("SELECT count(*) FROM phi.patient").fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT security.enter_context('bbbbbbbb-0000-4000-8000-000000000002', 'a', 'b', 'c')",
        "SELECT secret FROM security.context_seal",
        "SELECT secret FROM security.context_keys",
        "INSERT INTO security.break_glass_openings (person, tenant_id, reason, ticket, expires_at) VALUES ('a', gen_random_uuid(), 'patient-safety', 'X', now())",
        "SELECT security.seal_of('x', 'y')",
        "SELECT app.enter_break_glass()",
        "SET ROLE medspasync_keeper",
        "ALTER FUNCTION app.tenant() SECURITY INVOKER",
        "CREATE OR REPLACE FUNCTION app.tenant() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "GRANT EXECUTE ON FUNCTION security.enter_context(uuid, text, text, text) TO medspasync_owner",
        "CREATE TRIGGER peek AFTER INSERT ON security.context_keys EXECUTE FUNCTION audit.refuse_change()",
    ],
)
def test_the_migrator_cannot_enter_a_context(shared_world: World, statement: str) -> None:
    """It acts as the owner of everything but this: what it could do otherwise is DDL, which is logged and found."""
    with shared_world.login("medspasync_migrator") as migrator, pytest.raises(psycopg.errors.InsufficientPrivilege):
        migrator.execute(statement.encode())
