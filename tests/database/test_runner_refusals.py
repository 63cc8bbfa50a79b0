"""What bootstrap and apply refuse, and in which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from database import files, runner
from database.errors import DatabaseRoomError
from database.files import read_files
from tests.database import conftest
from tests.database.servers import Server


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
        server.connect("administrator", name) as administrator,
        pytest.raises(DatabaseRoomError, match="belongs to azuresu, which administrator is no member of") as refused,
    ):
        runner.bootstrap(administrator, pgaudit=False)
    assert "bootstrap makes the database" in str(refused.value)
    conftest._as_platform(server, f"DROP DATABASE {name}", "DROP ROLE azuresu")


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
    with server.connect("medspasync_migrator", dbname) as migrator:
        for attempt in (runner.plan, runner.apply):
            with pytest.raises(DatabaseRoomError, match="changed history") as refused:
                attempt(migrator, folder)
            assert message.format(last=runner.read_files("apply")[-1].name) in str(refused.value)


def test_a_new_file_is_applied_and_nothing_else(server: Server, folder: Path) -> None:
    dbname = conftest.fresh_database(server)
    (folder / "apply" / "990_later.sql").write_text("CREATE TABLE IF NOT EXISTS phi.later (id integer);\n")
    with server.connect("medspasync_migrator", dbname) as migrator:
        assert [s.file.name for s in runner.plan(migrator, folder) if s.action == "run"] == ["990_later.sql"]
        runner.apply(migrator, folder)
        assert migrator.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'later'").fetchone() == (
            "medspasync_owner",
        )


def test_apply_as_an_administrator_is_refused(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    for role in ("platform", "administrator"):
        with (
            server.connect(role, dbname) as connection,
            pytest.raises(DatabaseRoomError, match="is an administrator"),
        ):
            runner.apply(connection)


def test_apply_without_the_right_says_so(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with (
        server.connect("medspasync_backend", dbname) as app,
        pytest.raises(DatabaseRoomError, match="permission denied") as refused,
    ):
        runner.apply(app)
    assert "apply as medspasync_migrator" in str(refused.value)


def test_bootstrap_without_the_right_says_so(server: Server) -> None:
    dbname = conftest.fresh_database(server)
    with (
        server.connect("medspasync_migrator", dbname) as migrator,
        pytest.raises(DatabaseRoomError, match="permission denied"),
    ):
        runner.bootstrap(migrator, pgaudit=False)


def test_a_database_that_was_not_bootstrapped(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with (
        server.connect("administrator", dbname) as administrator,
        pytest.raises(DatabaseRoomError, match="was not bootstrapped"),
    ):
        runner.plan(administrator)


def test_pgaudit_is_asked_for_and_absence_is_clear(server: Server) -> None:
    """Pgaudit is asked for and its absence is clear."""
    if server.binaries.pgaudit:
        pytest.skip("this server has pgaudit")
    dbname = conftest.empty_database(server)
    with (
        server.connect("administrator", dbname) as administrator,
        pytest.raises(DatabaseRoomError, match="pgaudit") as refused,
    ):
        runner.bootstrap(administrator, pgaudit=True)
    assert "030_extensions.sql" in str(refused.value)
    with server.connect("administrator", dbname) as administrator:
        assert administrator.execute("SELECT to_regnamespace('security')").fetchone() == (None,)  # all or nothing


def test_pgcrypto_in_another_schema_is_refused(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with server.connect("administrator", dbname) as administrator:
        administrator.execute("CREATE EXTENSION pgcrypto WITH SCHEMA public")
        with pytest.raises(DatabaseRoomError, match="installed in schema public"):
            runner.bootstrap(administrator, pgaudit=server.binaries.pgaudit)


def test_a_schema_of_somebody_else_is_refused(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with server.connect("administrator", dbname) as administrator:
        administrator.execute("CREATE SCHEMA audit")
        with pytest.raises(DatabaseRoomError, match="schema audit belongs to administrator"):
            runner.bootstrap(administrator, pgaudit=server.binaries.pgaudit)


def test_a_role_with_too_much_is_refused(server: Server) -> None:
    dbname = conftest.empty_database(server)
    with server.connect("platform", dbname) as platform, platform.transaction(force_rollback=True):
        conftest.bootstrap(server, dbname)
    with server.connect("platform", dbname) as platform:
        platform.execute("ALTER ROLE medspasync_marketing CREATEDB")
        try:
            with pytest.raises(DatabaseRoomError, match="medspasync_marketing has CREATEDB"):
                conftest.bootstrap(server, dbname)
        finally:
            platform.execute("ALTER ROLE medspasync_marketing NOCREATEDB")


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
