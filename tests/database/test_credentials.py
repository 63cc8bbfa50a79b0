# ruff: noqa: E501 (SQL statements stay on one line)
"""The command that sets credentials: its manifest, the vault that it asks, and what it does."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database import credentials
from database.credentials import FETCHED, ContextKey, Known, Manifest, Password, Vault, decide, read_manifest
from database.errors import DatabaseRoomError
from tests.database.vault import D1, D2, UNTIL, Secrets, can_act, signs_in
from tests.database.world import BACKEND, JOB, World

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
    assert can_act(by_password, vault, key, password=vault[password.secret])
    del vault[password.secret]
    monkeypatch.setenv("MEDSPASYNC_CREDENTIALS", text.replace("2026-11-01", "2026-12-01"))
    code, _, err = run("credentials", "--dsn", by_password.server.dsn(JOB, by_password.dbname))
    assert code == 2
    assert "HTTP 404" in err
