"""What a session carries into a context or names in one: refused before it has a row; what an application can hold up."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import psycopg
import pytest

from database import runner
from tests.database import conftest
from tests.database.servers import Server
from tests.database.world import AUDITOR, BACKEND, MAINTAINER, MARKETING, MIGRATOR, World


@pytest.mark.parametrize(
    ("carried", "named"),
    [
        (
            "PREPARE s1 AS SELECT set_config('leak.rows', (SELECT string_agg(id::text, ',') FROM phi.patient), false)",
            "prepared by SQL",
        ),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT id FROM phi.patient", "WITH HOLD"),
        ("LISTEN channel", "a channel"),
        ("SET row_security = off", "row_security"),
        ("SET statement_timeout = 1", "statement_timeout"),
        ("SET idle_in_transaction_session_timeout = 0", "idle_in_transaction_session_timeout"),
        ("SET default_transaction_read_only = on", "default_transaction_read_only"),
        ("SET standard_conforming_strings = off", "standard_conforming_strings"),
        ("SET transform_null_equals = on", "transform_null_equals"),
        ("SET client_encoding = 'LATIN1'", "client_encoding"),
        ("SET datestyle = 'SQL, DMY'", "DateStyle"),
        ("SET default_transaction_isolation = 'serializable'", "default_transaction_isolation"),
        ("SET log_parameter_max_length_on_error = -1", "log_parameter_max_length_on_error"),
    ],
)
def test_a_session_carries_nothing_into_the_next_context(world: World, carried: str, named: str) -> None:
    """In one tenant's transaction; the next tenant's is refused before it has a row."""
    mark = world.server.mark()
    with world.login(BACKEND) as session:
        with world.acting(BACKEND, world.a, session) as app:
            if "statement_timeout = 1" not in carried:
                app.execute(carried.encode())
        if "statement_timeout = 1" in carried:
            session.execute("SET statement_timeout = '1s'")
        session.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE") if "read_only" not in carried else None
        with (
            pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="the session carries") as refused,
            world.acting(BACKEND, world.b, session),
        ):
            pass
        assert named in str(refused.value)
    assert f"medspasync context refused: role={BACKEND} reason=the session carries" in world.server.log_since(mark)


def test_a_drivers_prepared_statements_are_no_obstacle(shared_world: World) -> None:
    with shared_world.login(BACKEND) as session:
        session.prepare_threshold = 0
        for clinic in (shared_world.a, shared_world.b, shared_world.a):
            with shared_world.acting(BACKEND, clinic, session) as app:
                assert app.execute("SELECT DISTINCT tenant_id FROM phi.patient").fetchall() == [(clinic.id,)]
                app.execute("SET LOCAL statement_timeout = '5s'")


# --------------------------------------------------------------------------- identifiers
@pytest.mark.parametrize(
    ("actor", "correlation", "purpose"),
    [("John.Smith.1962-03-04", "r", "treatment"), ("staff-7", "123-45-6789", "treatment"), ("staff-7", "r", "HIV-positive"),
     ("Jane_Doe", "r", "treatment"), ("staff-7", "555-123-4567", "treatment"), ("staff-7", "seen-1962-03-04", "treatment"),
     ("x" * 129, "r", "treatment")],
)  # fmt: skip
def test_a_context_that_names_a_person_is_refused(
    shared_world: World, actor: str, correlation: str, purpose: str
) -> None:
    from database.context import sign_context

    world = shared_world
    secret = world.secrets[BACKEND]
    if len(actor) > 128:
        with pytest.raises(ValueError, match="1 to 128"):
            sign_context(
                key_id=BACKEND,
                secret=secret,
                tenant=world.a.id,
                actor=actor,
                correlation_id=correlation,
                purpose=purpose,
            )
        return
    token = sign_context(
        key_id=BACKEND, secret=secret, tenant=world.a.id, actor=actor, correlation_id=correlation, purpose=purpose
    )
    with world.login(BACKEND) as app, pytest.raises(psycopg.errors.InvalidParameterValue, match="opaque identifiers"):
        app.execute("SELECT app.begin_context(%s)", (token,))


@pytest.mark.parametrize(
    "value",
    [
        "staff-7",
        "aaaaaaaa-0000-4000-8000-000000000001",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "svc:backend_1.2",
        "req.2026",
    ],
)
def test_opaque_identifiers_are_accepted(shared_world: World, value: str) -> None:
    with shared_world.login("platform") as platform:
        assert platform.execute("SELECT security.is_identifier(%s)", (value,)).fetchone() == (True,)


# --------------------------------------------------------------------------- abuse
def test_events_are_limited_by_role_and_minute(world: World) -> None:
    mark = world.server.mark()
    with world.login(MARKETING) as app:
        app.execute("SELECT app.record_security_event('sign_in', 'denied', 'staff-9') FROM generate_series(1, 3000)")
        app.execute("SELECT app.record_security_event('sign_in', 'success', 'staff-9')")
    with world.login(BACKEND) as app:
        app.execute("SELECT app.record_security_event('sign_in', 'denied', 'staff-9')")
    with world.login(AUDITOR) as auditor:
        rows = auditor.execute("SELECT db_role, event, outcome, count(*) FROM audit.security_logs WHERE event IN ('sign_in', 'events_limited') "
                               "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3").fetchall()  # fmt: skip
    assert rows == [(BACKEND, "sign_in", "denied", 1), (MARKETING, "events_limited", "denied", 1),
                    (MARKETING, "sign_in", "denied", 600), (MARKETING, "sign_in", "success", 1)]  # fmt: skip
    assert "event=events_limited severity=critical" in world.server.log_since(mark)


@pytest.mark.parametrize("months", [0, -1, 25, 600])
def test_partitions_are_bounded(shared_world: World, months: int) -> None:
    with (
        shared_world.login(MAINTAINER) as maintainer,
        pytest.raises(psycopg.errors.InvalidParameterValue, match="1 to 24"),
    ):
        maintainer.execute("SELECT audit.ensure_partitions(%s)", (months,))


def test_an_application_cannot_hold_up_apply(server: Server) -> None:
    """Whatever advisory lock it takes, and it cannot lock the table that runs wait at."""
    dbname = conftest.fresh_database(server)
    with server.connect(MARKETING, dbname) as app:
        app.execute("SELECT pg_advisory_lock(%s)", (0x4D65645370615379,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("LOCK TABLE security.schema_history IN ACCESS SHARE MODE")
        assert {step.action for step in conftest.apply(server, dbname)} == {"again"}
        conftest.bootstrap(server, dbname)


def test_apply_tries_again_where_a_lock_is_held(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    dbname = conftest.fresh_database(server)
    waited: list[float] = []
    with psycopg.connect(server.dsn(MIGRATOR, dbname)) as holder:
        holder.execute("LOCK TABLE security.privilege_snapshot IN ACCESS EXCLUSIVE MODE")

        def let_go(seconds: float) -> None:
            waited.append(seconds)
            holder.rollback()

        monkeypatch.setattr(runner.time, "sleep", let_go)
        conftest.apply(server, dbname)
    assert waited == [1]
