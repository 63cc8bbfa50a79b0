"""Attacks from every role that were found once, each tried on a real server: refused, or found, or harmless."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from database import chain, maintain, runner
from database.errors import DatabaseRoomError
from tests.database import conftest
from tests.database.servers import Server
from tests.database.test_audit_chain import seal, tamper
from tests.database.world import World

BACKEND, MARKETING = "medspasync_backend", "medspasync_marketing"
MAINTAINER, MIGRATOR, AUDITOR = "medspasync_maintainer", "medspasync_migrator", "medspasync_auditor"


# --------------------------------------------------------------------------- what a pooled session carries along
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


# --------------------------------------------------------------------------- keys
def test_a_key_is_not_destroyed_under_a_writer(world: World) -> None:
    """The writer has sealed and not yet committed; the other destroys the key as soon as nothing is under it."""
    a, done = world.a, threading.Event()
    problems: list[BaseException] = []
    with world.acting(BACKEND, a) as rotation:
        new = world.add_key(rotation, "column", b"n" * 32)

    def destroy() -> None:
        try:
            with world.acting(BACKEND, a) as app:
                for table, column in (
                    ("phi.patient", "full_name_sealed"),
                    ("phi.patient", "email_sealed"),
                    ("phi.clinical_note", "body_sealed"),
                ):
                    app.execute("SELECT app.reseal_batch(%s::regclass, %s, %s, %s, %s, %s)",
                                (table, column, a.column_key_id, a.column_key, new, b"n" * 32))  # fmt: skip
            with world.acting(BACKEND, a) as app:
                app.execute("SELECT app.destroy_data_key(%s)", (a.column_key_id,))
        except BaseException as problem:
            problems.append(problem)
        finally:
            done.set()

    with world.login("platform") as platform:
        platform.execute("UPDATE security.data_keys SET state = 'retiring' WHERE key_id = %s", (new,))
        platform.execute("UPDATE security.data_keys SET state = 'active' WHERE key_id = %s", (a.column_key_id,))
        with world.acting(BACKEND, a) as writer:
            patient = world.add_patient(writer, a, "Late Writer", "late@alpha.example")
            # The rotation is committed while the writer is open.
            platform.execute("UPDATE security.data_keys SET state = 'retiring' WHERE key_id = %s", (a.column_key_id,))
            platform.execute("UPDATE security.data_keys SET state = 'active' WHERE key_id = %s", (new,))
            thread = threading.Thread(target=destroy)
            thread.start()
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while not done.is_set() and platform.execute(waiting).fetchone() == (0,):
                pass
    thread.join()
    assert [type(problem) for problem in problems] == [psycopg.errors.ObjectNotInPrerequisiteState]
    assert "still sealed under this key" in str(problems[0])
    with world.acting(BACKEND, a) as app:
        opened = app.execute("SELECT app.open(full_name_sealed, %s, 'phi.patient', 'full_name_sealed', id::text), app.values_without_key() FROM phi.patient WHERE id = %s",
                             (a.column_key, patient)).fetchone()  # fmt: skip
    assert opened == ("Late Writer", 0)


def test_a_key_is_destroyed_in_read_committed_only(shared_world: World) -> None:
    world = shared_world
    with world.login(BACKEND) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with (
            pytest.raises(psycopg.errors.ActiveSqlTransaction, match="READ COMMITTED only"),
            world.acting(BACKEND, world.a, session) as app,
        ):
            app.execute("SELECT app.destroy_data_key(%s)", (world.a.column_key_id,))


def test_a_foreign_wrapping_key_is_refused_until_registered(world: World) -> None:
    add = "SELECT app.add_data_key('column', 'RSA-OAEP-256', 'https://{}/' || repeat('0', 32), repeat('w', 40)::bytea, 'checkval'::bytea)"
    with world.acting(BACKEND, world.a) as app:
        for other in ("evil.example/keys/x", "vault.example/keys/other", "vault.example.evil.example/keys/phi-columns"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege, match="no data key may be wrapped by"),
                app.transaction(),
            ):
                app.execute(add.format(other).encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("INSERT INTO security.wrapping_keys (prefix) VALUES ('https://evil.example/keys/x/')")
    with world.login(MIGRATOR) as migrator:
        migrator.execute("INSERT INTO security.wrapping_keys (prefix) VALUES ('https://vault.example/keys/other/')")
    mark = world.server.mark()
    with world.acting(BACKEND, world.a) as app:
        app.execute(add.format("vault.example/keys/other").encode())
    # A key that takes another's place outside a rotation reaches a person.
    assert "event=data_key_added severity=critical" in world.server.log_since(mark)


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
    with psycopg.connect(server.dsn(MARKETING, dbname), autocommit=True) as app:
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


# --------------------------------------------------------------------------- the sealer
def test_an_open_session_holds_back_no_other_row(world: World) -> None:
    """A role without any right on PHI, without a context, and a time-out of its own choice."""
    with world.login(MARKETING) as idle:
        idle.execute("SET idle_in_transaction_session_timeout = 0")
        with idle.transaction():
            idle.execute("SELECT pg_current_xact_id()")
            with world.login(MAINTAINER) as maintainer:
                report = maintain.maintain(maintainer)
            assert {s["log"]: s["row_count"] for s in report["seals"]} == {"hipaa_audit_logs": 30, "security_logs": 8}
            assert report["unsealed_minutes"] == 0
            assert [o["role"] for o in report["open_transactions"]] == [MARKETING]


def test_an_open_writer_holds_up_no_new_month(world: World) -> None:
    """Whoever wrote and stays in his transaction keeps neither maintenance nor, behind it, other writers waiting."""
    with world.acting(BACKEND, world.a) as writer, world.login(MAINTAINER) as maintainer:
        writer.execute("UPDATE phi.consent SET granted = NOT granted")
        maintainer.execute("SET lock_timeout = '1s'")
        made = maintainer.execute("SELECT audit.ensure_partitions(14)").fetchall()
    assert len(made) == 4


def test_rows_that_wait_are_a_finding_of_maintenance(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.login(MAINTAINER) as maintainer:
        monkeypatch.setattr(maintain, "LATE", timedelta(seconds=-1))
        monkeypatch.setattr(
            maintain,
            "_value",
            lambda c, q, real=maintain._value: timedelta(minutes=31) if "unsealed" in q else real(c, q),
        )
        report = maintain.maintain(maintainer)
    assert report["unsealed_minutes"] == 31
    assert [b["log"] for b in report["broken"]] == ["both"]


def test_maintenance_reads_no_old_row(world: World) -> None:
    """The rows it looks at are as many with thirty thousand sealed ones as with thirty."""

    def read() -> int:
        with world.login("platform") as platform, world.login(MAINTAINER) as maintainer:
            platform.execute("SELECT pg_stat_force_next_flush()")
            rows = "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_all_tables WHERE relname ~ '^(hipaa_audit|security)_logs'"
            before = platform.execute(rows).fetchone()
            maintain.maintain(maintainer)
            maintainer.execute("SELECT pg_stat_force_next_flush()")
            platform.execute("SELECT pg_stat_clear_snapshot()")
            after = platform.execute(rows).fetchone()
            assert before is not None
            assert after is not None
            return int(after[0] - before[0])

    def settle() -> None:
        with world.login(MAINTAINER) as maintainer:
            maintain.maintain(maintainer)
        with world.acting(BACKEND, world.a) as app:
            app.execute("UPDATE phi.consent SET granted = NOT granted")

    settle()
    few = read()
    with world.login("platform") as platform:
        platform.execute(
            "INSERT INTO audit.hipaa_audit_logs (action, row_id) SELECT 'DELETE', n FROM generate_series(1, 30000) AS n"
        )
        platform.execute("ANALYZE audit.hipaa_audit_logs")
    settle()
    # Of seals that are new, a thousand rows at most.
    assert read() <= few + 1000


# --------------------------------------------------------------------------- the trail, recomputed outside
def broken(world: World) -> list[str]:
    with world.login(AUDITOR) as auditor:
        return chain.verify(auditor).lines()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit.hipaa_audit_logs SET actor = 'somebody-else' WHERE xact = (SELECT min(xact) FROM audit.hipaa_audit_logs)", "with other content"),
        ("DELETE FROM audit.hipaa_audit_logs WHERE table_name = 'consent'", "found"),
        ("INSERT INTO audit.hipaa_audit_logs (xact, epoch, action) SELECT xact, epoch, 'DELETE' FROM audit.hipaa_audit_logs LIMIT 1", "of another time"),
        ("INSERT INTO audit.hipaa_audit_logs (xact, epoch, action) VALUES ('3', 1, 'DELETE')", "of another time"),
        ("INSERT INTO audit.hipaa_audit_logs (epoch, action) VALUES (99, 'DELETE')", "none of this server's"),
        ("INSERT INTO audit.hipaa_audit_logs (xact, action) SELECT (pg_current_xact_id()::text::bigint + 1000000)::text::xid8, 'DELETE'", "none of this server's"),
        ("DELETE FROM audit.seals WHERE seq = 1 AND log = 'hipaa_audit_logs'", "does not follow"),
        ("UPDATE audit.seals SET row_count = row_count + 1 WHERE seq = 2", "does not follow"),
        ("UPDATE audit.seals SET sealed_at = sealed_at + interval '1 day' WHERE seq = 1", "does not follow"),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE audit.hipaa_audit_logs' || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM'); END $$", "no retirement is recorded"),
        # The judge inside the database, replaced, sees nothing any more.
        ("UPDATE audit.hipaa_audit_logs SET actor = 'x'; CREATE OR REPLACE AGGREGATE audit.rows_digest(text) (SFUNC = audit.add_line, STYPE = bytea, INITCOND = ''); "
         "CREATE OR REPLACE FUNCTION audit.add_line(state bytea, line text) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT NULL::bytea'", "with other content"),
    ],
)  # fmt: skip
def test_a_rewritten_trail_is_found_outside(world: World, statement: str, problem: str) -> None:
    for _ in range(2):
        with world.acting(BACKEND, world.a) as app:
            app.execute("UPDATE phi.consent SET granted = NOT granted")
        seal(world)
    assert broken(world) == []
    tamper(world, statement)
    assert any(problem in line for line in broken(world)), broken(world)


def test_a_backdated_row_is_found_although_sealed(world: World) -> None:
    seal(world)
    with world.login(MIGRATOR) as owner:
        owner.execute(
            "INSERT INTO audit.hipaa_audit_logs (recorded_at, action, actor) SELECT now() - interval '3 hours', 'DELETE', 'staff-9'"
        )
    seal(world)
    assert any("is of another time" in line for line in broken(world))


def test_every_mixture_of_open_and_ended_transactions_verifies(world: World) -> None:
    """Three writers that end in another order than they began, and a seal after each step."""
    sessions = [psycopg.connect(world.server.dsn(BACKEND, world.dbname)) for _ in range(3)]
    for number, session in enumerate(sessions):
        session.execute("SELECT app.begin_context(%s)", (world.token(BACKEND, world.a),))
        session.execute(
            "INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) VALUES (%s, %s, 'research', true)",
            (world.a.id, world.a.patients[number % 2]),
        )
        seal(world)
    for number in (1, 2, 0):
        sessions[number].execute(
            "INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) VALUES (%s, %s, 'research', true)",
            (world.a.id, world.a.patients[0]),
        )
        if number == 2:
            sessions[number].rollback()
        else:
            sessions[number].commit()
        seal(world)
        sessions[number].close()
    with world.login(AUDITOR) as auditor:
        verified = chain.verify(auditor)
        total = auditor.execute("SELECT count(*) FROM audit.hipaa_audit_logs").fetchone()
    assert verified.lines() == []
    assert sum(month.row_count for month in verified.months if month.log == "hipaa_audit_logs") == 34
    assert total == (34,)


def test_an_interrupted_verification_goes_on(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.database.test_retention import age

    age(world)
    path = tmp_path / "checkpoint.json"
    read: list[str] = []
    real = chain._rows
    monkeypatch.setattr(
        chain, "_rows", lambda c, month, *rest: (read.append(f"{month.log} {month.period}"), real(c, month, *rest))[1]
    )
    # The month that age() made holds rows of another time, which is what a checkpoint never keeps.
    monkeypatch.setattr(chain, "SLOW", timedelta(days=4000))
    with world.login(AUDITOR) as auditor:
        chain.verify(auditor, chain.Checkpoint.read(path))
        first, old = list(read), sorted(json.loads(path.read_text())["months"])[0]
        read.clear()
        chain.verify(auditor, chain.Checkpoint.read(path))
        assert set(first) - set(read) == {
            key for key in json.loads(path.read_text())["months"] if key.split()[1] < f"{datetime.now(UTC):%Y-%m}"
        }
        # A month that ends in another seal, or was done long ago, is read again.
        known: dict[str, Any] = json.loads(path.read_text())
        known["months"][old]["at"] = "2026-01-01T00:00:00+00:00"
        path.write_text(json.dumps(known))
        read.clear()
        chain.verify(auditor, chain.Checkpoint.read(path))
        assert old in read
    path.write_text("{}")
    with pytest.raises(DatabaseRoomError, match="no checkpoint"):
        chain.Checkpoint.read(path)


# --------------------------------------------------------------------------- secure_table, holds
def test_repeating_secure_table_locks_nobody_out(world: World) -> None:
    call = "SELECT security.secure_table('phi.clinical_note', 'tenant_id', subject_column => 'patient_id', writers => '{medspasync_backend}', " \
           "sealed_columns => '{\"body_sealed\": null}', retain_for => '10 years', retain_from => 'written_at', retain_reason => 'medical record, state retention law')"  # fmt: skip
    with psycopg.connect(world.server.dsn(MIGRATOR, world.dbname)) as migrator:
        migrator.execute(call)
        held = migrator.execute(
            "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'phi.clinical_note'::regclass"
        ).fetchall()
        assert {mode for (mode,) in held} <= {"AccessShareLock"}
        with world.acting(BACKEND, world.a) as app:
            app.execute("UPDATE phi.clinical_note SET written_at = now()")


def test_index_not_made_under_lock_on_large_table(world: World) -> None:
    """An index is not made under a lock on a large table."""
    with world.login(MIGRATOR) as owner, world.login("platform") as platform:
        owner.execute("CREATE TABLE phi.large (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)")
        platform.execute("UPDATE pg_class SET reltuples = 5000000 WHERE oid = 'phi.large'::regclass")
        with pytest.raises(
            psycopg.errors.RaiseException, match=r"no index of phi\.large begins with tenant_id"
        ) as refused:
            owner.execute("SELECT security.secure_table('phi.large', 'tenant_id')")
        assert "CREATE INDEX CONCURRENTLY" in str(refused.value.diag.message_hint)


def test_a_dropped_table_is_forgotten_on_request(world: World) -> None:
    with world.login(MIGRATOR) as owner:
        owner.execute("CREATE TABLE phi.gone (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)")
        owner.execute("SELECT security.secure_table('phi.gone', 'tenant_id')")
        owner.execute("DROP TABLE phi.gone")
        assert len(owner.execute("SELECT security.forget_dropped_tables()").fetchall()) == 2
        assert owner.execute("SELECT count(*) FROM security.protected_tables").fetchone() == (8,)


def test_a_held_person_is_not_erased(world: World) -> None:
    patient = world.a.patients[0]
    with world.login(MIGRATOR) as owner:
        row = owner.execute(
            "SELECT security.place_hold('CASE-2026-11', current_date + 90, subject => %s)", (patient,)
        ).fetchone()
    assert row is not None
    with world.acting(BACKEND, world.a) as app:
        done = app.execute("SELECT DISTINCT action, reason FROM app.gdpr_erase(%s)", (patient,)).fetchall()
        assert done == [("retained", "legal hold CASE-2026-11")]
        assert app.execute("SELECT count(*) FROM phi.appointment WHERE patient_id = %s", (patient,)).fetchone() == (1,)
        # Another person's erasure is not held.
        others = app.execute("SELECT action FROM app.gdpr_erase(%s)", (world.a.patients[1],)).fetchall()
        assert ("deleted",) in others
    with world.login(MIGRATOR) as owner:
        owner.execute("SELECT security.release_hold(%s)", row)
        with pytest.raises(psycopg.errors.UndefinedObject):
            owner.execute("SELECT security.release_hold(%s)", row)
    with world.acting(BACKEND, world.a) as app:
        assert ("deleted",) in app.execute("SELECT action FROM app.gdpr_erase(%s)", (patient,)).fetchall()
    with world.login(AUDITOR) as auditor:
        events = auditor.execute(
            "SELECT event FROM audit.security_logs WHERE event ~ 'hold|held' ORDER BY event_id"
        ).fetchall()
    assert [event for (event,) in events] == ["hold_placed", "erasure_held", "hold_released"]


def test_a_held_month_is_not_retired(world: World) -> None:
    from tests.database.test_retention import age, due

    suffix = age(world)
    month = f"{suffix.replace('_', '-')}-01"
    assert len(due(world)) == 2
    with world.login(MIGRATOR) as owner:
        owner.execute("SELECT security.place_hold('CASE-7', current_date + 90, from_period => %s::date)", (month,))
    assert due(world) == []
    with world.login(MAINTAINER) as maintainer, pytest.raises(psycopg.errors.RaiseException, match="legal hold"):
        maintainer.execute("SELECT audit.retire_period('security_logs', %s::date, NULL, 'x', %s)", (month, "0" * 64))
