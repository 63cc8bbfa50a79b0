# ruff: noqa: E501 (SQL statements stay on one line)
"""Context keys and passwords on their way from the vault into real servers: what is accepted when, and what is seen."""

from __future__ import annotations

import io
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from database import credentials, runner
from database.context import sign_context
from database.credentials import FETCHED, ContextKey, Known, Manifest, Password, Vault, decide, read_manifest
from database.errors import DatabaseRoomError
from tests.database import conftest
from tests.database.servers import Server
from tests.database.world import World

BACKEND, PRO = "medspasync_backend", "medspasync_pro_next"
JOB = "medspasync_credentials"
D1, D2, D3 = date(2026, 11, 1), date(2027, 1, 25), date(2027, 4, 20)
UNTIL = date.today() + timedelta(days=100)


class Secrets(dict[str, str]):
    """A vault's secrets; asking for one that is not there fails."""

    def key(self, role: str, day: date, until: date = UNTIL) -> ContextKey:
        """A context key, made once."""
        name = f"{role}-{day}".upper().replace("_", "-")
        self.setdefault(name, json.dumps({"keyId": name.lower(), "secret": secrets.token_hex(32)}))
        return ContextKey(role, name, until)

    def password(self, role: str, day: date) -> Password:
        """A password, made once."""
        name = f"{role}-PASSWORD-{day}".upper().replace("_", "-")
        self.setdefault(name, secrets.token_urlsafe(48))
        return Password(role, name, day)


def can_act(world: World, vault: Secrets, key: ContextKey, role: str = BACKEND) -> bool:
    """Whether a context signed with a key gets the application its tenant."""
    value = json.loads(vault[key.secret])
    token = sign_context(key_id=value["keyId"], secret=bytes.fromhex(value["secret"]), tenant=world.a.id, actor="a",
                         correlation_id="c", purpose="p")  # fmt: skip
    try:
        with world.login(role) as app, app.transaction():
            return app.execute("SELECT app.begin_context(%s)", (token,)).fetchone() == (world.a.id,)
    except psycopg.errors.InvalidAuthorizationSpecification:
        return False


def set_keys(world: World, vault: Secrets, *keys: ContextKey) -> dict[str, str]:
    with world.login(JOB) as job:
        done = credentials.set_context_keys(job, list(keys), vault.__getitem__)
    return {row["key"]: row["done"] for row in done}


def events(world: World) -> list[tuple[str, str]]:
    with world.login("medspasync_auditor") as auditor:
        return auditor.execute(
            "SELECT event, detail ->> 'key_id' FROM audit.security_logs WHERE event LIKE 'context_key%%' AND db_role = %s "
            "ORDER BY 2", (JOB,)).fetchall()  # fmt: skip


# Context keys


def test_rotation_overlap_and_one_before_last_is_removed(world: World) -> None:
    """A rotation is an overlap and the one before last is removed."""
    vault, mark = Secrets(), world.server.mark()
    first, second, third = (vault.key(BACKEND, day) for day in (D1, D2, D3))
    assert set_keys(world, vault, first)[json.loads(vault[first.secret])["keyId"]] == "installed"
    assert (can_act(world, vault, first), can_act(world, vault, second)) == (True, False)
    set_keys(world, vault, second, first)
    assert (can_act(world, vault, first), can_act(world, vault, second)) == (True, True)
    assert set(set_keys(world, vault, second, first).values()) == {"kept"}
    assert sorted(set_keys(world, vault, third, second).values()) == ["installed", "kept", "removed"]
    assert [can_act(world, vault, key) for key in (first, second, third)] == [False, True, True]
    # After a leak only the newest is published.
    set_keys(world, vault, third)
    assert [can_act(world, vault, key) for key in (first, second, third)] == [False, False, True]
    log = world.server.log_since(mark)
    assert not any(json.loads(text)["secret"] in log for text in vault.values())


