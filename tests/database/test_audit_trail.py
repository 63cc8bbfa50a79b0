"""What the trail says of a change, and what it must not say."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.rows import dict_row

from tests.database.world import BACKEND, World
from tests.long import costly


def trail(world: World, where: str = "true") -> list[dict[str, Any]]:
    with world.login("medspasync_auditor") as auditor, auditor.cursor(row_factory=dict_row) as cursor:
        cursor.execute(f"SELECT * FROM audit.hipaa_audit_logs WHERE {where} ORDER BY audit_id")
        return cursor.fetchall()


def test_who_what_when_where(world: World) -> None:
    patient = world.a.patients[0]
    with world.acting(BACKEND, world.a) as app:
        app.execute("UPDATE phi.patient SET birth_year = 1981, preferred_language = 'de' WHERE id = %s", (patient,))
    (entry,) = trail(world, "action = 'UPDATE'")
    assert entry["changed_fields"] == ["birth_year", "preferred_language"]
    assert (entry["table_schema"], entry["table_name"], entry["row_id"]) == ("phi", "patient", str(patient))
    assert entry["subject_id"] == patient
    assert (entry["actor"], entry["correlation_id"], entry["purpose"]) == ("staff-7", "req-1", "treatment")
    assert (entry["db_role"], entry["tenant_id"], entry["outcome"]) == (BACKEND, world.a.id, "success")
    assert entry["backend_pid"] > 0


def test_every_row_of_a_statement_has_its_entry(world: World) -> None:
    with world.acting(BACKEND, world.a) as app:
        app.execute("UPDATE phi.consent SET granted = NOT granted")
        app.execute("INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) "
                    "SELECT tenant_id, patient_id, 'marketing', true FROM phi.consent")  # fmt: skip
        app.execute("DELETE FROM phi.appointment")
    counts = [(e["action"], e["table_name"]) for e in trail(world, "correlation_id = 'req-1'")][-6:]
    assert counts == [("UPDATE", "consent")] * 2 + [("INSERT", "consent")] * 2 + [("DELETE", "appointment")] * 2


def test_upsert_merge_copy_and_cascades_are_seen(world: World) -> None:
    note = uuid4()
    patient = world.a.patients[0]
    with world.acting(BACKEND, world.a) as app:
        for _ in range(2):
            app.execute("INSERT INTO phi.consent (id, tenant_id, patient_id, purpose, granted) VALUES (%s, %s, %s, 'research', true) "
                        "ON CONFLICT (id) DO UPDATE SET granted = false", (note, world.a.id, patient))  # fmt: skip
        app.execute("MERGE INTO phi.consent AS c USING (VALUES (%s::uuid)) AS v (id) ON c.id = v.id "
                    "WHEN MATCHED THEN UPDATE SET purpose = 'marketing'", (note,))  # fmt: skip
    load = "COPY phi.consent (tenant_id, patient_id, purpose, granted) FROM STDIN"
    # The server refuses COPY FROM to roles under row level security.
    with world.login("platform") as platform, platform.cursor().copy(load) as copy:
        copy.write_row((world.a.id, patient, "photography", True))
    entries = [(e["action"], e["changed_fields"]) for e in trail(world, "table_name = 'consent'")][-4:]
    assert entries == [("INSERT", None), ("UPDATE", ["granted"]), ("UPDATE", ["purpose"]), ("INSERT", None)]


def test_changed_id_counts_as_a_change_of_everything(world: World) -> None:
    """A changed id counts as a change of everything."""
    with world.acting(BACKEND, world.a) as app:
        app.execute("UPDATE phi.consent SET id = gen_random_uuid() WHERE patient_id = %s", (world.a.patients[0],))
    entries = trail(world, "action = 'UPDATE'")
    assert len(entries) == 2  # the old id and the new one
    assert all("granted" in e["changed_fields"] for e in entries)


def test_changes_in_a_partition_are_seen_once(world: World) -> None:
    with world.acting(BACKEND, world.a) as app:
        app.execute("UPDATE phi.message SET sent_at = sent_at + interval '2 years'")  # moves rows between partitions
    assert len(trail(world, "table_name = 'message' AND action = 'UPDATE'")) == 2
    with world.login("platform") as platform:
        platform.execute("DELETE FROM phi.message_later")
    assert len(trail(world, "table_name = 'message_later' AND action = 'DELETE'")) == 2


def test_what_is_rolled_back_leaves_no_entry(world: World) -> None:
    """A known limit: an aborted change is pgaudit's to tell (test_pgaudit)."""
    before = len(trail(world))
    with world.acting(BACKEND, world.a, rollback=True) as app:
        assert app.execute("DELETE FROM phi.appointment").rowcount == 2
    assert len(trail(world)) == before


