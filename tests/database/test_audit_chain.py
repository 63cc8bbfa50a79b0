"""The chain: it does not fork, it finds every kind of tampering, and it survives restores."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.database import conftest
from tests.database.servers import Server
from tests.database.trail import seal, tamper, verdicts
from tests.database.world import BACKEND, MAINTAINER, World
from tests.long import costly


def write(world: World) -> None:
    with world.acting(BACKEND, world.a) as app:
        app.execute("UPDATE phi.consent SET granted = NOT granted")


def test_sealing_covers_everything_once(world: World) -> None:
    first = seal(world)
    assert [(log, seq) for log, seq, _ in first] == [("hipaa_audit_logs", 1), ("security_logs", 1)]
    assert seal(world) == []
    write(world)
    assert seal(world) == [("hipaa_audit_logs", 2, 2)]
    with world.login("medspasync_auditor") as auditor:
        rows = auditor.execute("SELECT sum(row_count) FROM audit.seals WHERE log = 'hipaa_audit_logs'").fetchone()
        total = auditor.execute("SELECT count(*) FROM audit.hipaa_audit_logs").fetchone()
    assert rows == total
    assert verdicts(world) == []


def test_row_of_open_transaction_waits_and_not_lost(world: World) -> None:
    """The case that breaks chains by sequence number: an early number that commits late."""
    seal(world)
    with world.login(BACKEND) as slow, slow.transaction():
        slow.execute("SELECT app.begin_context(%s)", (world.token(BACKEND, world.a),))
        slow.execute("UPDATE phi.consent SET granted = NOT granted WHERE patient_id = %s", (world.a.patients[0],))
        with world.acting(BACKEND, world.b) as app:
            app.execute("UPDATE phi.consent SET granted = NOT granted")
        # What others wrote is sealed; the open transaction's row waits, alone.
        assert seal(world) == [("hipaa_audit_logs", 2, 2)]
        assert seal(world) == []
    assert seal(world) == [("hipaa_audit_logs", 3, 1)]
    assert verdicts(world) == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit.hipaa_audit_logs SET actor = 'somebody-else' WHERE xact = (SELECT min(xact) FROM audit.hipaa_audit_logs)",
         "with other content"),
        ("UPDATE audit.hipaa_audit_logs SET recorded_at = recorded_at - interval '1 microsecond'", "with other content"),
        ("DELETE FROM audit.hipaa_audit_logs WHERE table_name = 'consent'", "found"),
        ("DELETE FROM audit.security_logs", "found"),
        ("INSERT INTO audit.hipaa_audit_logs (xact, epoch, action) SELECT xact, epoch, 'DELETE' FROM audit.hipaa_audit_logs LIMIT 1",
         "covered"),
        ("INSERT INTO audit.hipaa_audit_logs (xact, epoch, action) VALUES ('3', 0, 'DELETE')", "lie in the sealed range"),
        ("DELETE FROM audit.seals WHERE seq = 1 AND log = 'hipaa_audit_logs'", "does not follow"),
        ("UPDATE audit.seals SET row_count = row_count + 1 WHERE seq = 2", "does not follow"),
        ("UPDATE audit.seals SET rows_digest = sha256('x') WHERE seq = 1", "does not follow"),
        ("UPDATE audit.seals SET hash = sha256('x') WHERE seq = 1 AND log = 'hipaa_audit_logs'", "does not follow"),
        ("DO $$ BEGIN EXECUTE 'DROP TABLE audit.hipaa_audit_logs' || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM'); END $$",
         "no retirement is recorded"),
    ],
)  # fmt: skip
def test_tampering_is_found(world: World, statement: str, problem: str) -> None:
    seal(world)
    write(world)
    seal(world)
    assert verdicts(world) == []
    tamper(world, statement)
    found = verdicts(world)
    assert found
    assert problem in found[0][1]


def test_rewritten_chain_is_found_by_head_kept_outside(world: World) -> None:
    """Whoever owns the tables can rewrite rows and seal them anew; then only the heads outside the database tell."""
    seal(world)
    with world.login("medspasync_auditor") as auditor:
        head = auditor.execute("SELECT hash FROM audit.seals WHERE log = 'hipaa_audit_logs' AND seq = 1").fetchone()
    assert head is not None
    logged = world.server.log_since(0)
    assert f"medspasync audit seal: log=hipaa_audit_logs seq=1 rows=30 hash={bytes(head[0]).hex()}" in logged
    tamper(world, "UPDATE audit.hipaa_audit_logs SET actor = 'somebody-else'; DELETE FROM audit.seals; "
                  "UPDATE audit.chain_state SET sealed_to = '0'")  # fmt: skip
    seal(world)
    assert verdicts(world) == []  # the limit of any chain inside the database
    with world.login("medspasync_auditor") as auditor:
        now = auditor.execute("SELECT hash FROM audit.seals WHERE log = 'hipaa_audit_logs' AND seq = 1").fetchone()
    assert now != head


def test_concurrent_writers_and_sealers_do_not_fork_it(world: World) -> None:
    """8 writers and 2 sealers at once: every row under exactly one seal, one successor for every seal."""
    errors: list[BaseException] = []
    done = threading.Event()

    def writer(clinic: Any) -> None:
        try:
            with world.login(BACKEND) as session:
                for _ in range(12):
                    with world.acting(BACKEND, clinic, session) as app:
                        app.execute("INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) "
                                    "VALUES (%s, %s, 'marketing', true)", (clinic.id, clinic.patients[0]))  # fmt: skip
        except BaseException as error:
            errors.append(error)

    def sealer() -> None:
        try:
            with world.login(MAINTAINER) as maintainer:
                while not done.is_set():
                    maintainer.execute("SELECT audit.seal()")
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=writer, args=(clinic,)) for clinic in (world.a, world.b) for _ in range(4)]
    sealers = [threading.Thread(target=sealer) for _ in range(2)]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    assert not errors
    seal(world)
    with world.login("medspasync_auditor") as auditor:
        forks = auditor.execute(
            "SELECT count(*) - count(DISTINCT previous) FROM audit.seals WHERE log = 'hipaa_audit_logs'"
        ).fetchone()
        sealed = auditor.execute("SELECT sum(row_count) FROM audit.seals WHERE log = 'hipaa_audit_logs'").fetchone()
        total = auditor.execute("SELECT count(*) FROM audit.hipaa_audit_logs").fetchone()
    assert forks == (0,)
    assert sealed == total == (30 + 8 * 12,)
    assert verdicts(world) == []


@costly(8)
@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_any_rhythm_of_writing_and_sealing_verifies(shared_world: World, sizes: list[int]) -> None:
    for size in sizes:
        for _ in range(size):
            write(shared_world)
        sealed = seal(shared_world)
        assert sum(rows for log, _, rows in sealed if log == "hipaa_audit_logs") >= 2 * size
    assert verdicts(shared_world) == []


def test_a_column_added_later_changes_no_digest(world: World) -> None:
    seal(world)
    with world.login("medspasync_migrator") as owner:
        owner.execute("ALTER TABLE audit.hipaa_audit_logs ADD COLUMN device text")
    assert verdicts(world) == []


def test_the_session_time_zone_changes_no_digest(world: World) -> None:
    seal(world)
    with world.login("medspasync_auditor") as auditor:
        auditor.execute("SET timezone = 'Pacific/Auckland'")
        auditor.execute("SET datestyle = 'German'")
        assert auditor.execute(
            "SELECT count(*) FROM audit.verify_audit_chain() WHERE status <> 'intact'"
        ).fetchone() == (0,)


def test_after_logical_restore_writing_waits_for_new_epoch(world: World) -> None:
    """A dump carries the rows and their transaction ids into a server whose ids start anew."""
    seal(world)
    write(world)  # the dump's unsealed tail
    with world.login("platform") as platform:
        # As if restored: everything written so far has ids far above this server's.
        row = platform.execute("SELECT sealed_to::text::bigint FROM audit.chain_state").fetchone()
        assert row is not None
        shift = 1_000_000_000
    tamper(world, f"UPDATE audit.hipaa_audit_logs SET xact = (xact::text::bigint + {shift})::text::xid8; "
                  f"UPDATE audit.security_logs SET xact = (xact::text::bigint + {shift})::text::xid8; DELETE FROM audit.seals; "
                  f"UPDATE audit.chain_state SET sealed_to = '{shift}'")  # fmt: skip
    with pytest.raises(psycopg.errors.RaiseException, match="audit chain ends at transaction"):
        write(world)
    with world.login(MAINTAINER) as maintainer:
        with pytest.raises(psycopg.errors.RaiseException, match="audit chain ends at transaction"):
            maintainer.execute("SELECT audit.seal()")
        assert maintainer.execute("SELECT audit.begin_epoch()").fetchone() == (True,)
        assert maintainer.execute("SELECT audit.begin_epoch()").fetchone() == (False,)
    write(world)
    seal(world)
    assert verdicts(world) == []
    tamper(world, "DELETE FROM audit.hipaa_audit_logs WHERE epoch = 1 AND table_name = 'consent'")
    assert verdicts(world)


def test_a_dump_restored_elsewhere_is_made_fit(world: World, server: Server, run: Any, tmp_path: Path) -> None:
    """One command after loading it: rights, settings, the trail against heads kept outside; then applications may come."""
    programs = server.binaries.folder
    if not (programs / "pg_dump").exists():
        pytest.skip("this installation has no pg_dump")
    anchors = tmp_path / "heads.json"
    assert run("maintain", "--dsn", server.dsn(MAINTAINER, world.dbname), "--json", str(anchors))[0] == 0
    target = conftest.empty_database(server)
    dump = subprocess.run([programs / "pg_dump", "--format=plain", "-d", server.dsn("platform", world.dbname)],
                          capture_output=True, check=True).stdout  # fmt: skip
    # The extension's own, which the server has already.
    dump = dump.replace(b"CREATE EXTENSION IF NOT EXISTS pgaudit", b"-- pgaudit").replace(
        b"COMMENT ON EXTENSION pgaudit", b"-- "
    )
    loaded = subprocess.run([programs / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", server.dsn("platform", target)],
                            input=dump, capture_output=True)  # fmt: skip
    assert loaded.returncode == 0, loaded.stderr.decode()[-2000:]
    copy = World(server, target)
    with copy.login(BACKEND) as app:
        assert app.execute("SHOW statement_timeout").fetchone() == ("0",)  # the trap: what a dump does not carry
    waive = [] if server.binaries.pgaudit else ["--without-pgaudit"]
    code, out, err = run("restored", "--dsn", server.dsn("administrator", target), "--anchors", str(anchors), *waive)
    assert (code, err) == (0, ""), out
    assert "next: python -m database credentials" in out
    with copy.acting(BACKEND, world.a) as app:
        assert app.execute("SELECT count(*) FROM phi.patient").fetchone() == (2,)
        assert app.execute("SHOW statement_timeout").fetchone() == ("30s",)
    tamper(copy, "DELETE FROM audit.hipaa_audit_logs WHERE table_name = 'consent'")
    code, out, _ = run("restored", "--dsn", server.dsn("administrator", target), "--anchors", str(anchors), *waive)
    assert code == 1
    assert "let no application in" in out


def test_an_empty_database_is_no_restored_one(server: Server, run: Any, tmp_path: Path) -> None:
    anchors = tmp_path / "heads.json"
    anchors.write_text('{"heads": [{"log": "security_logs", "seq": 1, "hash": "00"}]}')
    dsn = server.dsn("administrator", conftest.empty_database(server))
    waive = [] if server.binaries.pgaudit else ["--without-pgaudit"]
    code, _, err = run("restored", "--dsn", dsn, "--anchors", str(anchors), *waive)
    assert (code, "was anything loaded" in err) == (2, True)
