# ruff: noqa: E501 (SQL statements stay on one line)
"""Bootstrap and apply: without superuser, twice, interrupted, on a populated database; and what they refuse."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from database import files, runner
from database.errors import DatabaseRoomError
from database.files import ROOT, read_files, role_catalogue
from tests.database import conftest
from tests.database.servers import Server


def connected(server: Server, role: str, dbname: str) -> psycopg.Connection[tuple]:
    return psycopg.connect(server.dsn(role, dbname), autocommit=True)


def state(server: Server, dbname: str) -> str:
    """The schema with rights, policies and triggers, as pg_dump writes it; without what differs from run to run."""
    if not (server.binaries.folder / "pg_dump").exists():
        pytest.skip("this installation has no pg_dump")
    dump = subprocess.run([server.binaries.folder / "pg_dump", "--schema-only", "-d", server.dsn("platform", dbname)],
                          capture_output=True, text=True, check=True).stdout  # fmt: skip
    return re.sub(r"^\\(un)?restrict.*$", "", dump, flags=re.M)


def registry(server: Server, dbname: str) -> list[tuple[object, ...]]:
    with connected(server, "platform", dbname) as platform:
        return platform.execute(
            "SELECT relation::text, tenant_column, sealed_columns, on_erase FROM security.protected_tables ORDER BY 1"
        ).fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the SQL files that a test may change."""
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    return tmp_path / "sql"


