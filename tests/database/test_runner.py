"""Bootstrap and apply: without superuser, twice, interrupted, at once, on a populated database."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from database import runner
from database.errors import DatabaseRoomError
from database.files import read_files, role_catalogue
from tests.database import conftest
from tests.database.servers import Server


def state(server: Server, dbname: str) -> str:
    """The schema with rights, policies and triggers, as pg_dump writes it; without what differs from run to run."""
    if not (server.binaries.folder / "pg_dump").exists():
        pytest.skip("this installation has no pg_dump")
    dump = subprocess.run([server.binaries.folder / "pg_dump", "--schema-only", "-d", server.dsn("platform", dbname)],
                          capture_output=True, text=True, check=True).stdout  # fmt: skip
    return re.sub(r"^\\(un)?restrict.*$", "", dump, flags=re.M)


def registry(server: Server, dbname: str) -> list[tuple[object, ...]]:
    with server.connect("platform", dbname) as platform:
        return platform.execute(
            "SELECT relation::text, tenant_column, sealed_columns, on_erase FROM security.protected_tables ORDER BY 1"
        ).fetchall()


def test_administrator_no_superuser_keeps_no_way_into_owner(server: Server) -> None:
    """The administrator is no superuser and keeps no way into the owner."""
    dbname = conftest.empty_database(server)
    conftest.bootstrap(server, dbname)
    with server.connect("administrator", dbname) as administrator:
        row = administrator.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'administrator'"
        ).fetchone()
        assert row == (False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            administrator.execute("SET ROLE medspasync_owner")
    assert "medspasync administrator session: bootstrap by administrator" in server.log_since(0)


def test_bootstrap_makes_the_database_for_the_owner(server: Server, run: Any) -> None:
    name = f"made_{next(conftest._numbers)}"
    waive = [] if server.binaries.pgaudit else ["--without-pgaudit"]
    if server.binaries.pgaudit:
        conftest._as_platform(server, "CREATE EXTENSION IF NOT EXISTS pgaudit", dbname="template1")
    for _ in range(2):
        code, out, err = run("bootstrap", "--dsn", server.dsn("administrator", name), *waive)
        assert (code, err) == (0, "")
    assert f"database {name}" not in out  # the second time
    with server.connect("platform", name) as platform:
        owner = "SELECT pg_get_userbyid(datdba), has_database_privilege('public', oid, 'CONNECT') FROM pg_database WHERE datname = %s"
        assert platform.execute(owner, (name,)).fetchone() == ("medspasync_owner", False)
    conftest._as_platform(server, "DROP EXTENSION IF EXISTS pgaudit", dbname="template1")


def test_bootstrap_resets_what_a_role_set_for_itself(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with server.connect("medspasync_backend", dbname) as app:
        app.execute(f"ALTER ROLE medspasync_backend IN DATABASE {dbname} SET statement_timeout = 0")
        app.execute("ALTER ROLE medspasync_backend SET row_security = off")
        app.execute("ALTER ROLE medspasync_backend PASSWORD 'of-its-own'")
    conftest.bootstrap(server, dbname)
    with server.connect("medspasync_backend", dbname) as app:
        assert app.execute(
            "SELECT current_setting('statement_timeout'), current_setting('row_security')"
        ).fetchone() == ("30s", "on")
    with server.connect("platform", dbname) as platform:
        assert platform.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'medspasync_backend'"
        ).fetchone() == (None,)


def test_everything_twice_ends_in_the_same_state(server: Server) -> None:
    dbname = conftest.empty_database(server)
    conftest.bootstrap(server, dbname)
    first = conftest.apply(server, dbname)
    assert [step.file.name for step in first if step.action == "run"] == [f.name for f in read_files("apply")]
    before = state(server, dbname), registry(server, dbname)
    conftest.bootstrap(server, dbname)
    second = conftest.apply(server, dbname)
    assert {step.action for step in second} == {"again"}
    assert (state(server, dbname), registry(server, dbname)) == before


def test_each_file_is_idempotent_by_itself(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    before = state(server, dbname), registry(server, dbname)
    with server.connect("medspasync_migrator", dbname) as migrator:
        for file in read_files("apply") + read_files("repeat"):
            with migrator.transaction():
                migrator.execute(file.text.encode())
    assert (state(server, dbname), registry(server, dbname)) == before


def test_interrupted_run_goes_on_ends_in_same_state(server: Server, folder: Path) -> None:
    """An interrupted run goes on and ends in the same state."""
    whole = conftest.fresh_database(server)
    dbname = conftest.empty_database(server)
    conftest.bootstrap(server, dbname)
    broken = folder / "apply" / "500_encryption.sql"
    good = broken.read_text()
    broken.write_text(good + "\nSELECT 1 / 0;\n")
    with server.connect("medspasync_migrator", dbname) as migrator:
        with pytest.raises(DatabaseRoomError, match=r"apply/500_encryption\.sql: division by zero"):
            runner.apply(migrator, folder)
        # Nothing of the failing file is there, everything before it is.
        assert migrator.execute(
            "SELECT to_regclass('security.data_keys'), to_regclass('audit.seals') IS NOT NULL"
        ).fetchone() == (None, True)
        broken.write_text(good)
        done = runner.apply(migrator, folder)
    assert done[0].file.name == "500_encryption.sql"
    assert (state(server, dbname), registry(server, dbname)) == (state(server, whole), registry(server, whole))


def test_a_killed_session_leaves_nothing_half_done(server: Server, folder: Path) -> None:
    dbname = conftest.empty_database(server)
    conftest.bootstrap(server, dbname)
    slow = folder / "apply" / "310_audit_writing.sql"
    slow.write_text(slow.read_text() + "\nSELECT pg_sleep(3600);\n")
    ended = threading.Event()

    def kill() -> None:
        with server.connect("platform", dbname) as platform:
            while not ended.is_set():
                found = platform.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
                                         "AND datname = current_database()").fetchall()  # fmt: skip
                if found:
                    return
                platform.execute("SELECT pg_sleep(0.05)")

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with (
        server.connect("medspasync_migrator", dbname) as migrator,
        pytest.raises(DatabaseRoomError, match="310_audit_writing"),
    ):
        runner.apply(migrator, folder)
    ended.set()
    killer.join()
    conftest.apply(server, dbname)
    whole = conftest.fresh_database(server)
    assert state(server, dbname) == state(server, whole)


def test_two_runs_at_once(server: Server) -> None:
    dbname = conftest.empty_database(server)
    conftest.bootstrap(server, dbname)
    done: list[list[runner.Step]] = []
    threads = [threading.Thread(target=lambda: done.append(conftest.apply(server, dbname))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ran = [step.file.name for steps in done for step in steps if step.action == "run"]
    assert len(done) == 3
    assert sorted(ran) == [f.name for f in read_files("apply")]  # each file once, whoever ran it


def test_database_with_applications_tables_taken_over_in_place(server: Server) -> None:
    """Its data stays; its tables show as unprotected until secure_table() has them."""
    dbname = conftest.empty_database(server)
    with server.connect("administrator", dbname) as administrator:
        administrator.execute("CREATE SCHEMA legacy")
        administrator.execute("CREATE TABLE legacy.patients (id uuid PRIMARY KEY, clinic_id uuid NOT NULL, email text)")
        administrator.execute(
            "INSERT INTO legacy.patients SELECT gen_random_uuid(), gen_random_uuid(), 'x' FROM generate_series(1, 9)"
        )
    conftest.bootstrap(server, dbname)
    conftest.apply(server, dbname)
    whole = conftest.fresh_database(server)
    with server.connect("medspasync_auditor", dbname) as auditor:
        rows = auditor.execute(
            "SELECT check_id, status, detail FROM validate_hipaa_compliance() WHERE status = 'fail'"
        ).fetchall()
    assert [row[0] for row in rows] == ["unprotected-tables"]
    assert (
        "legacy.patients: neither under secure_table() nor exempted, sensitive columns clinic_id, email" in rows[0][2]
    )
    with server.connect("administrator", dbname) as administrator:
        assert administrator.execute("SELECT count(*) FROM legacy.patients").fetchone() == (9,)
        administrator.execute("DROP SCHEMA legacy CASCADE")
    assert state(server, dbname) == state(server, whole)


def test_role_added_later_kinds_rights_after_next_apply(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role added later has its kinds rights after the next apply."""
    dbname = conftest.fresh_database(server)
    catalogue = [
        *role_catalogue(),
        {"name": "medspasync_kiosk", "kind": "app", "login": True, "settings": {"statement_timeout": "5s"}},
    ]
    monkeypatch.setattr(runner, "role_catalogue", lambda: catalogue)
    conftest.bootstrap(server, dbname)
    conftest.apply(server, dbname)
    with server.connect("medspasync_kiosk", dbname) as kiosk:
        assert kiosk.execute("SHOW statement_timeout").fetchone() == ("5s",)
        kiosk.execute("SELECT app.record_security_event('sign_in', 'success', 'kiosk-1')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            kiosk.execute("SELECT * FROM phi.patient")
    with server.connect("medspasync_auditor", dbname) as auditor:
        assert auditor.execute("SELECT count(*) FROM validate_hipaa_compliance() WHERE status = 'fail'").fetchone() == (
            0,
        )
    with server.connect("platform", dbname) as platform:
        platform.execute("DROP OWNED BY medspasync_kiosk")
        platform.execute("DROP ROLE medspasync_kiosk")


def test_roles_have_their_settings(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with server.connect("medspasync_backend", dbname) as app:
        row = app.execute("SELECT current_setting('statement_timeout'), current_setting('search_path'), "
                          "current_setting('idle_in_transaction_session_timeout')").fetchone()  # fmt: skip
    assert row == ("30s", "pg_catalog, phi, app", "1min")
