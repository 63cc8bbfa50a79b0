"""Emergency access: one tenant, for a limited time, and not without a trace."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.database.world import BREAKGLASS, World

OPEN = "SELECT app.open_break_glass(%s, %s, %s, %s, %s)"


def patients(session: psycopg.Connection[tuple], *, enter: bool = True) -> int:
    """How many patients a transaction sees that enters the emergency context, or does not."""
    with session.transaction():
        if enter:
            session.execute("SELECT app.enter_break_glass()")
        row = session.execute("SELECT count(*) FROM phi.patient").fetchone()
    assert row is not None
    return int(row[0])


def test_it_opens_one_tenant_and_leaves_a_record(world: World) -> None:
    with world.login(BREAKGLASS) as session:
        session.execute(OPEN, (world.a.id, "oncall.17", "emergency-treatment", "INC-42", 30))
        assert patients(session) == 2
        assert patients(session, enter=False) == 0
        with session.transaction():
            assert session.execute("SELECT app.enter_break_glass()").fetchone() == (world.a.id,)
            assert session.execute("SELECT DISTINCT tenant_id FROM phi.patient").fetchall() == [(world.a.id,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege), session.transaction():
                session.execute("UPDATE phi.patient SET birth_year = 1990")
    with world.login("medspasync_auditor") as auditor:
        row = auditor.execute(
            "SELECT actor, tenant_id, severity, correlation_id FROM audit.security_logs WHERE event = 'break_glass_opened'"
        ).fetchall()
        assert row == [("oncall.17", world.a.id, "critical", "INC-42")]


def test_it_does_not_count_in_transaction_opens_it(world: World) -> None:
    """Open, read, ROLLBACK would read without a trace."""
    with world.login(BREAKGLASS) as session:
        with session.transaction(force_rollback=True):
            session.execute(OPEN, (world.a.id, "oncall.17", "emergency-treatment", "INC-42", 30))
            with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification, match="no emergency access is open"):
                patients(session)
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
            patients(session)
    # What was rolled back is still a line of the server's log, which goes to Log Analytics.
    assert "event=break_glass_opened" in world.server.log_since(0)


def test_it_ends(world: World) -> None:
    with world.login(BREAKGLASS) as session:
        session.execute(OPEN, (world.a.id, "oncall.17", "emergency-treatment", "INC-42", 30))
        with world.login("platform") as platform:
            platform.execute(
                "UPDATE security.break_glass_openings SET opened_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'"
            )
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
            patients(session)


def test_somebody_elses_opening_is_not_ones_own(world: World) -> None:
    with world.login(BREAKGLASS) as session, world.login("platform") as platform:
        session.execute(OPEN, (world.a.id, "oncall.17", "emergency-treatment", "INC-42", 30))
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
            platform.execute("SELECT app.enter_break_glass()")


@pytest.mark.parametrize(
    ("person", "reason", "ticket", "minutes"),
    [
        ("Jane Doe", "emergency-treatment", "INC-1", 30),
        ("oncall", "because", "INC-1", 30),
        ("oncall", "patient-safety", "", 30),
        ("oncall", "patient-safety", "INC-1", 241),
        ("oncall", "patient-safety", "INC-1", -1),
    ],
)
def test_asks_person_reason_ticket_at_most_four_hours(
    shared_world: World, person: str, reason: str, ticket: str, minutes: int
) -> None:
    """It asks for a person a reason a ticket and at most four hours."""
    with shared_world.login(BREAKGLASS) as session, pytest.raises(psycopg.errors.CheckViolation):
        session.execute(OPEN, (shared_world.a.id, person, reason, ticket, minutes))


def test_an_application_cannot_open_it(shared_world: World) -> None:
    with shared_world.login("medspasync_backend") as session:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(OPEN, (UUID(int=1), "x", "patient-safety", "INC-1", 1))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT app.enter_break_glass()")
