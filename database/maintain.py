"""The scheduled job: partitions ahead, privilege drift, sealing, and what is past retention.

What it reads does not grow with the trail: the newest seals and what has no seal yet. The whole is `verify`'s.
"""

from datetime import timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from database.connection import value_of
from database.errors import explained

LATE = timedelta(minutes=30)
"""Rows that wait longer than this for their seal are a finding: the job runs every few minutes."""
SEAL_SECRET = timedelta(days=30)
"""How old the secret that seals contexts may get."""


def maintain(connection: Connection[tuple]) -> dict[str, Any]:
    """One round. Safe to repeat and to run twice at once.

    :param connection: of the maintainer.
    :returns: what was done, the chain's heads (to be kept outside the database), what is wrong with the newest seals,
        what waits for a seal, whose transactions were open, and the months past retention.
    :raises DatabaseRoomError: the server refused.
    """
    with explained("maintain"):
        epoch = value_of(connection, "SELECT audit.begin_epoch()")
        partitions = [row[0] for row in connection.execute("SELECT audit.ensure_partitions()").fetchall()]
        changes = value_of(connection, "SELECT security.capture_privileges()")
        rotated = value_of(connection, "SELECT security.context_seal_age()") > SEAL_SECRET
        if rotated:
            value_of(connection, "SELECT security.rotate_context_seal()")
        with connection.cursor(row_factory=dict_row) as cursor:
            seals = cursor.execute(
                "SELECT log, seq, to_char(period, 'YYYY-MM') AS period, row_count, encode(hash, 'hex') AS hash "
                "FROM audit.seal()"
            ).fetchall()
            recent = cursor.execute(
                "SELECT log, seq, encode(hash, 'hex') AS hash, problem "
                "FROM audit.recent_seals(now() - interval '1 hour')"
            ).fetchall()
            due = cursor.execute(
                "SELECT log, to_char(period, 'YYYY-MM') AS period FROM audit.periods_past_retention()"
            ).fetchall()
            # Their rows have no seal before they end. Other sessions' start is not this role's to see.
            open_ones = cursor.execute(
                "SELECT l.pid, a.usename AS role FROM audit.chain_state AS s CROSS JOIN unnest(s.pending) AS p (xact) "
                "JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' "
                "AND l.transactionid = p.xact::xid JOIN pg_stat_activity AS a ON a.pid = l.pid "
                "WHERE l.pid <> pg_backend_pid() AND a.datname = current_database() ORDER BY p.xact"
            ).fetchall()
        unsealed = value_of(connection, "SELECT audit.unsealed_for()")
        sealed_at = value_of(connection, "SELECT sealed_at FROM audit.chain_state")
    broken = [{"log": row["log"], "problem": row["problem"]} for row in recent if row["problem"]]
    if unsealed and unsealed > LATE:
        broken.append({"log": "both", "problem": f"rows wait for their seal since {unsealed}"})
    return {
        "epoch_begun": epoch,
        "partitions": partitions,
        "privilege_changes": changes,
        "context_seal_rotated": rotated,
        "seals": seals,
        "heads": [{key: row[key] for key in ("log", "seq", "hash")} for row in recent],
        "sealed_at": sealed_at.isoformat(timespec="seconds"),
        "unsealed_minutes": int(unsealed.total_seconds() // 60) if unsealed else 0,
        "open_transactions": open_ones,
        "broken": broken,
        "past_retention": due,
    }
