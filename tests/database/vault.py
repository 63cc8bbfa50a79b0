"""A vault's secrets for tests, and what an application can do with them on a real server."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg

from database import runner
from database.context import sign_context
from database.credentials import ContextKey, Password
from tests.database.world import BACKEND, World

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


def can_act(world: World, vault: Secrets, key: ContextKey, role: str = BACKEND, password: str | None = None) -> bool:
    """Whether a context signed with a key gets the application its tenant, and no row of another."""
    value = json.loads(vault[key.secret])
    token = sign_context(key_id=value["keyId"], secret=bytes.fromhex(value["secret"]), tenant=world.a.id, actor="a",
                         correlation_id="c", purpose="p")  # fmt: skip
    try:
        with psycopg.connect(world.server.dsn(role, world.dbname), password=password) as app:
            begun = app.execute("SELECT app.begin_context(%s)", (token,)).fetchone()
            return (begun, app.execute("SELECT count(*) FROM phi.patient").fetchone()) == ((world.a.id,), (2,))
    except psycopg.errors.InvalidAuthorizationSpecification:
        return False


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


def signs_in(world: World, password: str | None) -> bool:
    try:
        with psycopg.connect(world.server.dsn(BACKEND, world.dbname), password=password):
            return True
    except psycopg.OperationalError:
        return False
