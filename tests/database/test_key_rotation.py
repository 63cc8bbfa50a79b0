"""Data keys through their life, with a stand-in for Key Vault's REST interface."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from database import keys
from database.errors import DatabaseRoomError
from tests.database.world import BACKEND, Clinic, World

VAULT_KEY = "https://vault.example/keys/phi-columns"


class Vault:
    """Wraps by XOR with a secret of the key's version: reversible, and what is stored is not the key."""

    def __init__(self) -> None:
        self.version = "1" * 32
        self.requests: list[tuple[str, dict[str, str]]] = []

    def urlopen(self, request: urllib.request.Request, *, timeout: float) -> io.BytesIO:
        assert timeout > 0
        url, _, query = request.full_url.partition("?")
        assert query == "api-version=7.4"
        assert request.get_header("Authorization") == "Bearer token-of-the-identity"
        assert isinstance(request.data, bytes)
        body: dict[str, str] = json.loads(request.data)
        self.requests.append((url, body))
        value = keys._from_base64url(body["value"])
        if url.endswith("/wrapkey"):
            key_id = f"{VAULT_KEY}/{self.version}"
            result = b"WRAPPED:" + bytes(v ^ 0x5A for v in value)
        else:
            key_id = url.removesuffix("/unwrapkey")
            result = bytes(v ^ 0x5A for v in value.removeprefix(b"WRAPPED:"))
        return io.BytesIO(json.dumps({"kid": key_id, "value": keys._base64url(result)}).encode())


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    stand_in = Vault()
    monkeypatch.setattr(urllib.request, "urlopen", stand_in.urlopen)
    return stand_in


@pytest.fixture
def wrapper(vault: Vault) -> keys.KeyVault:
    return keys.KeyVault(VAULT_KEY, token=lambda: "token-of-the-identity")


def transactions(world: World, clinic: Clinic) -> keys.Transaction:
    @contextmanager
    def transaction() -> Iterator[psycopg.Connection[tuple]]:
        with world.acting(BACKEND, clinic) as app:
            yield app

    return transaction


@pytest.fixture
def keyed(world: World, wrapper: keys.KeyVault) -> World:
    """World, its keys wrapped by the vault."""
    with world.login("platform") as platform:
        for clinic in (world.a, world.b):
            for key_id, key in ((clinic.column_key_id, clinic.column_key), (clinic.index_key_id, clinic.index_key)):
                wrapping_key, wrapped = wrapper.wrap(key)
                platform.execute("UPDATE security.data_keys SET wrapping_key = %s, wrapped = %s WHERE key_id = %s",
                                 (wrapping_key, wrapped, key_id))  # fmt: skip
    return world


def names(world: World, clinic: Clinic, wrapper: keys.KeyVault) -> set[str]:
    with world.acting(BACKEND, clinic) as app:
        known = {key.key_id: key.key for key in keys.data_keys(app, wrapper)}
        rows = app.execute(
            "SELECT id::text, full_name_sealed, app.key_id_of(full_name_sealed) FROM phi.patient"
        ).fetchall()
        return {
            app.execute(
                "SELECT app.open(%s, %s, 'phi.patient', 'full_name_sealed', %s)", (sealed, known[key], row_id)
            ).fetchone()[0]  # type: ignore[index]
            for row_id, sealed, key in rows
        }


