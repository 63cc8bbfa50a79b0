"""Rows of the trail from the moment they are written: open transactions, maintenance, and what is recomputed outside."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from database import chain, maintain
from database.connection import value_of
from database.errors import DatabaseRoomError
from database.trail_parts import Checkpoint
from tests.database.trail import age, broken, seal, tamper
from tests.database.world import AUDITOR, BACKEND, MAINTAINER, MARKETING, MIGRATOR, World


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
            "value_of",
            lambda c, q: timedelta(minutes=31) if "unsealed" in q else value_of(c, q),
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
        chain.verify(auditor, Checkpoint.read(path))
        first, old = list(read), sorted(json.loads(path.read_text())["months"])[0]
        read.clear()
        chain.verify(auditor, Checkpoint.read(path))
        assert set(first) - set(read) == {
            key for key in json.loads(path.read_text())["months"] if key.split()[1] < f"{datetime.now(UTC):%Y-%m}"
        }
        # A month that ends in another seal, or was done long ago, is read again.
        known: dict[str, Any] = json.loads(path.read_text())
        known["months"][old]["at"] = "2026-01-01T00:00:00+00:00"
        path.write_text(json.dumps(known))
        read.clear()
        chain.verify(auditor, Checkpoint.read(path))
        assert old in read
    path.write_text("{}")
    with pytest.raises(DatabaseRoomError, match="no checkpoint"):
        Checkpoint.read(path)
