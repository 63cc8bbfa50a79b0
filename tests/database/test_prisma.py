"""The contract's client (samples/prisma) with the real Prisma, directly and through PgBouncer in transaction mode; and
what its migrations need.

Needs node 20, ``npm ci`` and ``npm run generate`` in samples/prisma, and for the pooler pgbouncer (.ci/run installs all
three); skipped by name otherwise.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from database.files import ROOT
from tests.database import conftest
from tests.database.servers import Server, free_port, ordinary_user
from tests.database.world import BACKEND, World

SAMPLE = ROOT.parent / "samples" / "prisma"


@pytest.fixture(scope="module")
def node() -> str:
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not on PATH: the Prisma sample was not run")
    if not (SAMPLE / "node_modules" / ".prisma" / "client" / "index.js").exists():
        pytest.skip("Prisma is not installed (npm ci and npm run generate in samples/prisma): its sample was not run")
    return program


@contextmanager
def pooler(server: Server, dbname: str, folder: Path) -> Iterator[int]:
    """PgBouncer in transaction mode with two server connections; gives its port on the loopback interface."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not on PATH: nothing was run through it")
    port = free_port()
    (folder / "users.txt").write_text(f'"{BACKEND}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{dbname} = host={server.folder} port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {folder}/users.txt\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nignore_startup_parameters = extra_float_digits,options\n"
    )
    user = ordinary_user()
    if user:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)
    process = subprocess.Popen(
        [program, "-q", folder / "pgbouncer.ini"], user=user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        _answers(process, port, dbname)
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(process: subprocess.Popen[bytes], port: int, dbname: str) -> None:
    """Until it takes connections, as long as that takes; each attempt waits for itself."""
    while process.poll() is None:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user={BACKEND} dbname={dbname}").close()
            return
        except psycopg.OperationalError:
            os.sched_yield()
    raise AssertionError("pgbouncer does not answer")


def run_sample(node: str, world: World, url: str, prepare: bool) -> str:
    key = {"keyId": BACKEND, "secret": world.secrets[BACKEND].hex()}
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": url, "DATABASE_CONTEXT_KEY": json.dumps(key),
        "TENANT_A": str(world.a.id), "TENANT_B": str(world.b.id), "PREPARE": "1" if prepare else "0",
    }  # fmt: skip
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", "test/client.test.js"],
        cwd=SAMPLE,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where another user may read, unlike pytest's own folders."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="medspasync-bouncer-"))
    yield folder
    shutil.rmtree(folder)


def test_the_sample_works_through_a_pooler(world: World, node: str, short_folder: Path) -> None:
    """Debian's PgBouncer is older than 1.21 and knows no prepared statements in transaction mode."""
    with pooler(world.server, world.dbname, short_folder) as port:
        said = run_sample(node, world, f"postgresql://{BACKEND}@127.0.0.1:{port}/{world.dbname}", prepare=False)
    assert "# fail 0" in said


def test_the_sample_prepares_its_statements(world: World, node: str) -> None:
    url = f"postgresql://{BACKEND}@localhost:{world.server.port}/{world.dbname}?host={world.server.folder}"
    said = run_sample(node, world, url, prepare=True)
    assert "# skipped 0" in said


def test_migrations_replay_in_an_empty_shadow(server: Server) -> None:
    """Prisma's shadow database has nothing of the platform; and in the platform the same file changes nothing."""
    text = (SAMPLE / "migrations" / "00000000000000_platform" / "migration.sql").read_text(encoding="utf-8")
    later = "CREATE TABLE phi.invoice (id uuid PRIMARY KEY, tenant_id uuid NOT NULL); " \
            "SELECT security.secure_table('phi.invoice', 'tenant_id', writers => '{medspasync_backend}')"  # fmt: skip
    shadow, real = conftest.empty_database(server), conftest.fresh_database(server)
    for role, dbname, secured in (("platform", shadow, False), ("medspasync_migrator", real, True)):
        with server.connect(role, dbname) as session:
            session.execute(text.encode())
            session.execute(later.encode())
            row = session.execute(
                "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'phi.invoice'::regclass"
            ).fetchone()
            assert row == (secured,)


@pytest.mark.parametrize(("columns", "fails"), [("", False), (", face text", True)])
def test_prismas_own_table_needs_no_exemption(shared_world: World, columns: str, fails: bool) -> None:
    """`migrate resolve` makes it as the migrator, with ?schema=phi; another table of that name is another table."""
    with shared_world.login("medspasync_migrator") as migrator, migrator.transaction(force_rollback=True):
        migrator.execute(
            "CREATE TABLE phi._prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, "
            "finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, "
            "started_at timestamptz NOT NULL DEFAULT now(), "
            f"applied_steps_count integer NOT NULL DEFAULT 0{columns})".encode()
        )
        found = migrator.execute(
            "SELECT object FROM security.check_unprotected_tables() WHERE problem IS NOT NULL"
        ).fetchall()
    assert found == ([("phi._prisma_migrations",)] if fails else [])