def test_rotation_seals_everything_anew_and_nothing_is_lost(
    keyed: World, wrapper: keys.KeyVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rotation seals everything anew and nothing is lost."""
    monkeypatch.setattr(keys, "_BATCH", 1)  # several batches, several transactions
    a, b = keyed.a, keyed.b
    before = names(keyed, a, wrapper)
    report = keys.rotate_column_key(transactions(keyed, a), wrapper)
    assert report["resealed"] == {"phi.clinical_note.body_sealed": 2, "phi.message.body_sealed": 0,
                                  "phi.patient.email_sealed": 2, "phi.patient.full_name_sealed": 2,
                                  "phi.patient.phone_sealed": 0}  # fmt: skip
    assert names(keyed, a, wrapper) == before == {"Alpha Patient 1", "Alpha Patient 2"}
    with keyed.acting(BACKEND, a) as app:
        assert app.execute("SELECT DISTINCT app.key_id_of(full_name_sealed)::text FROM phi.patient").fetchall() == [
            (report["key_id"],)
        ]
        app.execute("SELECT app.destroy_data_key(%s)", (a.column_key_id,))
    assert names(keyed, b, wrapper) == {"Beta Patient 1", "Beta Patient 2"}  # the other tenant is untouched
    with keyed.login("medspasync_auditor") as auditor:
        events = auditor.execute("SELECT event FROM audit.security_logs WHERE detail ->> 'key_id' IN (%s, %s) ORDER BY event_id",
                                 (report["key_id"], str(a.column_key_id))).fetchall()  # fmt: skip
        resealed = auditor.execute(
            "SELECT count(*) FROM audit.hipaa_audit_logs WHERE changed_fields = '{full_name_sealed}'"
        ).fetchone()
    assert events == [("data_key_added",), ("data_key_added",), ("data_key_destroyed",)]
    assert resealed == (2,)


def test_an_interrupted_rotation_goes_on(keyed: World, wrapper: keys.KeyVault) -> None:
    a = keyed.a
    calls = 0

    @contextmanager
    def breaking() -> Iterator[psycopg.Connection[tuple]]:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise ConnectionError("the job was stopped")
        with keyed.acting(BACKEND, a) as app:
            yield app

    with pytest.raises(ConnectionError):
        keys.rotate_column_key(breaking, wrapper)
    with (
        keyed.acting(BACKEND, a) as app,
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="still sealed"),
    ):
        app.execute("SELECT app.destroy_data_key(%s)", (a.column_key_id,))
    assert names(keyed, a, wrapper) == {"Alpha Patient 1", "Alpha Patient 2"}  # both keys open meanwhile
    report = keys.rotate_column_key(transactions(keyed, a), wrapper, resume=True)
    assert sum(report["resealed"].values()) > 0
    with keyed.acting(BACKEND, a) as app:
        assert app.execute("SELECT count(*) FROM app.data_keys() WHERE purpose = 'column'").fetchone() == (2,)
        app.execute("SELECT app.destroy_data_key(%s)", (a.column_key_id,))


def test_the_index_key_rotates_in_one_transaction(keyed: World, wrapper: keys.KeyVault) -> None:
    a = keyed.a
    report = keys.rotate_index_key(transactions(keyed, a), wrapper)
    assert report["rebuilt"] == {"phi.patient.email_sealed": 2}
    with keyed.acting(BACKEND, a) as app:
        new = next(key for key in keys.data_keys(app, wrapper) if str(key.key_id) == report["key_id"])
        for key_id, key, expected in ((new.key_id, new.key, 1), (a.index_key_id, a.index_key, 0)):
            found = app.execute("SELECT count(*) FROM phi.patient WHERE email_index = app.blind_index('p1@alpha.example', %s, %s, 'email_sealed')",
                                (key_id, key)).fetchone()  # fmt: skip
            assert found == (expected,)


def test_the_index_waits_for_an_unfinished_column_rotation(keyed: World, wrapper: keys.KeyVault) -> None:
    with keyed.acting(BACKEND, keyed.a) as app:
        keys.add_key(app, wrapper, "column")
    with pytest.raises(DatabaseRoomError, match="finish its rotation first"):
        keys.rotate_index_key(transactions(keyed, keyed.a), wrapper)


def test_a_new_tenant_gets_its_first_keys(world: World, wrapper: keys.KeyVault) -> None:
    new = Clinic(keys.UUID(int=77), "Gamma")
    assert keys.rotate_index_key(transactions(world, new), wrapper)["rebuilt"] == {}
    assert keys.rotate_column_key(transactions(world, new), wrapper, resume=True)["resealed"] == {}
    with world.acting(BACKEND, new) as app:
        found = keys.data_keys(app, wrapper)
    assert sorted(key.purpose for key in found) == ["column", "index"]
    assert all(key.key.hex() not in repr(key) and str(key.key) not in repr(key) for key in found)


def test_only_retiring_key_of_ones_own_is_destroyed(keyed: World) -> None:
    """Only a retiring key of ones own is destroyed."""
    a, b = keyed.a, keyed.b
    with keyed.acting(BACKEND, a) as app:
        for wanted in (b.column_key_id, a.index_key_id):
            with (
                pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="only a retiring key"),
                app.transaction(),
            ):
                app.execute("SELECT app.destroy_data_key(%s)", (wanted,))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT app.reseal_batch('phi.patient', 'birth_year', %(id)s, %(key)s, %(id)s, %(key)s)",
        "SELECT app.reseal_batch('pg_class', 'relname', %(id)s, %(key)s, %(id)s, %(key)s)",
        "SELECT app.rebuild_blind_index('phi.patient', 'phone_sealed', %(key)s, %(id)s, %(key)s)",
    ],
)
def test_only_registered_sealed_columns_are_rewritten(shared_world: World, statement: str) -> None:
    clinic = shared_world.a
    with shared_world.acting(BACKEND, clinic) as app, pytest.raises(psycopg.errors.UndefinedObject):
        app.execute(statement.encode(), {"id": clinic.column_key_id, "key": clinic.column_key})


def test_the_wrapped_key_is_what_is_stored(keyed: World, vault: Vault, wrapper: keys.KeyVault) -> None:
    with keyed.login("platform") as platform:
        stored = platform.execute(
            "SELECT wrapped, wrapping_key FROM security.data_keys WHERE key_id = %s", (keyed.a.column_key_id,)
        ).fetchone()
    assert stored is not None
    assert keyed.a.column_key not in bytes(stored[0])
    assert wrapper.unwrap(stored[1], bytes(stored[0])) == keyed.a.column_key
    assert {body["alg"] for _, body in vault.requests} == {"RSA-OAEP-256"}


def test_row_that_names_another_vault_gets_no_token(wrapper: keys.KeyVault, vault: Vault) -> None:
    """A row that names another vault gets no token."""
    for other in ("https://evil.example/keys/x/1", VAULT_KEY + "-2/1"):
        with pytest.raises(DatabaseRoomError, match="not by"):
            wrapper.unwrap(other, b"x")
    assert vault.requests == []


@pytest.mark.parametrize("url", ["http://vault.example/keys/x", "https://vault.example/secrets/x", ""])
def test_key_url_is_https_and_of_a_key(url: str) -> None:
    """A key url is https and of a key."""
    with pytest.raises(DatabaseRoomError, match="expected https"):
        keys.KeyVault(url)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (urllib.error.HTTPError("https://x", 403, "Forbidden", None, None), "refused wrapkey: HTTP 403"),  # type: ignore[arg-type]
        (urllib.error.URLError("no route"), "cannot be reached"),
    ],
)
def test_a_vault_that_refuses_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, message: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(DatabaseRoomError, match=message):
        keys.KeyVault(VAULT_KEY, token=lambda: "t").wrap(b"k" * 32)
