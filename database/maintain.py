"""The scheduled job: partitions ahead, privilege drift, sealing, and what is past retention."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from database.errors import explain


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


def _value(connection: Connection[tuple], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None  # a function call has one row
    return row[0]
