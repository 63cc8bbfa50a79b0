"""What only the platform's functions write: not changed by hand, not in another's name, and not without an event."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import psycopg
import pytest

from database import verify
from tests.database.trail import age, seal, tamper
from tests.database.world import AUDITOR, MIGRATOR, World


def findings(world: World) -> dict[str, str]:
    """What fails in verify as the auditor runs it, and why."""
    with world.login(AUDITOR) as auditor:
        found = verify.collect(auditor)["findings"]
    return {one["name"]: one["message"] for one in found if one["status"] == "fail"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE security.data_keys SET state = 'destroyed', wrapped = NULL",
        "DELETE FROM security.data_keys",
        "TRUNCATE security.data_keys",
        "DELETE FROM security.gdpr_requests",
        "UPDATE audit.chain_state SET epoch = epoch + 1",
        "DELETE FROM audit.chain_state",
        "INSERT INTO audit.seals SELECT * FROM audit.seals",
        "INSERT INTO audit.retired_periods (log, period, row_count, closing_hash, export_location, export_sha256) VALUES ('security_logs', '2019-01-01', 1, 'x', 'x', repeat('0', 64))",
        "INSERT INTO security.roles VALUES ('somebody', 'app')",
        "SELECT audit.seal()",
    ],
)
def test_the_migrator_writes_none_of_it(shared_world: World, statement: str) -> None:
    with shared_world.login(MIGRATOR) as migrator, pytest.raises(psycopg.errors.InsufficientPrivilege):
        migrator.execute(statement.encode())


@pytest.mark.parametrize("column", ["db_role = 'medspasync_backend'", "backend_pid = 1", "xact = '3'"])
@pytest.mark.parametrize("log", ["hipaa_audit_logs (action, {}) VALUES ('DELETE', {})", "security_logs (event, severity, outcome, {}) VALUES ('mfa', 'info', 'denied', {})"])  # fmt: skip
def test_nobody_writes_in_the_trail_as_another(shared_world: World, log: str, column: str) -> None:
    with shared_world.login(MIGRATOR) as migrator, migrator.transaction(force_rollback=True):
        migrator.execute(("INSERT INTO audit." + log.replace(", {}", "")).encode())  # in his own name he may
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            migrator.execute(("INSERT INTO audit." + log.format(*column.split(" = "))).encode())


def test_hold_is_read_and_released_never_gone(world: World) -> None:
    with world.login(MIGRATOR) as migrator:
        migrator.execute(
            "INSERT INTO security.holds (reason, until, subject_id, placed_by) VALUES ('CASE-1', current_date + 9, gen_random_uuid(), 'somebody')"
        )
        migrator.execute("UPDATE security.holds SET until = current_date + 99")
        for refused in ("UPDATE security.holds SET until = 'infinity'", "UPDATE security.holds SET reason = 'CASE-2'",
                        "DELETE FROM security.holds", "TRUNCATE security.holds"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                migrator.execute(refused.encode())
        migrator.execute("UPDATE security.holds SET released_at = '2001-01-01'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            migrator.execute("UPDATE security.holds SET released_at = NULL")
    with world.login(AUDITOR) as auditor:
        events = auditor.execute(
            "SELECT event FROM audit.security_logs WHERE event ^@ 'hold_' ORDER BY event_id"
        ).fetchall()
        row = auditor.execute(
            "SELECT placed_by, released_at > now() - interval '1 hour' FROM security.holds"
        ).fetchone()
    assert [event for (event,) in events] == ["hold_placed", "hold_looked_at", "hold_released"]
    assert row == (MIGRATOR, True)


def test_a_forged_retirement_is_found_by_the_clock(world: World) -> None:
    """A month that was dropped, with an entry that says it happened in seven years."""
    seal(world)
    tamper(world, "INSERT INTO audit.retired_periods (log, period, row_count, closing_hash, export_location, export_sha256, retired_at) "
                  "SELECT log, period, sum(row_count), (array_agg(hash ORDER BY seq DESC))[1], 'x', repeat('0', 64), now() + interval '7 years' "
                  "FROM audit.seals WHERE log = 'security_logs' GROUP BY log, period; "
                  "DO $$ BEGIN EXECUTE 'DROP TABLE audit.security_logs' || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM'); END $$")  # fmt: skip
    found = findings(world)
    assert "retired before" in found["trail"]
    assert "retired before its time" in found["retention"]


def test_a_retirement_under_a_hold_is_found(world: World) -> None:
    suffix = age(world)
    month = f"{suffix.replace('_', '-')}-01"
    with world.login(MIGRATOR) as owner:
        owner.execute("SELECT security.place_hold('CASE-7', current_date + 90, from_period => %s::date)", (month,))
    seal(world)
    tamper(world, "INSERT INTO audit.retired_periods (log, period, row_count, closing_hash, export_location, export_sha256) "
                  f"SELECT log, period, sum(row_count), (array_agg(hash ORDER BY seq DESC))[1], 'x', repeat('0', 64) FROM audit.seals WHERE log = 'security_logs' AND period = '{month}' GROUP BY log, period; "
                  f"DROP TABLE audit.security_logs_{suffix}")  # fmt: skip
    assert "retired under a legal hold" in findings(world)["retention"]


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("DROP FUNCTION security.check_roles() CASCADE", "checks"),
        ("ALTER TABLE security.settings RENAME COLUMN value TO other", "checks"),
        ("REVOKE EXECUTE ON FUNCTION security.validate_hipaa_compliance(text) FROM medspasync_auditor", "checks"),
        ("ALTER TABLE audit.seals RENAME COLUMN hash TO other", "trail"),
    ],
)
def test_what_stops_verify_is_a_finding(world: World, statement: str, rule: str) -> None:
    """Exit 1 with a rule, not 2 with a message about wrong use."""
    with world.login(MIGRATOR) as migrator:
        migrator.execute(statement.encode())
    found = findings(world)
    assert "could not be run to its end" in found[rule]
    assert "catalogue" in found


def test_a_trail_without_a_state_is_a_finding(world: World) -> None:
    tamper(world, "DELETE FROM audit.chain_state")
    assert "chain_state is empty" in findings(world)["trail"]
