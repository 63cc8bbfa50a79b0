"""Context keys on their way from the vault into real servers: which is accepted when, and who may set one."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import json
from datetime import date, timedelta

import psycopg
import pytest

from database import credentials
from database.credentials import ContextKey
from database.errors import DatabaseRoomError
from tests.database.vault import D1, D2, D3, Secrets, can_act
from tests.database.world import BACKEND, JOB, PRO, World


def set_keys(world: World, vault: Secrets, *keys: ContextKey) -> dict[str, str]:
    with world.login(JOB) as job:
        done = credentials.set_context_keys(job, list(keys), vault.__getitem__)
    return {row["key"]: row["done"] for row in done}


def events(world: World) -> list[tuple[str, str]]:
    with world.login("medspasync_auditor") as auditor:
        return auditor.execute(
            "SELECT event, detail ->> 'key_id' FROM audit.security_logs WHERE event LIKE 'context_key%%' AND db_role = %s "
            "ORDER BY 2", (JOB,)).fetchall()  # fmt: skip


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
