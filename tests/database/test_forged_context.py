"""No context, a forged one, one that ran out, one left by somebody else: no row."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import time

import psycopg
import pytest

from database.context import sign_context
from tests.database.world import BACKEND, World, count


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "SET app.context = ''",
        "SET app.context = 'x'",
        "SET app.context_seal = ''",
        "RESET app.context",
        "RESET ALL",
    ],
)
def test_no_context_is_no_row(shared_world: World, statement: str) -> None:
    with shared_world.login(BACKEND) as app:
        app.execute(statement.encode())
        assert count(app, "phi.patient") == 0


def test_a_forged_context_is_no_row(shared_world: World) -> None:
    """SQL injected into an application can SET what it likes. Without the server's seal it gains nothing."""
    world = shared_world
    both = "SELECT set_config('app.context', %s, true), set_config('app.context_seal', %s, true)"
    other = f"{world.b.id}|staff-7|req-1|treatment"
    with world.acting(BACKEND, world.a) as app:
        row = app.execute("SELECT current_setting('app.context'), current_setting('app.context_seal')").fetchone()
        assert row is not None
        own, seal = row
        assert count(app, "phi.patient") == 2
        # The own seal on another tenant, no seal, a guessed one, another text, none.
        for forged in ((other, seal), (other, ""), (other, "0" * 64), (own.replace("|", "||", 1), seal), ("", seal)):
            app.execute(both, forged)
            assert count(app, "phi.patient") == 0, forged
        app.execute(both, (own, seal))
        assert count(app, "phi.patient") == 2
    # The same values in another transaction, or of another role, are worth nothing.
    for role in (BACKEND, "medspasync_pro_next"):
        with world.login(role) as app:
            app.execute(both.replace("true", "false"), (own, seal))
            assert count(app, "phi.patient") == 0
    for statement in (
        "SELECT secret FROM security.context_seal",
        "SELECT security.enter_context(gen_random_uuid(), 'a', 'b', 'c')",
    ):
        with world.login(BACKEND) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement.encode())


def test_a_token_that_is_not_valid_is_refused(shared_world: World) -> None:
    world = shared_world
    good = world.token(BACKEND, world.a)
    other_tenant = good.replace(str(world.a.id), str(world.b.id))
    forgeries: list[str | None] = [
        other_tenant,
        other_tenant.rsplit("|", 1)[0] + "|",  # no signature
        world.token("medspasync_marketing", world.b),  # key of another application
        world.token(BACKEND, world.b, key_id="unknown"),
        world.token(BACKEND, world.b, secret=b"x" * 32),
        good + "|x",
        "v1|" + BACKEND,
        "v2" + good[2:],
        good.replace("|treatment|", "|treatment|treatment|"),
        "",
        None,
    ]
    with world.login(BACKEND) as app:
        for token in forgeries:
            with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification, match="context refused"):
                app.execute("SELECT app.begin_context(%s)", (token,))


def test_a_context_expires(shared_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = shared_world
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 400)
    expired = world.token(BACKEND, world.a, seconds=300)
    monkeypatch.setattr(time, "time", lambda: now + 7200)
    too_far_ahead = world.token(BACKEND, world.a, seconds=3600)
    with world.login(BACKEND) as app:
        for token in (expired, too_far_ahead):
            with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
                app.execute("SELECT app.begin_context(%s)", (token,))


def test_an_expired_context_key_counts_no_more(world: World) -> None:
    with world.login("platform") as keeper:
        keeper.execute(
            "UPDATE security.context_keys SET not_before = now() - interval '2 days', not_after = now() - interval '1 day'"
        )
    with (
        pytest.raises(psycopg.errors.InvalidAuthorizationSpecification, match="context refused"),
        world.acting(BACKEND, world.a),
    ):
        pass


def test_two_keys_of_one_application_overlap(world: World) -> None:
    """Rotation: the new key is installed, the application switches, the old one runs out."""
    with world.login("medspasync_migrator") as owner:
        owner.execute(
            "SELECT security.install_context_key('second', %s, %s, now() + interval '90 days')", (BACKEND, b"n" * 32)
        )
    new = sign_context(key_id="second", secret=b"n" * 32, tenant=world.a.id, actor="a", correlation_id="c", purpose="p")
    with world.login(BACKEND) as app:
        for token in (world.token(BACKEND, world.a), new):
            with app.transaction():
                app.execute("SELECT app.begin_context(%s)", (token,))
                assert count(app, "phi.patient") == 2


def test_a_pooled_session_keeps_no_tenant(shared_world: World) -> None:
    """Transaction pooling hands the session to somebody else at COMMIT."""
    world = shared_world
    with world.login(BACKEND) as session:
        with world.acting(BACKEND, world.a, session) as app:
            assert count(app, "phi.patient") == 2
        assert count(session, "phi.patient") == 0
        with pytest.raises(ZeroDivisionError), world.acting(BACKEND, world.a, session):
            raise ZeroDivisionError
        assert count(session, "phi.patient") == 0
        # The trap: session-level SET survives COMMIT. The seal does not hold in another transaction.
        with world.acting(BACKEND, world.a, session) as app:
            app.execute(
                "SELECT set_config(s, current_setting(s), false) FROM unnest(ARRAY['app.context', 'app.context_seal']) AS s"
            )
        left = session.execute("SELECT current_setting('app.context') LIKE %s", (f"{world.a.id}%",)).fetchone()
        assert left == (True,)
        assert count(session, "phi.patient") == 0