@costly(25)
@given(secret=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), min_size=6, max_size=40))
def test_no_value_reaches_the_trail(shared_world: World, secret: str) -> None:
    """Whatever is written into a protected column, plain or sealed: the trail holds names of fields only."""
    world = shared_world
    marker = f"{secret}-{uuid4()}"
    with world.acting(BACKEND, world.a) as app:
        app.execute("INSERT INTO phi.treatment (tenant_id, patient_id, treatment_code, performed_at) VALUES (%s, %s, %s, now())",
                    (world.a.id, world.a.patients[0], marker))  # fmt: skip
        app.execute(
            "UPDATE phi.treatment SET treatment_code = treatment_code || 'x' WHERE treatment_code = %s", (marker,)
        )
    with world.login("medspasync_auditor") as auditor:
        text = auditor.execute(
            "SELECT jsonb_agg(to_jsonb(l)) FROM (SELECT * FROM audit.hipaa_audit_logs ORDER BY audit_id DESC LIMIT 2) AS l"
        ).fetchone()
    assert text is not None
    assert len(text[0]) == 2
    assert marker not in json.dumps(text[0], ensure_ascii=False)


@pytest.mark.parametrize("actor", ["jane@clinic.example", "Jane Doe", "x" * 129, ""])
def test_an_actor_is_an_identifier(shared_world: World, actor: str) -> None:
    with shared_world.login(BACKEND) as app, pytest.raises(psycopg.errors.CheckViolation):
        app.execute("SELECT app.record_security_event('sign_in', 'success', %s)", (actor,))


def test_applications_report_what_only_they_see(world: World) -> None:
    with world.login("medspasync_marketing") as app:
        for _ in range(3):
            app.execute("SELECT app.record_security_event('sign_in', 'denied', 'staff-9', 'req-5', 'bad-password')")
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            app.execute("SELECT app.record_security_event('audit_period_retired', 'success', 'x')")
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            app.execute("SELECT app.record_security_event('sign_in', 'success', 'x', NULL, 'free text of a patient')")
    with world.login("medspasync_auditor") as auditor:
        assert auditor.execute("SELECT actor, failures FROM audit.failed_sign_ins").fetchall() == [("staff-9", 3)]


def test_access_patterns_by_actor_and_hour(world: World) -> None:
    with world.login("medspasync_auditor") as auditor:
        rows = auditor.execute("SELECT tenant_id, actor, rows_touched, subjects, removals, without_context "
                               "FROM audit.phi_access_patterns ORDER BY tenant_id").fetchall()  # fmt: skip
    assert rows == [(world.a.id, "staff-7", 15, 2, 0, 0), (world.b.id, "staff-7", 15, 2, 0, 0)]


def test_a_write_without_a_context_shows_in_patterns(world: World) -> None:
    """A write without a context shows in the patterns."""
    with world.login("platform") as platform:
        platform.execute("UPDATE phi.consent SET granted = false")
    with world.login("medspasync_auditor") as auditor:
        row = auditor.execute(
            "SELECT sum(without_context) FROM audit.phi_access_patterns WHERE db_role = 'platform'"
        ).fetchone()
    assert row == (4,)


def test_privilege_changes_are_found_afterwards(world: World) -> None:
    with world.login("medspasync_maintainer") as maintainer, world.login("platform") as platform:
        assert maintainer.execute("SELECT security.capture_privileges()").fetchone() == (0,)
        platform.execute("GRANT SELECT ON phi.patient TO medspasync_marketing")
        assert maintainer.execute("SELECT security.capture_privileges()").fetchone() == (1,)
        platform.execute("REVOKE SELECT ON phi.patient FROM medspasync_marketing")
        assert maintainer.execute("SELECT security.capture_privileges()").fetchone() == (1,)
        assert maintainer.execute("SELECT security.capture_privileges()").fetchone() == (0,)
    with world.login("medspasync_auditor") as auditor:
        rows = auditor.execute("SELECT event, detail ->> 'privilege' FROM audit.privilege_changes "
                               "WHERE event LIKE 'privilege%' ORDER BY recorded_at").fetchall()  # fmt: skip
    named = "SELECT on phi.patient to medspasync_marketing"
    assert rows == [("privilege_added", named), ("privilege_removed", named)]
