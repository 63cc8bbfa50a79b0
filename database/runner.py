"""Bootstrap and apply: ordered, once, under a lock, refusing a history that was changed."""

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import Connection, sql

from database.connection import value_of
from database.errors import DatabaseRoomError, explain, explained
from database.files import ROOT, SqlFile, read_files, role_catalogue

# Runs wait for each other at this table. Not at an advisory lock: any application may take those.
_HISTORY = "security.schema_history"
# A change that waits for a lock makes every reader after it wait too: it gives up soon and tries again.
_ATTEMPTS = 5


@dataclass(frozen=True)
class Step:
    """What a run does, or would do, with one file: ``run``, ``again`` (repeatable) or ``done``."""

    file: SqlFile
    action: str


def make_database(connection: Connection[tuple], name: str) -> bool:
    """Create the application's database where it is not there yet; bootstrap then gives it to medspasync_owner.

    :param connection: of the administrator, to another database of the server.
    :returns: whether it was made.
    :raises DatabaseRoomError: the server refuses.
    """
    if value_of(connection, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        return False
    try:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.errors.DuplicateDatabase:
        return False
    except psycopg.Error as refused:
        raise explain(refused, f"database {name}") from refused
    return True


def bootstrap(connection: Connection[tuple], *, pgaudit: bool = True, passwords: Collection[str] = ()) -> list[Step]:
    """Roles, ownership of the database, extensions, schemas, what the keeper owns: in one transaction. May be repeated;
    of two at once one fails.

    :param connection: of an administrator (CREATEROLE, CREATEDB); superuser is not needed.
    :param pgaudit: False records that this server has none; ``validate_hipaa_compliance()`` then warns.
    :param passwords: roles that sign in by password, which `credentials` sets; all others lose one that it set.
    :raises DatabaseRoomError: a right or an extension is missing, a role has more than it may, or the database
        belongs to somebody else.
    """
    files = read_files("bootstrap")
    file = files[0]
    roles = [role | {"password": role["name"] in passwords} for role in role_catalogue()]
    try:
        with connection.transaction():
            connection.execute(
                "DO $$ BEGIN RAISE LOG 'medspasync administrator session: bootstrap by %', session_user; END $$"
            )
            connection.execute(
                # Nothing is looked for where the migrator could have put it, as in public.
                "SELECT set_config('search_path', 'pg_catalog, pg_temp', true), "
                "set_config('medspasync.pgaudit', %s, true), set_config('medspasync.roles', %s, true)",
                ("required" if pgaudit else "waived", json.dumps(roles)),
            )
            durations: list[float] = []
            for file in files:
                begun = time.monotonic()
                connection.execute(file.text.encode())
                durations.append(time.monotonic() - begun)
            # 020 made the administrator a member of owner and keeper; this transaction ends with that taken back.
            connection.execute("SET LOCAL ROLE medspasync_owner")
            for file, duration in zip(files, durations, strict=True):
                connection.execute(
                    "INSERT INTO security.schema_history (phase, file, checksum, duration) "
                    "VALUES ('bootstrap', %s, %s, make_interval(secs => %s)) "
                    "ON CONFLICT (phase, file) DO UPDATE SET checksum = excluded.checksum, "
                    "applied_at = clock_timestamp(), applied_by = session_user, duration = excluded.duration",
                    (file.name, file.checksum, duration),
                )
            connection.execute("RESET ROLE")
            connection.execute("REVOKE medspasync_owner, medspasync_keeper, medspasync_phi_audit FROM CURRENT_USER")
    except psycopg.Error as refused:
        raise explain(refused, f"bootstrap/{file.name}") from refused
    return [Step(file, "again") for file in files]


def plan(connection: Connection[tuple], folder: Path = ROOT / "sql") -> list[Step]:
    """What apply would do.

    :raises DatabaseRoomError: bootstrap has not run, this role may not read the history, or the history was changed:
        an applied file differs, is gone, or a new one is numbered below one that was applied.
    """
    files = read_files("apply", folder)
    try:
        history = dict(
            connection.execute("SELECT file, checksum FROM security.schema_history WHERE phase = 'apply'").fetchall()
        )
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as absent:
        raise DatabaseRoomError("this database was not bootstrapped: run python -m database bootstrap") from absent
    except psycopg.Error as refused:
        raise explain(refused, "reading the history") from refused
    problems = [f"{name} was applied and is gone" for name in sorted(history) if name not in {f.name for f in files}]
    problems += [
        f"{f.name} was changed after it was applied"
        for f in files
        if f.name in history and history[f.name] != f.checksum
    ]
    last = max(history, default="")
    problems += [
        f"{f.name} is numbered below {last}, which was applied"
        for f in files
        if f.name not in history and f.name < last
    ]
    if problems:
        raise DatabaseRoomError("changed history: " + "; ".join(problems) + ". A change is a new file.")
    steps = [Step(f, "done" if f.name in history else "run") for f in files]
    return steps + [Step(f, "again") for f in read_files("repeat", folder)]


def apply(connection: Connection[tuple], folder: Path = ROOT / "sql") -> list[Step]:
    """Runs what is pending, each file in a transaction of its own, as the owner. Interrupted, it goes on next time.

    :param connection: of the migrator.
    :raises DatabaseRoomError: as :func:`plan`; the role is an administrator; a file fails (none after it is run).
    """
    _refuse_administrator(connection)
    steps = plan(connection, folder)
    done: list[Step] = []
    for step in steps:
        if step.action == "done":
            continue
        with explained(f"{step.file.phase}/{step.file.name}"):
            ran = _run_patiently(connection, step)
        if ran:
            done.append(step)
    return done


def _run_patiently(connection: Connection[tuple], step: Step) -> bool:
    """Run a file; where a lock cannot be had, let those in the queue behind it pass and try again."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _run(connection, step)
        except psycopg.errors.LockNotAvailable:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(attempt)
    raise AssertionError("the last attempt returns or raises")


def _run(connection: Connection[tuple], step: Step) -> bool:
    """Run a file in a transaction of its own, as the owner; False when another run was faster."""
    with connection.transaction():
        connection.execute("SET LOCAL ROLE medspasync_owner")
        # Held to the end of the transaction, so it works through a pooler; lock_timeout bounds the wait.
        connection.execute("SET LOCAL lock_timeout = '30s'")
        connection.execute(f"LOCK TABLE {_HISTORY} IN SHARE ROW EXCLUSIVE MODE".encode())
        recorded = "SELECT 1 FROM security.schema_history WHERE phase = 'apply' AND file = %s"
        if step.action == "run" and value_of(connection, recorded, step.file.name):
            return False
        connection.execute("SET LOCAL lock_timeout = '3s'")
        begun = time.monotonic()
        connection.execute(step.file.text.encode())
        if step.action == "run":
            connection.execute(
                "INSERT INTO security.schema_history (phase, file, checksum, duration) "
                "VALUES ('apply', %s, %s, make_interval(secs => %s))",
                (step.file.name, step.file.checksum, time.monotonic() - begun),
            )
    return True


def _refuse_administrator(connection: Connection[tuple]) -> None:
    row = connection.execute(
        "SELECT session_user, rolsuper OR rolbypassrls OR rolcreaterole, "
        "EXISTS (SELECT FROM pg_roles AS o WHERE o.rolname = 'medspasync_owner') "
        "FROM pg_roles WHERE rolname = session_user"
    ).fetchone()
    assert row is not None  # session_user is always a role
    if row[1]:
        raise DatabaseRoomError(f"apply as {row[0]} refused: it is an administrator; apply runs as medspasync_migrator")
    if not row[2]:
        raise DatabaseRoomError("this database was not bootstrapped: run python -m database bootstrap")