def test_administrator_no_superuser_keeps_no_way_into_owner(server: Server) -> None:
    """The administrator is no superuser and keeps no way into the owner."""
    dbname = conftest.empty_database(server)
    conftest.bootstrap(server, dbname)
    with connected(server, "administrator", dbname) as administrator:
        row = administrator.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'administrator'"
        ).fetchone()
        assert row == (False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            administrator.execute("SET ROLE medspasync_owner")
    assert f"medspasync administrator session: bootstrap by administrator" in server.log_since(0)  # noqa: F541


def test_bootstrap_makes_the_database_for_the_owner(server: Server, run: Any) -> None:
    name = f"made_{next(conftest._numbers)}"
    waive = [] if server.binaries.pgaudit else ["--without-pgaudit"]
    if server.binaries.pgaudit:
        conftest._as_platform(server, "CREATE EXTENSION IF NOT EXISTS pgaudit", dbname="template1")
    for _ in range(2):
        code, out, err = run("bootstrap", "--dsn", server.dsn("administrator", name), *waive)
        assert (code, err) == (0, "")
    assert f"database {name}" not in out  # the second time
    with connected(server, "platform", name) as platform:
        owner = "SELECT pg_get_userbyid(datdba), has_database_privilege('public', oid, 'CONNECT') FROM pg_database WHERE datname = %s"
        assert platform.execute(owner, (name,)).fetchone() == ("medspasync_owner", False)
    conftest._as_platform(server, "DROP EXTENSION IF EXISTS pgaudit", dbname="template1")


def test_a_database_of_somebody_else_is_refused(server: Server) -> None:
    """As ARM makes it where no administrator is there yet: nobody could grant anything on it."""
    name = f"foreign_{next(conftest._numbers)}"
    conftest._as_platform(
        server,
        "DO $$ BEGIN IF to_regrole('azuresu') IS NULL THEN CREATE ROLE azuresu; END IF; END $$",
        f"CREATE DATABASE {name} OWNER azuresu",
        f"GRANT CREATE ON DATABASE {name} TO administrator",
    )
    with (
        connected(server, "administrator", name) as administrator,
        pytest.raises(DatabaseRoomError, match="belongs to azuresu, which administrator is no member of") as refused,
    ):
        runner.bootstrap(administrator, pgaudit=False)
    assert "bootstrap makes the database" in str(refused.value)
    conftest._as_platform(server, f"DROP DATABASE {name}", "DROP ROLE azuresu")


def test_bootstrap_resets_what_a_role_set_for_itself(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with connected(server, "medspasync_backend", dbname) as app:
        app.execute(f"ALTER ROLE medspasync_backend IN DATABASE {dbname} SET statement_timeout = 0")
        app.execute("ALTER ROLE medspasync_backend SET row_security = off")
        app.execute("ALTER ROLE medspasync_backend PASSWORD 'of-its-own'")
    conftest.bootstrap(server, dbname)
    with connected(server, "medspasync_backend", dbname) as app:
        assert app.execute(
            "SELECT current_setting('statement_timeout'), current_setting('row_security')"
        ).fetchone() == ("30s", "on")
    with connected(server, "platform", dbname) as platform:
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
    with connected(server, "medspasync_migrator", dbname) as migrator:
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
    with connected(server, "medspasync_migrator", dbname) as migrator:
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
        with connected(server, "platform", dbname) as platform:
            while not ended.is_set():
                found = platform.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
                                         "AND datname = current_database()").fetchall()  # fmt: skip
                if found:
                    return
                platform.execute("SELECT pg_sleep(0.05)")

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with (
        connected(server, "medspasync_migrator", dbname) as migrator,
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
    with connected(server, "administrator", dbname) as administrator:
        administrator.execute("CREATE SCHEMA legacy")
        administrator.execute("CREATE TABLE legacy.patients (id uuid PRIMARY KEY, clinic_id uuid NOT NULL, email text)")
        administrator.execute(
            "INSERT INTO legacy.patients SELECT gen_random_uuid(), gen_random_uuid(), 'x' FROM generate_series(1, 9)"
        )
    conftest.bootstrap(server, dbname)
    conftest.apply(server, dbname)
    whole = conftest.fresh_database(server)
    with connected(server, "medspasync_auditor", dbname) as auditor:
        rows = auditor.execute(
            "SELECT check_id, status, detail FROM validate_hipaa_compliance() WHERE status = 'fail'"
        ).fetchall()
    assert [row[0] for row in rows] == ["unprotected-tables"]
    assert (
        "legacy.patients: neither under secure_table() nor exempted, sensitive columns clinic_id, email" in rows[0][2]
    )
    with connected(server, "administrator", dbname) as administrator:
        assert administrator.execute("SELECT count(*) FROM legacy.patients").fetchone() == (9,)
        administrator.execute("DROP SCHEMA legacy CASCADE")
    assert state(server, dbname) == state(server, whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("edit", "100_registry.sql was changed after it was applied"),
        ("remove", "910_reference_protection.sql was applied and is gone"),
        ("insert", "105_late.sql is numbered below {last}, which was applied"),
    ],
)
def test_a_changed_history_is_refused(server: Server, folder: Path, change: str, message: str) -> None:
    dbname = conftest.fresh_database(server)
    apply = folder / "apply"
    if change == "edit":
        (apply / "100_registry.sql").write_text((apply / "100_registry.sql").read_text() + "-- later\n")
    elif change == "remove":
        (apply / "910_reference_protection.sql").unlink()
    else:
        (apply / "105_late.sql").write_text("SELECT 1;\n")
    with connected(server, "medspasync_migrator", dbname) as migrator:
        for attempt in (runner.plan, runner.apply):
            with pytest.raises(DatabaseRoomError, match="changed history") as refused:
                attempt(migrator, folder)
            assert message.format(last=runner.read_files("apply")[-1].name) in str(refused.value)


def test_a_new_file_is_applied_and_nothing_else(server: Server, folder: Path) -> None:
    dbname = conftest.fresh_database(server)
    (folder / "apply" / "990_later.sql").write_text("CREATE TABLE IF NOT EXISTS phi.later (id integer);\n")
    with connected(server, "medspasync_migrator", dbname) as migrator:
        assert [s.file.name for s in runner.plan(migrator, folder) if s.action == "run"] == ["990_later.sql"]
        runner.apply(migrator, folder)
        assert migrator.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'later'").fetchone() == (
            "medspasync_owner",
        )


