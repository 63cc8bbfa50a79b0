"""A major upgrade in place, by pg_upgrade, which is also what a platform's own upgrade checks with; and a dump that is
loaded into a newer server (the one that `make test` runs). Afterwards nothing looks tampered with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from database import runner
from tests.database import conftest
from tests.database.servers import Binaries, Server, discover, ordinary_user, running
from tests.database.world import World

NAME = "upgraded"


def pair() -> tuple[Binaries, Binaries]:
    """The oldest and the newest installation that have what it takes."""
    found = sorted(
        (b for b in discover() if (b.folder / "pg_dump").exists()), key=lambda b: int(b.version.split(".")[0])
    )
    if len({b.version.split(".")[0] for b in found}) < 2:
        pytest.skip("two major versions of PostgreSQL are needed, with their programs")
    return found[0], found[-1]


def filled(server: Server, run: Any, anchors: Path) -> World:
    """A populated, sealed database without pgaudit, which the newer server here does not have."""
    conftest._as_platform(
        server, "CREATE ROLE administrator LOGIN CREATEROLE CREATEDB", f"CREATE DATABASE {NAME} OWNER administrator"
    )
    with server.connect("administrator", NAME) as connection:
        runner.bootstrap(connection, pgaudit=False)
    conftest.apply(server, NAME)
    world = World(server, NAME)
    world.populate()
    assert run("maintain", "--dsn", server.dsn("medspasync_maintainer", NAME), "--json", str(anchors))[0] == 0
    for dbname in (NAME, "postgres", "template1"):
        # Minor releases of November 2026 keep a version in each column's options, which earlier ones of a newer major
        # version do not know: an upgrade goes to a release that is as new.
        conftest._as_platform(
            server, "UPDATE pg_attribute SET attoptions = NULL WHERE attoptions IS NOT NULL", dbname=dbname
        )
    return world


def findings(out: str) -> list[str]:
    """Failing rules, but for parameters: what a server may have loaded is not what is asked here."""
    rules = [f"{f['rule']}: {f['message']}" for f in json.loads(out)["findings"] if f["status"] == "fail"]
    return [rule for rule in rules if not rule.startswith("database/parameter")]


@pytest.mark.long
def test_an_upgrade_in_place_looks_like_no_tampering(run: Any, tmp_path: Path) -> None:
    older, newer = pair()
    program = newer.folder / "pg_upgrade"
    if not program.exists():
        pytest.skip("this installation has no pg_upgrade")
    anchors, kept = tmp_path / "heads.json", tmp_path / "old"
    with running(older) as server:
        filled(server, run, anchors)
        server.keep = kept
    with running(newer) as fresh:
        empty = tmp_path / "new"
        fresh.keep = empty
    user = ordinary_user()
    work = Path("/tmp/medspasync-upgrade")  # where the server's user may work
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for source in (kept, empty):
        shutil.copytree(source, work / source.name)
        (work / source.name / "postgresql.auto.conf").write_text("")
    programs = work / "programs"
    shutil.copytree(newer.folder.parent, programs)
    if user:
        subprocess.run(["chown", "-R", user, work], check=True)
        subprocess.run(["chmod", "700", work / "old", work / "new"], check=True)
    done = subprocess.run(
        [programs / newer.folder.name / "pg_upgrade", "-b", older.folder, "-B", programs / newer.folder.name,
         "-d", work / "old", "-D", work / "new", "-U", "platform", "-s", work],
        user=user, cwd=work, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    with running(newer, copy_of=work / "new") as server:
        world = World(server, NAME).recall()
        arguments = ("--dsn", server.dsn("medspasync_auditor", NAME), "--anchors", str(anchors), "--json", "-")
        assert findings(run("verify", *arguments)[1]) == []
        with world.acting("medspasync_backend", world.a) as app:
            app.execute("UPDATE phi.consent SET granted = NOT granted")
            assert app.execute("SHOW statement_timeout").fetchone() == ("30s",)
        assert run("maintain", "--dsn", server.dsn("medspasync_maintainer", NAME))[0] == 0
        assert findings(run("verify", *arguments)[1]) == []
    shutil.rmtree(work)


def test_dump_loaded_into_newer_server_is_made_fit(run: Any, tmp_path: Path) -> None:
    """A dump loaded into a newer server is made fit."""
    older, newer = pair()
    anchors = tmp_path / "heads.json"
    with running(older) as server:
        filled(server, run, anchors)
        dump = subprocess.run(
            [newer.folder / "pg_dump", "-d", server.dsn("platform", NAME)], capture_output=True, check=True
        ).stdout
        roles = subprocess.run(
            [newer.folder / "pg_dumpall", "--roles-only", "-d", server.dsn("platform", "postgres")],
            capture_output=True,
            check=True,
        ).stdout
    with running(newer) as server:
        conftest._as_platform(server, f"CREATE DATABASE {NAME}")
        roles = b"\n".join(line for line in roles.splitlines() if b"platform" not in line)
        for text, dbname in ((roles, "postgres"), (dump, NAME)):
            psql = (newer.folder / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", server.dsn("platform", dbname))
            loaded = subprocess.run(psql, input=text, capture_output=True)
            assert loaded.returncode == 0, loaded.stderr.decode()[-2000:]
        conftest._as_platform(server, f"ALTER DATABASE {NAME} OWNER TO administrator")
        # The administrator of a new server administers the roles that it took over, as Azure's may.
        for role in re.findall(r"CREATE ROLE (medspasync_\w+)", roles.decode()):
            conftest._as_platform(server, f"GRANT {role} TO administrator WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
        code, out, err = run(
            "restored",
            "--dsn",
            server.dsn("administrator", NAME),
            "--anchors",
            str(anchors),
            "--without-pgaudit",
            "--json",
            "-",
        )
        assert err == ""
        assert findings(out) == [], code
        world = World(server, NAME).recall()
        with world.acting("medspasync_backend", world.a) as app:
            app.execute("UPDATE phi.consent SET granted = NOT granted")
