"""secure_table() on tables that applications bring along."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import psycopg
import pytest

from tests.database.test_validation import statuses
from tests.database.world import BACKEND, World

TABLE = "CREATE TABLE phi.extra (id {id} PRIMARY KEY, tenant_id uuid NOT NULL, patient_id uuid, note bytea)"


def secure(world: World, call: str, table: str = TABLE.format(id="uuid")) -> None:
    with world.login("medspasync_migrator") as owner:
        owner.execute(table.encode())
        owner.execute(f"SELECT security.secure_table({call})".encode())


def test_new_table_fails_validation_until_it_is_secured(world: World) -> None:
    """A new table fails validation until it is secured."""
    with world.login("medspasync_migrator") as owner:
        owner.execute(TABLE.format(id="uuid").encode())
        assert statuses(world, only="unprotected-tables")["unprotected-tables"][0] == "fail"
        owner.execute("SELECT security.secure_table('phi.extra', 'tenant_id', writers => '{medspasync_backend}')")
    assert {s for s, _, _ in statuses(world).values()} <= {"pass", "warn"}


def test_repeating_changes_nothing_new_arguments_replace_old_ones(world: World) -> None:
    """Repeating it changes nothing and new arguments replace old ones."""
    secure(world, "'phi.extra', 'tenant_id', writers => '{medspasync_backend}', readers => '{medspasync_pro_next}'")
    state = "SELECT relacl::text, (SELECT array_agg(polname ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid) FROM pg_class AS c WHERE oid = 'phi.extra'::regclass"
    with world.login("medspasync_migrator") as owner:
        before = owner.execute(state.encode()).fetchone()
        owner.execute(
            "SELECT security.secure_table('phi.extra', 'tenant_id', writers => '{medspasync_backend}', readers => '{medspasync_pro_next}')"
        )
        assert owner.execute(state.encode()).fetchone() == before
        owner.execute("SELECT security.secure_table('phi.extra', 'tenant_id', readers => '{medspasync_backend}')")
        rights = owner.execute("SELECT has_table_privilege('medspasync_pro_next', 'phi.extra', 'SELECT'), "
                               "has_table_privilege('medspasync_backend', 'phi.extra', 'INSERT'), "
                               "has_table_privilege('medspasync_backend', 'phi.extra', 'SELECT')").fetchone()  # fmt: skip
    assert rights == (False, False, True)


def test_rights_that_were_there_before_are_taken(world: World) -> None:
    with world.login("medspasync_migrator") as owner:
        owner.execute(TABLE.format(id="uuid").encode())
        owner.execute("GRANT ALL ON phi.extra TO PUBLIC")
        owner.execute("GRANT SELECT (note), UPDATE (note) ON phi.extra TO medspasync_marketing")
        owner.execute("CREATE POLICY open ON phi.extra USING (true)")
        owner.execute("SELECT security.secure_table('phi.extra', 'tenant_id')")
    with world.login("medspasync_marketing") as app:
        for statement in ("SELECT note FROM phi.extra", "UPDATE phi.extra SET note = NULL", "DELETE FROM phi.extra"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement.encode())
    assert {s for s, _, _ in statuses(world).values()} <= {"pass", "warn"}


def test_serial_keys_come_with_their_sequence(world: World) -> None:
    secure(world, "'phi.extra', 'tenant_id', writers => '{medspasync_backend}'", TABLE.format(id="bigserial"))
    with world.acting(BACKEND, world.a) as app:
        app.execute("INSERT INTO phi.extra (tenant_id) VALUES (%s)", (world.a.id,))
        assert app.execute("SELECT count(*) FROM phi.extra").fetchone() == (1,)


def test_partition_added_later_is_found_until_is_secured(world: World) -> None:
    """A partition added later is found until it is secured."""
    with world.login("medspasync_migrator") as owner:
        owner.execute("ALTER TABLE phi.message DETACH PARTITION phi.message_later")
        owner.execute(
            "CREATE TABLE phi.message_2028 PARTITION OF phi.message FOR VALUES FROM ('2028-01-01+00') TO ('2029-01-01+00')"
        )
        result = statuses(world)
        assert {check for check, (status, _, _) in result.items() if status == "fail"} >= {
            "rls-forced",
            "tenant-policy",
            "audit-triggers",
        }
        owner.execute("DROP TABLE phi.message_later")
        owner.execute("SELECT security.secure_table('phi.message', 'tenant_id', subject_column => 'patient_id', writers => "
                      "'{medspasync_backend}', sealed_columns => '{\"body_sealed\": null}', on_erase => 'delete')")  # fmt: skip
    assert {s for s, _, _ in statuses(world).values()} <= {"pass", "warn"}


@pytest.mark.parametrize(
    ("table", "call", "message"),
    [
        (TABLE.format(id="uuid"), "'phi.extra', 'nowhere'", "has no column nowhere"),
        (
            TABLE.format(id="text"),
            "'phi.extra', 'tenant_id'",
            "column id of phi.extra is text, allowed: uuid, bigint, integer",
        ),
        (TABLE.format(id="uuid"), "'phi.extra', 'patient_id'", "must be NOT NULL"),
        (
            TABLE.format(id="uuid"),
            "'phi.extra', 'tenant_id', subject_column => 'note'",
            "column note of phi.extra is bytea",
        ),
        (
            TABLE.format(id="uuid"),
            "'phi.extra', 'tenant_id', sealed_columns => '{\"patient_id\": null}'",
            "allowed: bytea",
        ),
        (
            TABLE.format(id="uuid"),
            "'phi.extra', 'tenant_id', writers => '{medspasync_auditor}'",
            "is no application role",
        ),
        (TABLE.format(id="uuid"), "'phi.extra', 'tenant_id', on_erase => 'forget'", "on_erase"),
        (TABLE.format(id="uuid"), "'phi.extra', 'tenant_id', on_erase => 'clear'", "cleared_by_name"),
        (TABLE.format(id="uuid"), "'phi.extra', 'tenant_id', subject_column => 'patient_id'", "retained_with_reason"),
    ],
)
def test_mistakes_are_named(world: World, table: str, call: str, message: str) -> None:
    with pytest.raises(psycopg.Error, match=message):
        secure(world, call, table)


def test_a_table_of_somebody_else_is_refused(world: World) -> None:
    with world.login("platform") as platform:
        platform.execute(TABLE.format(id="uuid").encode())
        platform.execute("GRANT SELECT ON phi.extra TO medspasync_owner")
    with (
        world.login("medspasync_migrator") as owner,
        pytest.raises(psycopg.errors.RaiseException, match="does not belong to medspasync_owner"),
    ):
        owner.execute("SELECT security.secure_table('phi.extra', 'tenant_id')")


def test_queries_use_the_tenant_index(world: World) -> None:
    """The policy is a plain comparison with a value computed once: an index scan, not a filter over every row."""
    with world.login("platform") as platform:
        platform.execute(
            "INSERT INTO phi.clinic (id, display_name) SELECT gen_random_uuid(), 'c' FROM generate_series(1, 200)"
        )
        platform.execute("INSERT INTO phi.patient (tenant_id) SELECT id FROM phi.clinic, generate_series(1, 50)")
        platform.execute("ANALYZE phi.patient")
    with world.acting(BACKEND, world.a) as app:
        plan = "\n".join(row[0] for row in app.execute("EXPLAIN SELECT * FROM phi.patient").fetchall())
    assert "Index Cond: (tenant_id = (InitPlan 1).col1)" in plan or "Index Cond: (tenant_id = $0)" in plan
    assert "Seq Scan on patient" not in plan
