"""Access and erasure: complete, within the tenant, as far as the law lets us, and on record."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.database.world import BACKEND, World


def export(world: World, **changes: Any) -> dict[str, Any]:
    clinic = world.a
    keys = json.dumps({str(clinic.column_key_id): clinic.column_key.hex()})
    with world.acting(BACKEND, clinic) as app:
        row = app.execute("SELECT app.gdpr_export(%s, %s)", (clinic.patients[0], changes.get("keys", keys))).fetchone()
    assert row is not None
    return dict(row[0])


def test_an_export_holds_everything_about_person_in_clear(world: World) -> None:
    """An export holds everything about the person in clear."""
    answer = export(world)
    assert {table: len(rows) for table, rows in answer.items() if table != "access_history"} == {
        "phi.patient": 1, "phi.appointment": 1, "phi.treatment": 1, "phi.clinical_note": 1, "phi.payment_reference": 1,
        "phi.consent": 1, "phi.message": 1}  # fmt: skip
    (patient,) = answer["phi.patient"]
    assert (patient["full_name_sealed"], patient["email_sealed"]) == ("Alpha Patient 1", "p1@alpha.example")
    assert patient["phone_sealed"] is None
    assert "email_index" not in patient
    assert answer["phi.clinical_note"][0]["body_sealed"] == "tolerated well"
    assert {entry["table"] for entry in answer["access_history"]} >= {"patient", "appointment"}


def test_every_table_with_a_subject_is_in_it(world: World) -> None:
    with world.login("platform") as platform:
        tables = platform.execute(
            "SELECT relation::text FROM security.protected_tables WHERE subject_column IS NOT NULL"
        ).fetchall()
    assert {table for (table,) in tables} == set(export(world)) - {"access_history"}


def test_without_the_key_sealed_columns_stay_sealed(world: World) -> None:
    patient = export(world, keys="{}")["phi.patient"][0]
    assert patient["full_name_sealed"] is None
    assert patient["birth_year"] == 1980


def test_export_is_on_record_even_when_rolled_back(world: World) -> None:
    """An export is on record even when rolled back."""
    export(world)
    mark = world.server.mark()
    with world.acting(BACKEND, world.a, rollback=True) as app:
        app.execute("SELECT app.gdpr_export(%s)", (world.a.patients[0],))
    with world.login("medspasync_auditor") as auditor:
        trail = auditor.execute(
            "SELECT actor, subject_id FROM audit.hipaa_audit_logs WHERE action = 'EXPORT'"
        ).fetchall()
        request = auditor.execute(
            "SELECT kind, actor, outcome ->> 'phi.patient' FROM security.gdpr_requests"
        ).fetchall()
    assert trail == [("staff-7", world.a.patients[0])]
    assert request == [("export", "staff-7", "1")]
    assert (
        f"medspasync gdpr export: role={BACKEND} actor=staff-7 subject={world.a.patients[0]}"
        in world.server.log_since(mark)
    )


def test_a_person_of_another_tenant_is_nobody(world: World) -> None:
    with world.acting(BACKEND, world.a) as app:
        row = app.execute("SELECT app.gdpr_export(%s)", (world.b.patients[0],)).fetchone()
        assert row is not None
        assert all(rows == [] for rows in row[0].values())
        assert (
            sum(r[0] for r in app.execute("SELECT rows FROM app.gdpr_erase(%s)", (world.b.patients[0],)).fetchall())
            == 0
        )
    with world.acting(BACKEND, world.b) as app:
        assert app.execute("SELECT count(*) FROM phi.appointment").fetchone() == (2,)


def test_an_erasure_does_what_each_table_allows(world: World) -> None:
    subject = world.a.patients[0]
    with world.login("platform") as platform:
        # One treatment is past its ten years, a second one is not.
        platform.execute("INSERT INTO phi.treatment (tenant_id, patient_id, treatment_code, performed_at) "
                         "VALUES (%s, %s, 'old', now() - interval '11 years')", (world.a.id, subject))  # fmt: skip
    with world.acting(BACKEND, world.a) as app:
        done = app.execute(
            "SELECT relation, action, rows, reason IS NOT NULL FROM app.gdpr_erase(%s) ORDER BY 1, 2", (subject,)
        ).fetchall()
    assert done == [
        ("phi.appointment", "deleted", 1, False),
        ("phi.clinical_note", "retained", 1, True),
        ("phi.consent", "retained", 1, True),
        ("phi.message", "deleted", 1, False),
        ("phi.patient", "cleared", 1, True),
        ("phi.payment_reference", "retained", 1, True),
        ("phi.treatment", "deleted", 1, True),
        ("phi.treatment", "retained", 1, True),
    ]
    with world.acting(BACKEND, world.a) as app:
        row = app.execute(
            "SELECT full_name_sealed, email_sealed, email_index, birth_year FROM phi.patient WHERE id = %s", (subject,)
        ).fetchone()
        assert row == (None, None, None, None)
        assert app.execute("SELECT count(*) FROM phi.patient WHERE full_name_sealed IS NOT NULL").fetchone() == (1,)
    with world.login("medspasync_auditor") as auditor:
        logged = auditor.execute(
            "SELECT count(*) FROM audit.hipaa_audit_logs WHERE action = 'ERASE' AND subject_id = %s", (subject,)
        ).fetchone()
        request = auditor.execute("SELECT outcome FROM security.gdpr_requests WHERE kind = 'erase'").fetchone()
    assert logged == (1,)
    assert request is not None
    assert len(request[0]) == 8


def test_table_that_application_adds_is_part_of_both(world: World) -> None:
    """A table that an application adds is part of both."""
    with world.login("medspasync_migrator") as owner:
        owner.execute("CREATE TABLE phi.photo (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, clinic uuid NOT NULL, "
                      "person uuid, caption text)")  # fmt: skip
        owner.execute("SELECT security.secure_table('phi.photo', 'clinic', subject_column => 'person', "
                      "writers => '{medspasync_backend}', on_erase => 'clear', clear_columns => '{caption}')")  # fmt: skip
    with world.acting(BACKEND, world.a) as app:
        app.execute(
            "INSERT INTO phi.photo (clinic, person, caption) VALUES (%s, %s, 'before')",
            (world.a.id, world.a.patients[0]),
        )
    assert export(world)["phi.photo"][0]["caption"] == "before"
    with world.acting(BACKEND, world.a) as app:
        app.execute("SELECT app.gdpr_erase(%s)", (world.a.patients[0],))
    assert export(world)["phi.photo"][0]["caption"] is None


@pytest.mark.parametrize(
    "role", ["medspasync_pro_next", "medspasync_marketing", "medspasync_auditor", "medspasync_breakglass"]
)
@pytest.mark.parametrize("function", ["gdpr_export", "gdpr_erase"])
def test_both_are_the_backends_alone(shared_world: World, role: str, function: str) -> None:
    with shared_world.login(role) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(f"SELECT app.{function}(%s)", (shared_world.a.patients[0],))


@pytest.mark.parametrize("function", ["gdpr_export", "gdpr_erase"])
def test_neither_works_without_a_context(shared_world: World, function: str) -> None:
    with shared_world.login(BACKEND) as session, pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        session.execute(f"SELECT app.{function}(%s)", (shared_world.a.patients[0],))
