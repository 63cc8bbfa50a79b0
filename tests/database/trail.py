"""What tests do with the audit trail of a real server: seal, tamper, judge, and make an old month."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

from typing import Any

from database import chain
from tests.database.world import AUDITOR, MAINTAINER, World


def seal(world: World) -> list[tuple[Any, ...]]:
    with world.login(MAINTAINER) as maintainer:
        return maintainer.execute("SELECT log, seq, row_count FROM audit.seal() ORDER BY log").fetchall()


def verdicts(world: World) -> list[tuple[Any, ...]]:
    """What is wrong: log and problem."""
    with world.login("medspasync_auditor") as auditor:
        return auditor.execute(
            "SELECT log, problem FROM audit.verify_audit_chain() WHERE status <> 'intact'"
        ).fetchall()


def tamper(world: World, statement: str) -> None:
    """As somebody with the owner's rights, who switches the guards off first and on again afterwards."""
    with world.login("platform") as platform:
        guarded = [row[0] for row in platform.execute("SELECT relation::text FROM security.log_relations").fetchall()]
        for relation in guarded:
            platform.execute(f"ALTER TABLE {relation} DISABLE TRIGGER append_only")
        platform.execute(statement.encode())
        for relation in guarded:
            platform.execute(f"ALTER TABLE IF EXISTS {relation} ENABLE ALWAYS TRIGGER append_only")


def broken(world: World) -> list[str]:
    with world.login(AUDITOR) as auditor:
        return chain.verify(auditor).lines()


def age(world: World, years: int = 7) -> str:
    """Makes a month ``years`` ago with three rows in it, and seals them. Returns its partition's suffix."""
    with world.login("platform") as platform:
        row = platform.execute(
            f"SELECT to_char(d, 'YYYY_MM'), d, d + interval '1 month' FROM date_trunc('month', now() AT TIME ZONE 'UTC' - interval '{years} years') AS d"
        ).fetchone()
        assert row is not None
        suffix, start, end = row
        for log, action in (("hipaa_audit_logs", "action"), ("security_logs", "event, severity, outcome")):
            platform.execute(
                f"CREATE TABLE audit.{log}_{suffix} PARTITION OF audit.{log} FOR VALUES FROM ('{start}+00') TO ('{end}+00')"
            )
            platform.execute(f"ALTER TABLE audit.{log}_{suffix} OWNER TO medspasync_owner")
            platform.execute(f"SELECT audit.guard_log('audit.{log}_{suffix}')")
            values = "'DELETE'" if log == "hipaa_audit_logs" else "'sign_in', 'info', 'success'"
            platform.execute(f"INSERT INTO audit.{log} (recorded_at, {action}) SELECT '{start}+00'::timestamptz + n * interval '1 day', "
                             f"{values} FROM generate_series(1, 3) AS n")  # fmt: skip
    seal(world)
    return str(suffix)


def due(world: World) -> list[tuple[str]]:
    with world.login(MAINTAINER) as maintainer:
        return maintainer.execute("SELECT log FROM audit.periods_past_retention()").fetchall()
