"""The scheduled job: partitions ahead, privilege drift, sealing, and what is past retention."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from database.errors import DatabaseRoomError, explain


def maintain(connection: Connection[tuple]) -> dict[str, Any]:
    """One round. Safe to repeat and to run twice at once.

    :param connection: of the maintainer.
    :returns: what was done, the chain's heads (to be kept outside the database) and the months past retention.
    :raises DatabaseRoomError: the server refused.
    """
    try:
        epoch = _value(connection, "SELECT audit.begin_epoch()")
        partitions = [row[0] for row in connection.execute("SELECT audit.ensure_partitions()").fetchall()]
        changes = _value(connection, "SELECT security.capture_privileges()")
        with connection.cursor(row_factory=dict_row) as cursor:
            seals = cursor.execute(
                "SELECT log, seq, to_char(period, 'YYYY-MM') AS period, row_count, encode(hash, 'hex') AS hash "
                "FROM audit.seal()"
            ).fetchall()
            heads = cursor.execute(
                "SELECT DISTINCT ON (log) log, seq, encode(hash, 'hex') AS hash FROM audit.seals ORDER BY log, seq DESC"
            ).fetchall()
            chain = cursor.execute(
                "SELECT log, to_char(period, 'YYYY-MM') AS period, problem FROM audit.verify_audit_chain() "
                "WHERE status <> 'intact'"
            ).fetchall()
            due = cursor.execute(
                "SELECT log, to_char(period, 'YYYY-MM') AS period FROM audit.periods_past_retention()"
            ).fetchall()
    except psycopg.Error as refused:
        raise explain(refused, "maintain") from refused
    return {
        "epoch_begun": epoch,
        "partitions": partitions,
        "privilege_changes": changes,
        "seals": seals,
        "heads": heads,
        "broken": chain,
        "past_retention": due,
    }


def export(connection: Connection[tuple], folder: Path) -> list[dict[str, Any]]:
    """Writes every month past retention to ``folder``: the rows (``seal<TAB>row`` a line) and the seals that vouch for
    them. Drops nothing: that is :func:`retire`, after the files lie where they are kept.

    :returns: a line for each file: log, period, rows and SHA-256.
    """
    written: list[dict[str, Any]] = []
    try:
        due = connection.execute("SELECT log, period FROM audit.periods_past_retention()").fetchall()
        for log, period in due:
            rows = connection.execute("SELECT seq, line FROM audit.export_period(%s, %s)", (log, period)).fetchall()
            seals = connection.execute(
                "SELECT seq, row_count, encode(rows_digest, 'hex'), encode(hash, 'hex') FROM audit.seals "
                "WHERE log = %s AND period = %s ORDER BY seq",
                (log, period),
            ).fetchall()
            path = folder / f"{log}_{period:%Y_%m}.tsv"
            content = "".join(f"{seq}\t{line}\n" for seq, line in rows).encode()
            path.write_bytes(content)
            path.with_suffix(".seals.json").write_text(json.dumps(seals, indent=1) + "\n")
            digest = hashlib.sha256(content).hexdigest()
            written.append(
                {"file": path.name, "log": log, "period": f"{period:%Y-%m}", "rows": len(rows), "sha256": digest}
            )
    except psycopg.Error as refused:
        raise explain(refused, "export") from refused
    except OSError as unwritable:
        raise DatabaseRoomError(f"{folder}: {unwritable.strerror}") from unwritable
    return written


def read_export(path: Path) -> tuple[str, str | None]:
    """Checks one exported month against its seals. Returns the file's SHA-256 and the last seal's hash (None: empty).

    Needs no database: an auditor can run it on the archive.

    :raises DatabaseRoomError: a file is missing, or its rows are not what was sealed.
    """
    try:
        content = path.read_bytes()
        seals = json.loads(path.with_suffix(".seals.json").read_text())
    except (OSError, ValueError) as unreadable:
        raise DatabaseRoomError(f"{path.name}: {unreadable}") from unreadable
    states: dict[int, tuple[int, bytes]] = {}
    for line in content.decode().split("\n")[:-1]:  # not splitlines(): JSON leaves U+2028 as it is
        seq, row = line.split("\t", 1)
        count, state = states.get(int(seq), (0, b""))
        states[int(seq)] = (count + 1, hashlib.sha256(state + hashlib.sha256(row.encode()).digest()).digest())
    expected = {seq: (count, bytes.fromhex(digest)) for seq, count, digest, _ in seals}
    if states != expected:
        raise DatabaseRoomError(f"{path.name}: its rows are not what was sealed")
    return hashlib.sha256(content).hexdigest(), seals[-1][3] if seals else None


def retire(connection: Connection[tuple], folder: Path, location: str) -> list[str]:
    """Drops the months past retention whose exports lie in ``folder`` and are what was sealed.

    :param location: where the exports are kept, for the record; a URL of immutable storage.
    :raises DatabaseRoomError: an export is missing or altered (nothing after it is dropped), or the server refused.
    """
    retired: list[str] = []
    try:
        for log, period in connection.execute("SELECT log, period FROM audit.periods_past_retention()").fetchall():
            path = folder / f"{log}_{period:%Y_%m}.tsv"
            digest, closing = read_export(path)
            connection.execute(
                "SELECT audit.retire_period(%s, %s, %s, %s, %s)",
                (
                    log,
                    period,
                    bytes.fromhex(closing) if closing else None,
                    f"{location.rstrip('/')}/{path.name}",
                    digest,
                ),
            )
            retired.append(path.stem)
    except psycopg.Error as refused:
        raise explain(refused, "retire") from refused
    return retired


def _value(connection: Connection[tuple], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None  # a function call has one row
    return row[0]
