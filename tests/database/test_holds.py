"""Legal holds on persons and months, and tables that are secured again or are gone."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import psycopg
import pytest

from tests.database.trail import age, due
from tests.database.world import AUDITOR, BACKEND, MAINTAINER, MIGRATOR, World


def test_repeating_secure_table_locks_nobody_out(world: World) -> None:
    call = "SELECT security.secure_table('phi.clinical_note', 'tenant_id', subject_column => 'patient_id', writers => '{medspasync_backend}', " \
           "sealed_columns => '{\"body_sealed\": null}', retain_for => '10 years', retain_from => 'written_at', retain_reason => 'medical record, state retention law')"  # fmt: skip
    with psycopg.connect(world.server.dsn(MIGRATOR, world.dbname)) as migrator:
        migrator.execute(call)
        held = migrator.execute(
            "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'phi.clinical_note'::regclass"
        ).fetchall()
        assert {mode for (mode,) in held} <= {"AccessShareLock"}
        with world.acting(BACKEND, world.a) as app:
            app.execute("UPDATE phi.clinical_note SET written_at = now()")


def test_index_not_made_under_lock_on_large_table(world: World) -> None:
    """An index is not made under a lock on a large table."""
    with world.login(MIGRATOR) as owner, world.login("platform") as platform:
        owner.execute("CREATE TABLE phi.large (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)")
        platform.execute("UPDATE pg_class SET reltuples = 5000000 WHERE oid = 'phi.large'::regclass")
        with pytest.raises(
            psycopg.errors.RaiseException, match=r"no index of phi\.large begins with tenant_id"
        ) as refused:
            owner.execute("SELECT security.secure_table('phi.large', 'tenant_id')")
        assert "CREATE INDEX CONCURRENTLY" in str(refused.value.diag.message_hint)


def test_a_dropped_table_is_forgotten_on_request(world: World) -> None:
    with world.login(MIGRATOR) as owner:
        owner.execute("CREATE TABLE phi.gone (id uuid PRIMARY KEY, tenant_id uuid NOT NULL)")
        owner.execute("SELECT security.secure_table('phi.gone', 'tenant_id')")
        owner.execute("DROP TABLE phi.gone")
        assert len(owner.execute("SELECT security.forget_dropped_tables()").fetchall()) == 2
        assert owner.execute("SELECT count(*) FROM security.protected_tables").fetchone() == (8,)


def test_a_held_person_is_not_erased(world: World) -> None:
    patient = world.a.patients[0]
    with world.login(MIGRATOR) as owner:
        row = owner.execute(
            "SELECT security.place_hold('CASE-2026-11', current_date + 90, subject => %s)", (patient,)
        ).fetchone()
    assert row is not None
    with world.acting(BACKEND, world.a) as app:
        done = app.execute("SELECT DISTINCT action, reason FROM app.gdpr_erase(%s)", (patient,)).fetchall()
        assert done == [("retained", "legal hold CASE-2026-11")]
        assert app.execute("SELECT count(*) FROM phi.appointment WHERE patient_id = %s", (patient,)).fetchone() == (1,)
        # Another person's erasure is not held.
        others = app.execute("SELECT action FROM app.gdpr_erase(%s)", (world.a.patients[1],)).fetchall()
        assert ("deleted",) in others
    with world.login(MIGRATOR) as owner:
        owner.execute("SELECT security.release_hold(%s)", row)
        with pytest.raises(psycopg.errors.UndefinedObject):
            owner.execute("SELECT security.release_hold(%s)", row)
    with world.acting(BACKEND, world.a) as app:
        assert ("deleted",) in app.execute("SELECT action FROM app.gdpr_erase(%s)", (patient,)).fetchall()
    with world.login(AUDITOR) as auditor:
        events = auditor.execute(
            "SELECT event FROM audit.security_logs WHERE event ~ 'hold|held' ORDER BY event_id"
        ).fetchall()
    assert [event for (event,) in events] == ["hold_placed", "erasure_held", "hold_released"]


def test_a_held_month_is_not_retired(world: World) -> None:
    suffix = age(world)
    month = f"{suffix.replace('_', '-')}-01"
    assert len(due(world)) == 2
    with world.login(MIGRATOR) as owner:
        owner.execute("SELECT security.place_hold('CASE-7', current_date + 90, from_period => %s::date)", (month,))
    assert due(world) == []
    with world.login(MAINTAINER) as maintainer, pytest.raises(psycopg.errors.RaiseException, match="legal hold"):
        maintainer.execute("SELECT audit.retire_period('security_logs', %s::date, NULL, 'x', %s)", (month, "0" * 64))
