"""Passwords on their way from the vault into real servers: which is accepted when, and what is seen of it."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from database import credentials
from database.credentials import FETCHED, Known
from database.errors import DatabaseRoomError
from tests.database import conftest
from tests.database.servers import Server
from tests.database.vault import D1, D2, Secrets, bootstrap, password_world, signs_in
from tests.database.world import BACKEND, JOB, PRO, World


def set_password(world: World, vault: Secrets, *days: date, role: str = BACKEND) -> str:
    versions = [vault.password(role, day) for day in days]
    with world.login(JOB) as job:
        (done,) = credentials.set_passwords(job, {role: versions}, vault.__getitem__)
    return done["done"]


def a_day_later(world: World) -> None:
    """As if the job had seen the new password 25 hours ago."""
    with world.login("administrator") as administrator:
        row = administrator.execute("SELECT shobj_description(%s::regrole, 'pg_authid')", (BACKEND,)).fetchone()
        known = Known.read(row[0] if row else None)
        assert known.waiting
        earlier = (datetime.fromisoformat(known.since) - FETCHED).isoformat()
        text = Known(known.password, known.waiting, earlier).text()
        administrator.execute(psycopg.sql.SQL("COMMENT ON ROLE {} IS {}").format(psycopg.sql.Identifier(BACKEND), psycopg.sql.Literal(text)))  # fmt: skip


def test_rotation_password_leaves_no_moment_without_one_both(by_password: World) -> None:
    """Old instances know the old one, new ones both: the database has the old one until none of the former is left."""
    world, vault = by_password, Secrets()
    assert not signs_in(world, None)
    old, new = vault.password(BACKEND, D1), vault.password(BACKEND, D2)
    assert set_password(world, vault, D1) == "set"
    assert signs_in(world, vault[old.secret])
    assert not signs_in(world, vault[new.secret])
    assert set_password(world, vault, D1) == "kept"
    for _ in range(2):
        assert set_password(world, vault, D2, D1) == "waits"
        assert signs_in(world, vault[old.secret])
    a_day_later(world)
    with psycopg.connect(world.server.dsn(BACKEND, world.dbname), password=vault[old.secret]) as session:
        assert set_password(world, vault, D2, D1) == "set"
        assert (signs_in(world, vault[old.secret]), signs_in(world, vault[new.secret])) == (False, True)
        # Who is in stays in.
        assert session.execute("SELECT session_user").fetchone() == (BACKEND,)
    assert set_password(world, vault, D2, D1) == "kept"


def test_a_password_that_leaked_is_replaced_at_once(by_password: World) -> None:
    world, vault = by_password, Secrets()
    set_password(world, vault, D1)
    assert set_password(world, vault, D2) == "set"
    assert not signs_in(world, vault[vault.password(BACKEND, D1).secret])
    assert signs_in(world, vault[vault.password(BACKEND, D2).secret])


def test_new_server_gets_one_that_every_instance_knows(by_password: World) -> None:
    """A role without a note has no password of ours: a restore elsewhere, or passwords switched on in mid-rotation."""
    vault = Secrets()
    assert set_password(by_password, vault, D2, D1) == "set to the previous"
    assert signs_in(by_password, vault[vault.password(BACKEND, D1).secret])
    assert set_password(by_password, vault, D2, D1) == "waits"


def test_no_password_is_in_log_and_the_trail(audited_world: World) -> None:
    """Also not where the statement fails, which logs it: what it holds is a salted hash."""
    with password_world(audited_world) as world:
        vault, mark = Secrets(), world.server.mark()
        set_password(world, vault, D1)
        set_password(world, vault, D2)
        log = world.server.log_since(mark)
        assert "ALTER ROLE" in log
        assert "<REDACTED>" in log
        assert "SCRAM-SHA-256$" not in log
        vault.password(PRO, D1)
        with world.login("medspasync_maintainer") as other, pytest.raises(DatabaseRoomError):
            credentials.set_passwords(other, {PRO: [vault.password(PRO, D1)]}, vault.__getitem__)
        log = world.server.log_since(mark)
        assert not any(value in log for value in vault.values())


def test_no_password_is_sent_to_the_server(by_password: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    genuine = psycopg.Connection.execute

    def execute(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(query.as_string(self) if hasattr(query, "as_string") else str(query))
        sent.append(str(arguments))
        return genuine(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Connection, "execute", execute)
    vault = Secrets()
    set_password(by_password, vault, D1)
    assert any("ALTER ROLE" in text and "SCRAM-SHA-256$4096:" in text for text in sent)
    assert not any(value in text for value in vault.values() for text in sent)


def test_job_reaches_no_other_role_and_becomes_none(by_password: World) -> None:
    """The job reaches no other role and becomes none."""
    if by_password.server.binaries.version < "16":
        pytest.skip("before PostgreSQL 16 CREATEROLE is power over every role: settings refuse passwords there")
    statements = [
        "ALTER ROLE medspasync_pro_next PASSWORD 'x'", "ALTER ROLE medspasync_breakglass PASSWORD 'x'",
        "ALTER ROLE medspasync_migrator PASSWORD 'x'", "ALTER ROLE administrator PASSWORD 'x'",
        "ALTER ROLE medspasync_backend BYPASSRLS", "SET ROLE medspasync_backend", "SET ROLE medspasync_owner",
        "GRANT medspasync_owner TO medspasync_credentials", "GRANT pg_read_all_data TO medspasync_credentials",
        "CREATE ROLE mine SUPERUSER", "CREATE ROLE mine BYPASSRLS", "SELECT * FROM phi.patient",
    ]  # fmt: skip
    for statement in statements:
        with by_password.login(JOB) as job, pytest.raises(psycopg.errors.InsufficientPrivilege):
            job.execute(statement.encode())


def roles_finding(world: World) -> tuple[str, str]:
    with world.login("medspasync_auditor") as auditor:
        row = auditor.execute(
            "SELECT status, detail FROM validate_hipaa_compliance() WHERE check_id = 'roles'"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_validation_passes_with_passwords_and_without(world: World) -> None:
    assert roles_finding(world)[0] == "pass"
    with password_world(world):
        assert roles_finding(world)[0] == "pass"
        # Bootstrap is repeatable in this mode too.
        bootstrap(world, BACKEND)
        set_password(world, vault := Secrets(), D1)
        bootstrap(world, BACKEND)
        assert signs_in(world, vault[vault.password(BACKEND, D1).secret])
    assert roles_finding(world)[0] == "pass"


def test_going_back_entra_takes_passwords_right_set_them(world: World) -> None:
    """Going back to entra takes passwords and the right to set them."""
    with password_world(world):
        set_password(world, Secrets(), D1)
    with world.login("platform") as platform:
        assert platform.execute("SELECT rolpassword, shobj_description(oid, 'pg_authid') FROM pg_authid WHERE rolname = %s", (BACKEND,)).fetchone() == (None, None)  # fmt: skip
        assert platform.execute("SELECT rolcreaterole FROM pg_roles WHERE rolname = %s", (JOB,)).fetchone() == (False,)
        assert platform.execute(
            "SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole", (JOB,)
        ).fetchone() == (0,)
    with pytest.raises(DatabaseRoomError, match=r"password of medspasync_backend: .*(denied|must)"):
        set_password(world, Secrets(), D1)


@pytest.mark.parametrize("value", ["", "short", "x" * 129, "ä" * 40, "with space " * 5])
def test_what_is_no_password_is_refused_unseen(value: str) -> None:
    with pytest.raises(DatabaseRoomError, match="secret NAME: expected") as refused:
        credentials._password("NAME", value)
    assert not value or value not in str(refused.value)


def test_a_role_that_is_not_there_is_told(shared_world: World) -> None:
    with pytest.raises(DatabaseRoomError, match="medspasync_absent does not exist: run bootstrap"):
        set_password(shared_world, Secrets(), D1, role="medspasync_absent")


def test_a_password_world_asks_for_passwords(server: Server) -> None:
    """The tests above would pass on a server that trusts everybody."""
    world = World(server, conftest.fresh_database(server))
    assert signs_in(world, None)
    with password_world(world):
        assert not signs_in(world, None)
        assert not signs_in(world, "wrong")
    assert signs_in(world, None)


def test_bootstrap_makes_password_roles_from_the_principals_file(world: World, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "principals.yaml"
    waive = () if world.server.binaries.pgaudit else ("--without-pgaudit",)
    admin = world.server.dsn("administrator", world.dbname)
    for content, creates in ((f"{BACKEND}: {{type: password}}\n", True), ("{}\n", False)):
        file.write_text(content)
        assert run("bootstrap", "--dsn", admin, "--principals", str(file), *waive)[0] == 0
        with world.login("platform") as platform:
            query = "SELECT rolcreaterole FROM pg_roles WHERE rolname = %s"
            assert platform.execute(query, (JOB,)).fetchone() == (creates,)