def test_stands_in_no_vault_removed_also_installed_hand(world: World) -> None:
    """What stands in no vault is removed also what was installed by hand."""
    vault = Secrets()
    done = set_keys(world, vault, vault.key(BACKEND, D1), vault.key(PRO, D1))
    # world installed one for each application.
    assert sorted(key for key, what in done.items() if what == "removed") == sorted(world.secrets)
    with world.login(BACKEND) as app, pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        app.execute("SELECT app.begin_context(%s)", (world.token(BACKEND, world.a),))
    recorded = events(world)
    assert [key for event, key in recorded if event == "context_key_installed"] == [
        "medspasync-backend-2026-11-01",
        "medspasync-pro-next-2026-11-01",
    ]
    assert sorted(key for event, key in recorded if event == "context_key_removed") == sorted(world.secrets)


def test_key_is_applications_alone_and_ends_on_day(world: World) -> None:
    """A key is its applications alone and ends on its day."""
    vault = Secrets()
    key = vault.key(BACKEND, D1)
    set_keys(world, vault, key)
    assert can_act(world, vault, key)
    assert not can_act(world, vault, key, PRO)
    set_keys(world, vault, vault.key(BACKEND, D1, date.today() - timedelta(days=1)))
    assert not can_act(world, vault, key)


def test_value_made_again_under_name_takes_others_place(world: World) -> None:
    """A value that was made again under its name takes the others place."""
    vault = Secrets()
    key = vault.key(BACKEND, D1)
    set_keys(world, vault, key)
    del vault[key.secret]
    assert set(set_keys(world, vault, vault.key(BACKEND, D1)).values()) == {"changed"}
    assert can_act(world, vault, key)


def test_a_refusal_changes_nothing(world: World) -> None:
    vault = Secrets()
    set_keys(world, vault, vault.key(BACKEND, D1))
    wrong = vault.key("medspasync_auditor", D1)
    with pytest.raises(DatabaseRoomError, match="medspasync_auditor is no application role"):
        set_keys(world, vault, vault.key(BACKEND, D2), wrong)
    with pytest.raises(DatabaseRoomError, match="no context key at all"):
        set_keys(world, vault)
    assert (can_act(world, vault, vault.key(BACKEND, D1)), can_act(world, vault, vault.key(BACKEND, D2))) == (
        True,
        False,
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keyId": "k", "secret": "zz"}', json.dumps({"keyId": "k", "secret": "ab" * 31}), json.dumps({"keyId": "a|b", "secret": "ab" * 32}), json.dumps({"keyId": 5, "secret": "ab" * 32})])  # fmt: skip
def test_malformed_value_told_by_name_and_never_shown(text: str) -> None:
    """A malformed value is told by its name and never shown."""
    with pytest.raises(DatabaseRoomError, match="secret NAME: expected") as refused:
        credentials._context_key("NAME", text)
    assert "abab" not in str(refused.value)


@pytest.mark.parametrize("role", [BACKEND, "medspasync_maintainer", "medspasync_auditor", "medspasync_breakglass"])
def test_nobody_else_sets_keys(shared_world: World, role: str) -> None:
    with shared_world.login(role) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("SELECT security.set_context_keys('{}', '{}', '{}', '{}')")


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM security.context_keys", "SELECT * FROM phi.patient", "SELECT * FROM audit.security_logs", "SET ROLE medspasync_owner", "SET ROLE medspasync_backend", "ALTER ROLE medspasync_backend PASSWORD 'x'", "CREATE ROLE mine", "SELECT app.begin_context('x')", "SELECT security.install_context_key('k', 'medspasync_backend', '', now())", "ALTER ROLE medspasync_credentials CREATEROLE"],
)  # fmt: skip
def test_the_jobs_role_can_do_nothing_else(shared_world: World, statement: str) -> None:
    with shared_world.login(JOB) as job, pytest.raises(psycopg.errors.InsufficientPrivilege):
        job.execute(statement.encode())


# Passwords