def test_apply_as_an_administrator_is_refused(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    for role in ("platform", "administrator"):
        with (
            connected(server, role, dbname) as connection,
            pytest.raises(DatabaseRoomError, match="is an administrator"),
        ):
            runner.apply(connection)


def test_apply_without_the_right_says_so(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with (
        connected(server, "medspasync_backend", dbname) as app,
        pytest.raises(DatabaseRoomError, match="permission denied") as refused,
    ):
        runner.apply(app)
    assert "apply as medspasync_migrator" in str(refused.value)


def test_bootstrap_without_the_right_says_so(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with (
        connected(server, "medspasync_migrator", dbname) as migrator,
        pytest.raises(DatabaseRoomError, match="permission denied"),
    ):
        runner.bootstrap(migrator, pgaudit=False)


def test_a_database_that_was_not_bootstrapped(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with (
        connected(server, "administrator", dbname) as administrator,
        pytest.raises(DatabaseRoomError, match="was not bootstrapped"),
    ):
        runner.plan(administrator)


def test_pgaudit_is_asked_for_and_absence_is_clear(server: Server) -> None:
    """Pgaudit is asked for and its absence is clear."""
    if server.binaries.pgaudit:
        pytest.skip("this server has pgaudit")
    dbname = conftest.empty_database(server)
    with (
        connected(server, "administrator", dbname) as administrator,
        pytest.raises(DatabaseRoomError, match="pgaudit") as refused,
    ):
        runner.bootstrap(administrator, pgaudit=True)
    assert "030_extensions.sql" in str(refused.value)
    with connected(server, "administrator", dbname) as administrator:
        assert administrator.execute("SELECT to_regnamespace('security')").fetchone() == (None,)  # all or nothing


def test_pgcrypto_in_another_schema_is_refused(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with connected(server, "administrator", dbname) as administrator:
        administrator.execute("CREATE EXTENSION pgcrypto WITH SCHEMA public")
        with pytest.raises(DatabaseRoomError, match="installed in schema public"):
            runner.bootstrap(administrator, pgaudit=server.binaries.pgaudit)


def test_a_schema_of_somebody_else_is_refused(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with connected(server, "administrator", dbname) as administrator:
        administrator.execute("CREATE SCHEMA audit")
        with pytest.raises(DatabaseRoomError, match="schema audit belongs to administrator"):
            runner.bootstrap(administrator, pgaudit=server.binaries.pgaudit)


def test_a_role_with_too_much_is_refused(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with connected(server, "platform", dbname) as platform, platform.transaction(force_rollback=True):
        conftest.bootstrap(server, dbname)
    with connected(server, "platform", dbname) as platform:
        platform.execute("ALTER ROLE medspasync_marketing CREATEDB")
        try:
            with pytest.raises(DatabaseRoomError, match="medspasync_marketing has CREATEDB"):
                conftest.bootstrap(server, dbname)
        finally:
            platform.execute("ALTER ROLE medspasync_marketing NOCREATEDB")


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
    with connected(server, "medspasync_kiosk", dbname) as kiosk:
        assert kiosk.execute("SHOW statement_timeout").fetchone() == ("5s",)
        kiosk.execute("SELECT app.record_security_event('sign_in', 'success', 'kiosk-1')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            kiosk.execute("SELECT * FROM phi.patient")
    with connected(server, "medspasync_auditor", dbname) as auditor:
        assert auditor.execute("SELECT count(*) FROM validate_hipaa_compliance() WHERE status = 'fail'").fetchone() == (
            0,
        )
    with connected(server, "platform", dbname) as platform:
        platform.execute("DROP OWNED BY medspasync_kiosk")
        platform.execute("DROP ROLE medspasync_kiosk")


def test_roles_have_their_settings(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with connected(server, "medspasync_backend", dbname) as app:
        row = app.execute("SELECT current_setting('statement_timeout'), current_setting('search_path'), "
                          "current_setting('idle_in_transaction_session_timeout')").fetchone()  # fmt: skip
    assert row == ("30s", "pg_catalog, phi, app", "1min")


@pytest.mark.parametrize(
    ("name", "message"), [("Late.sql", "NNN_words.sql"), ("100_twice.sql", "two files have the number 100")]
)
def test_file_names_are_checked(folder: Path, name: str, message: str) -> None:
    (folder / "apply" / name).write_text("")
    with pytest.raises(DatabaseRoomError, match=re.escape(message)):
        read_files("apply", folder)
    with pytest.raises(DatabaseRoomError, match="no SQL files"):
        read_files("absent", folder)


def test_line_ends_do_not_change_a_checksum(tmp_path: Path) -> None:
    (tmp_path / "apply").mkdir()
    path = tmp_path / "apply" / "100_x.sql"
    sums = set()
    for content in (b"SELECT 1;\n", b"SELECT 1;\r\n"):
        path.write_bytes(content)
        sums.add(files.read_files("apply", tmp_path)[0].checksum)
    assert len(sums) == 1


def test_sql_needs_no_superuser_and_no_event_trigger() -> None:
    """What Azure does not allow does not appear in the files at all."""
    text = "\n".join(file.text for phase in ("bootstrap", "apply", "repeat") for file in read_files(phase))
    text = re.sub(r"--.*", "", text)
    for forbidden in ("EVENT TRIGGER", "ALTER SYSTEM", "session_replication_role", "COPY ", "LANGUAGE c", "plpython",
                      "pg_read_file", "SUPERUSER;", "BYPASSRLS;", "PASSWORD '"):  # fmt: skip
        assert forbidden not in text, forbidden
