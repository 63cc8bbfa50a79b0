"""Tokens as applications make them: in Python here, in JavaScript as the documentation shows it."""

from __future__ import annotations

import hashlib
import hmac
import re
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.context import sign_context
from tests.database.world import World

TENANT = UUID("aaaaaaaa-0000-4000-8000-000000000001")
GOOD = {"key_id": "k", "secret": b"s" * 32, "tenant": TENANT, "actor": "a", "correlation_id": "c", "purpose": "p"}
DOCS = Path(__file__).parents[2] / "docs" / "database.md"

identifiers = st.text(alphabet=st.sampled_from("abcXYZ019._:-"), min_size=1, max_size=128)


@given(actor=identifiers, purpose=identifiers, secret=st.binary(min_size=32, max_size=64))
def test_a_token_is_its_parts_and_their_mac(actor: str, purpose: str, secret: bytes) -> None:
    token = sign_context(**{**GOOD, "actor": actor, "purpose": purpose, "secret": secret})  # type: ignore[arg-type]
    payload, mac = token.rsplit("|", 1)
    parts = payload.split("|")
    assert (parts[0], parts[3], parts[4], parts[6]) == ("v1", str(TENANT), actor, purpose)
    assert hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest() == mac


@pytest.mark.parametrize("part", ["key_id", "actor", "correlation_id", "purpose"])
@pytest.mark.parametrize("value", ["", "a|b", "jane@clinic.example", "Jane Doe", "x" * 129, "a\nb"])
def test_a_part_that_is_no_identifier_is_refused(part: str, value: str) -> None:
    with pytest.raises(ValueError, match=part):
        sign_context(**{**GOOD, part: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [0, -1, 3601])
def test_a_lifetime_out_of_range_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="1 to 3600"):
        sign_context(**GOOD, seconds=seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize("actor", ["jane@clinic.example", "Jane Doe", "", "x" * 129])
def test_server_refuses_signed_part_that_is_no_identifier(shared_world: World, actor: str) -> None:
    """It would end up in the trail. The signer is trusted with tenants, not with PHI."""
    secret = shared_world.secrets["medspasync_backend"]
    token = shared_world.token("medspasync_backend", shared_world.a)
    payload = token.rsplit("|", 1)[0].replace("|staff-7|", f"|{actor}|")
    token = payload + "|" + hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()
    with (
        shared_world.login("medspasync_backend") as app,
        pytest.raises(psycopg.errors.InvalidParameterValue, match="actor, correlation id and purpose"),
    ):
        app.execute("SELECT app.begin_context(%s)", (token,))


def test_documented_javascript_makes_a_token_that_server_accepts(shared_world: World) -> None:
    """The documented javascript makes a token that the server accepts."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    (script,) = re.findall(r"```js\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.S)
    secret = shared_world.secrets["medspasync_backend"].hex()
    script += (
        f"\nprocess.stdout.write(signContext({{keyId: 'medspasync_backend', secret: Buffer.from('{secret}', 'hex'), "
        f"tenant: '{shared_world.a.id}', actor: 'staff-7', correlationId: 'req-1', purpose: 'treatment'}}))"
    )
    token = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True).stdout
    with shared_world.login("medspasync_backend") as app, app.transaction():
        assert app.execute("SELECT app.begin_context(%s)", (token,)).fetchone() == (shared_world.a.id,)


def test_the_module_runs_as_a_program() -> None:
    said = subprocess.run([sys.executable, "-m", "database", "--help"], capture_output=True, text=True, check=True)
    assert "bootstrap" in said.stdout


@pytest.mark.parametrize("place", [0, 1, 31, 62, 63])
def test_a_token_altered_anywhere_is_refused(shared_world: World, place: int) -> None:
    """One hexadecimal digit of its MAC, each by itself, or its case: refused as a foreign one is."""
    token = shared_world.token("medspasync_backend", shared_world.a)
    signed, mac = token[:-64], token[-64:]
    other = mac[:place] + ("0" if mac[place] != "0" else "1") + mac[place + 1 :]
    with shared_world.login("medspasync_backend") as app:
        for forged in (
            signed + other,
            signed + mac.upper() if mac.upper() != mac else signed + other,
            signed + mac[:-1],
        ):
            with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification, match="context refused"):
                app.execute("SELECT app.begin_context(%s)", (forged,))


def test_a_token_serves_any_session_of_its_role(shared_world: World) -> None:
    """It may be presented again until it expires (test_a_context_expires), by its role alone."""
    token = shared_world.token("medspasync_backend", shared_world.a)
    for _ in range(3):
        with shared_world.login("medspasync_backend") as app, app.transaction():
            app.execute("SELECT app.begin_context(%s)", (token,))
            assert app.execute("SELECT count(*) FROM phi.patient").fetchone() == (2,)
    with (
        shared_world.login("medspasync_pro_next") as other,
        pytest.raises(psycopg.errors.InvalidAuthorizationSpecification),
    ):
        other.execute("SELECT app.begin_context(%s)", (token,))