def bootstrap(world: World, *passwords: str) -> None:
    with world.login("administrator") as administrator:
        runner.bootstrap(administrator, pgaudit=world.server.binaries.pgaudit, passwords=passwords)


@contextmanager
def password_world(world: World) -> Iterator[World]:
    """The backend's role signs in by password, and the server asks for it."""
    file = world.server.folder / "data" / "pg_hba.conf"
    text = file.read_text()

    def reload(asks: str) -> None:
        file.write_text(asks + text)
        with world.login("platform") as platform:
            platform.execute("SELECT pg_reload_conf()")
        while signs_in(world, None) is bool(asks):  # until the server has read it, as long as that takes
            time.sleep(0.02)

    bootstrap(world, BACKEND)
    reload(f"local {world.dbname} {BACKEND} scram-sha-256\n")
    try:
        yield world
    finally:
        reload("")
        bootstrap(world)


@pytest.fixture
def by_password(world: World) -> Iterator[World]:
    with password_world(world) as ready:
        yield ready


def signs_in(world: World, password: str | None) -> bool:
    given = {"password": password} if password else {}
    try:
        with psycopg.connect(world.server.dsn(BACKEND, world.dbname), **given):  # type: ignore[arg-type]
            return True
    except psycopg.OperationalError:
        return False


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


# Which password when

HOURS = st.integers(0, 60)


@given(st.lists(HOURS, min_size=1, max_size=6))
def test_whatever_schedule_no_instance_is_ever_locked_out(gaps: list[int]) -> None:
    """Instances fetch a new value within 24 hours of the first run that saw it; each knows current and previous."""
    start = datetime(2027, 1, 25, tzinfo=UTC)
    versions = [Password("r", "NEW", D2), Password("r", "OLD", D1)]
    known, now = Known(D1.isoformat()), start
    for gap in gaps:
        now += timedelta(hours=gap)
        seen = datetime.fromisoformat(known.since) if known.waiting else now
        decision = decide(versions, known, now)
        if now - seen <= timedelta(hours=24) and known.password == D1.isoformat():
            assert decision.version.secret == "OLD"
        if known.waiting and now - seen >= FETCHED:
            assert decision.version.secret == "NEW"
        if known.password == D2.isoformat():
            assert decision == credentials.Decision(versions[0], known)  # and never back
        known = Known.read(decision.known.text())
        assert known == decision.known


@pytest.mark.parametrize(
    "comment", [None, "", "a remark", "[]", '{"else": 1}', '{"password": "x", "waiting": "y", "since": "never"}']
)
def test_a_comment_of_somebody_elses_is_no_note(comment: str | None) -> None:
    assert Known.read(comment) == Known()


# The manifest, the vault, the command

KEY = {"role": BACKEND, "secret": "BACKEND-KEY", "until": "2027-03-01"}
OLD = {"role": BACKEND, "secret": "BACKEND-PASSWORD-PREVIOUS", "rotated": "2026-11-01"}
NEW = {"role": BACKEND, "secret": "BACKEND-PASSWORD", "rotated": "2027-01-25"}


def manifest(keys: list[Any], passwords: list[Any]) -> str:
    return json.dumps({"contextKeys": keys, "passwords": passwords})


def test_a_manifest_is_what_it_says() -> None:
    assert read_manifest(manifest([KEY], [NEW, OLD])) == Manifest(
        [ContextKey(BACKEND, "BACKEND-KEY", date(2027, 3, 1))],
        {BACKEND: [Password(BACKEND, "BACKEND-PASSWORD", D2), Password(BACKEND, "BACKEND-PASSWORD-PREVIOUS", D1)]},
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", manifest([], []), manifest([{**KEY, "until": "soon"}], []), manifest([{**KEY, "secret": "../keys/x"}], []), manifest([{**KEY, "role": 5}], []), manifest([KEY], [OLD, NEW]), manifest([KEY], [OLD, OLD]), manifest([KEY], [{**NEW, "rotated": "2027-04-20"}, NEW, OLD]), manifest([{"role": BACKEND}], [])],
)  # fmt: skip
def test_a_wrong_manifest_is_refused(text: str) -> None:
    with pytest.raises(DatabaseRoomError, match="manifest"):
        read_manifest(text)


def answering(values: Mapping[str, str]) -> Callable[..., io.BytesIO]:
    def urlopen(request: urllib.request.Request, *, timeout: float) -> io.BytesIO:
        assert timeout > 0
        assert request.get_method() == "GET"
        assert request.get_header("Authorization") == "Bearer token-of-the-identity"
        url, _, query = request.full_url.partition("?")
        assert query == "api-version=7.4"
        name = url.removeprefix("https://vault.example/secrets/")
        if name not in values:
            raise urllib.error.HTTPError(url, 404, "no", {}, None)  # type: ignore[arg-type]
        return io.BytesIO(json.dumps({"value": values[name], "id": "x"}).encode())

    return urlopen


def test_the_vault_is_asked_with_the_identitys_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", answering({"A": "value"}))
    vault = Vault("https://vault.example/", token=lambda: "token-of-the-identity")
    assert vault.secret("A") == "value"
    with pytest.raises(DatabaseRoomError, match="refused secret B: HTTP 404"):
        vault.secret("B")


@pytest.mark.parametrize("failure", [OSError("no route"), TimeoutError(), ValueError("no JSON")])
def test_a_vault_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(DatabaseRoomError, match="secret A: Key Vault cannot be reached"):
        Vault("https://vault.example", token=lambda: "t").secret("A")


@pytest.mark.parametrize(
    "url", ["http://vault.example", "https://vault.example/keys", "", "https://user@vault.example"]
)
def test_a_token_goes_to_no_other_place(url: str) -> None:
    with pytest.raises(DatabaseRoomError, match="expected https://<vault>"):
        Vault(url)


def test_the_command_does_both_and_shows_no_value(
    by_password: World, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = Secrets()
    key, password = vault.key(BACKEND, D1), vault.password(BACKEND, D1)
    monkeypatch.setattr(urllib.request, "urlopen", answering(vault))
    monkeypatch.setattr(credentials, "entra_token", lambda _scope: "token-of-the-identity")
    text = manifest(
        [{"role": BACKEND, "secret": key.secret, "until": UNTIL.isoformat()}],
        [{"role": BACKEND, "secret": password.secret, "rotated": "2026-11-01"}],
    )
    monkeypatch.setenv("MEDSPASYNC_VAULT", "https://vault.example")
    monkeypatch.setenv("MEDSPASYNC_CREDENTIALS", text)
    code, out, err = run("credentials", "--dsn", by_password.server.dsn(JOB, by_password.dbname))
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report["passwords"] == [{"role": BACKEND, "password": "2026-11-01", "done": "set"}]
    assert {"role": BACKEND, "key": "medspasync-backend-2026-11-01", "done": "installed"} in report["contextKeys"]
    assert not any(value in out for value in vault.values())
    assert signs_in(by_password, vault[password.secret])
    assert can_act_by_password(by_password, vault, key, vault[password.secret])
    del vault[password.secret]
    monkeypatch.setenv("MEDSPASYNC_CREDENTIALS", text.replace("2026-11-01", "2026-12-01"))
    code, _, err = run("credentials", "--dsn", by_password.server.dsn(JOB, by_password.dbname))
    assert code == 2
    assert "HTTP 404" in err


def can_act_by_password(world: World, vault: Secrets, key: ContextKey, password: str) -> bool:
    value = json.loads(vault[key.secret])
    token = sign_context(key_id=value["keyId"], secret=bytes.fromhex(value["secret"]), tenant=world.a.id, actor="a",
                         correlation_id="c", purpose="p")  # fmt: skip
    with psycopg.connect(world.server.dsn(BACKEND, world.dbname), password=password) as app:
        app.execute("SELECT app.begin_context(%s)", (token,))
        return app.execute("SELECT count(*) FROM phi.patient").fetchone() == (2,)


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
