"""What pgaudit logs: every read of PHI by whomever, rights, structure, refused attempts; and what it must not."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.database.world import BACKEND, World


def audit_lines(world: World, mark: int) -> list[str]:
    """The AUDIT entries since a mark, each with its prefix."""
    return [line for line in world.server.log_since(mark).splitlines() if "AUDIT: " in line]


def test_every_read_of_phi_is_logged_with_who(audited_world: World) -> None:
    mark = audited_world.server.mark()
    with audited_world.acting(BACKEND, audited_world.a) as app:
        app.execute("SELECT id FROM phi.patient WHERE birth_year = %s", (1980,))
    (line,) = [line for line in audit_lines(audited_world, mark) if "OBJECT" in line]
    assert f"user={BACKEND}" in line
    assert f"db={audited_world.dbname}" in line
    assert "READ,SELECT,TABLE,phi.patient" in line
    assert line.endswith(",<not logged>")  # the parameters; no number of rows, see test_every_way_of_reading
    assert "1980" not in line


def _fetch(app: psycopg.Connection[tuple], select: str, kind: str = "CURSOR") -> None:
    app.execute(f"DECLARE c {kind} FOR {select}".encode())
    app.execute("FETCH ALL FROM c")


def _copy(app: psycopg.Connection[tuple], select: str) -> None:
    with app.cursor().copy(f"COPY ({select}) TO STDOUT".encode()) as copy:
        list(copy)


def _fail(app: psycopg.Connection[tuple], statement: str, error: type[psycopg.Error]) -> None:
    with pytest.raises(error), app.transaction():
        app.execute(statement.encode())


def _time_out(app: psycopg.Connection[tuple], select: str) -> None:
    app.execute("SET LOCAL statement_timeout = 100")
    _fail(app, f"SELECT s, pg_sleep(1) FROM ({select}) AS s", psycopg.errors.QueryCanceled)
    app.execute("SET LOCAL statement_timeout = 0")


def _fetch_by_driver(app: psycopg.Connection[tuple], select: str) -> None:
    with app.cursor(name="n") as cursor:
        cursor.execute(select.encode()).fetchall()


def _portal(app: psycopg.Connection[tuple], select: str) -> None:
    with app.cursor() as cursor:
        for _ in cursor.stream(select.encode()):
            break


SELECT = "SELECT id, birth_year FROM phi.patient"
READS: dict[str, Any] = {
    "plain": lambda app: app.execute(SELECT),
    "cursor": lambda app: _fetch(app, SELECT),
    "cursor of the driver": lambda app: _fetch_by_driver(app, SELECT),
    "cursor, closed": lambda app: (_fetch(app, SELECT), app.execute("CLOSE c")),
    "cursor with hold": lambda app: (_fetch(app, SELECT, "CURSOR WITH HOLD"), app.execute("CLOSE c")),
    "scrolling cursor, moved": lambda app: (_fetch(app, SELECT, "SCROLL CURSOR"), app.execute("MOVE BACKWARD ALL FROM c")),
    "portal, left early": lambda app: _portal(app, SELECT),
    "copy of a query": lambda app: _copy(app, SELECT),
    "in the message of an error": lambda app: _fail(
        app, "SELECT (SELECT string_agg(id::text, ',') FROM phi.patient)::int", psycopg.errors.InvalidTextRepresentation
    ),
    "rows, then a time-out": lambda app: _time_out(app, SELECT),
    "prepared by SQL": lambda app: (app.execute(f"PREPARE p AS {SELECT}"), app.execute("EXECUTE p"), app.execute("DEALLOCATE p")),
    "explained and run": lambda app: app.execute(f"EXPLAIN ANALYZE {SELECT}"),
    "xml of a query": lambda app: app.execute(f"SELECT query_to_xml('{SELECT}', true, false, '')"),
    "xml of a table": lambda app: app.execute("SELECT table_to_xml('phi.patient', true, false, '')"),
    "a block": lambda app: app.execute(f"DO $$ BEGIN PERFORM * FROM ({SELECT}) AS s; END $$"),
    "a loop in a block": lambda app: app.execute(f"DO $$ DECLARE r record; BEGIN FOR r IN {SELECT} LOOP END LOOP; END $$"),
    "a sub-select": lambda app: app.execute("SELECT EXISTS (SELECT FROM phi.patient WHERE birth_year = 1980)"),
    "an insert from it": lambda app: app.execute(
        "INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) SELECT tenant_id, id, 'research', false FROM phi.patient"
    ),
    "locking": lambda app: app.execute(f"{SELECT} FOR UPDATE"),
    "a portal opened in a block, fetched outside": lambda app: app.execute(
        f"DO $$ DECLARE c refcursor := 'p'; BEGIN OPEN c FOR {SELECT}; END $$; FETCH ALL FROM p"
    ),
    "an error that a block swallows": lambda app: app.execute(
        "DO $$ DECLARE r text; BEGIN SELECT string_agg(id::text, ',') INTO r FROM phi.patient; RAISE EXCEPTION 'x'; "
        "EXCEPTION WHEN raise_exception THEN PERFORM set_config('a.b', r, true); END $$"
    ),
    "a function that runs text": lambda app: app.execute(
        "SELECT * FROM ts_stat('SELECT to_tsvector(id::text) FROM phi.patient')"
    ),
    "a message to another session": lambda app: app.execute(
        "SELECT pg_notify('c', (SELECT string_agg(id::text, ',') FROM phi.patient))"
    ),
    "merge from it": lambda app: app.execute(
        "MERGE INTO phi.consent AS c USING phi.patient AS p ON c.patient_id = p.id WHEN MATCHED THEN UPDATE SET granted = p.birth_year > 0"
    ),
    "returning what another table's change joined": lambda app: app.execute(
        "DELETE FROM phi.appointment AS a USING phi.patient AS p WHERE p.id = a.patient_id RETURNING p.full_name_sealed"
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_every_way_of_reading_leaves_a_line(shared_audited_world: World, how: str, ends: str) -> None:
    world = shared_audited_world
    mark = world.server.mark()
    with world.acting(BACKEND, world.a, rollback=ends == "rollback") as app:
        READS[how](app)
    lines = [line for line in audit_lines(world, mark) if "OBJECT" in line and "READ" in line and "phi.patient" in line]
    assert len(lines) == 1, lines
    assert f"user={BACKEND}" in lines[0]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE phi.patient SET birth_year = birth_year RETURNING *", "DELETE FROM phi.appointment RETURNING *",
     "INSERT INTO phi.patient (id, tenant_id) SELECT gen_random_uuid(), id FROM phi.clinic RETURNING *"],
)  # fmt: skip
def test_returning_statement_is_an_object_line_of_writing(shared_audited_world: World, statement: str) -> None:
    """It reads what it changes: the line names the table and says WRITE."""
    mark = shared_audited_world.server.mark()
    with shared_audited_world.acting(BACKEND, shared_audited_world.a, rollback=True) as app:
        app.execute(statement.encode())
    table = statement.split()[1] if statement.startswith("UPDATE") else statement.split()[2]
    assert any("WRITE," in line and table in line for line in audit_lines(shared_audited_world, mark))


def test_log_rows_would_lose_what_a_cursor_reads(audited_world: World) -> None:
    """The trap: why pgaudit.log_rows is off."""
    with audited_world.login("platform") as platform:
        platform.execute(f"ALTER DATABASE {audited_world.dbname} SET pgaudit.log_rows = on")
    mark = audited_world.server.mark()
    with audited_world.acting(BACKEND, audited_world.a) as app:
        _fetch(app, SELECT)
    assert not [line for line in audit_lines(audited_world, mark) if "READ" in line and "phi.patient" in line]


def test_the_alert_sees_copies_and_cursors(audited_world: World) -> None:
    """phi-copy.kql tells them by the command, or by the statement's first word."""
    mark = audited_world.server.mark()
    with audited_world.acting(BACKEND, audited_world.a) as app:
        _copy(app, SELECT)
        _fetch(app, SELECT)
        app.execute(SELECT)
    lines = [line for line in audit_lines(audited_world, mark) if "READ" in line and "phi.patient" in line]
    said = [bool(re.search(r'(?i),"?\s*(copy|declare)\s', line)) for line in lines]
    assert said == [True, True, False], lines


@pytest.mark.parametrize("role", ["platform", "medspasync_migrator", "medspasync_breakglass"])
def test_reads_of_everybody_are_logged(shared_audited_world: World, role: str) -> None:
    """Also of those who see nothing, and of the one who sees everything: the reference warns that pgaudit cannot vouch
    for superusers, who can switch it off; that they do not is Azure's promise."""
    mark = shared_audited_world.server.mark()
    with shared_audited_world.login(role) as session:
        session.execute("SELECT count(*) FROM phi.clinical_note")
    assert any("OBJECT" in line and f"user={role}" in line for line in audit_lines(shared_audited_world, mark))


@pytest.mark.parametrize(
    "query",
    ["COPY phi.patient (id) TO STDOUT", "SELECT c.id FROM phi.consent AS c JOIN phi.patient AS p ON p.id = c.patient_id", "COPY (SELECT id FROM phi.patient) TO STDOUT",
     "SELECT (SELECT count(*) FROM phi.patient)"],
)  # fmt: skip
def test_reads_through_joins_copies_and_sub_selects(shared_audited_world: World, query: str) -> None:
    mark = shared_audited_world.server.mark()
    with shared_audited_world.acting(BACKEND, shared_audited_world.a) as app:
        if query.startswith("COPY"):
            with app.cursor().copy(query.encode()) as copy:
                list(copy)
        else:
            app.execute(query.encode())
    assert any("OBJECT" in line and "phi.patient" in line for line in audit_lines(shared_audited_world, mark))


def test_read_of_partition_or_a_view_is_logged(audited_world: World) -> None:
    """A read of a partition or a view is logged."""
    with audited_world.login("medspasync_migrator") as owner:
        owner.execute("CREATE VIEW phi.names WITH (security_invoker = true) AS SELECT id FROM phi.patient")
        owner.execute("GRANT SELECT ON phi.names TO medspasync_backend")
    mark = audited_world.server.mark()
    with audited_world.acting(BACKEND, audited_world.a) as app:
        app.execute("SELECT * FROM phi.names")
        app.execute("SELECT * FROM phi.message")
    lines = audit_lines(audited_world, mark)
    assert any("OBJECT" in line and "phi.patient" in line for line in lines)
    assert any("OBJECT" in line and "phi.message" in line for line in lines)


def test_a_read_is_one_line_of_the_log(shared_audited_world: World) -> None:
    """What a policy looks at is no line of its own: logs are paid for by their size."""
    mark = shared_audited_world.server.mark()
    with shared_audited_world.acting(BACKEND, shared_audited_world.a) as app:
        app.execute("SELECT * FROM phi.consent")
    lines = [line for line in audit_lines(shared_audited_world, mark) if "phi.consent" in line or "app." in line]
    assert len(lines) == 1, lines
    assert "OBJECT" in lines[0]


def test_reads_inside_definer_function_are_functions_to_record(shared_audited_world: World) -> None:
    """pgaudit leaves out what a SECURITY DEFINER function reads for somebody else (pgaudit issue 157), so each of ours
    that hands out PHI records it itself, and validation allows none of the owner's outside the platform's schemas."""
    world = shared_audited_world
    mark = world.server.mark()
    with world.acting(BACKEND, world.a) as app:
        app.execute("SELECT app.gdpr_export(%s)", (world.a.patients[0],))
    assert not any("OBJECT" in line for line in audit_lines(world, mark))  # the trap
    assert "medspasync gdpr export" in world.server.log_since(mark)
    with world.login("medspasync_auditor") as auditor:
        assert auditor.execute("SELECT count(*) FROM audit.hipaa_audit_logs WHERE action = 'EXPORT'").fetchone() == (1,)


def test_refused_and_rolled_back_attempts_are_logged(shared_audited_world: World) -> None:
    """The trail in the tables cannot hold these."""
    world = shared_audited_world
    mark = world.server.mark()
    with world.login("medspasync_marketing") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT * FROM phi.patient")
    with world.acting(BACKEND, world.a, rollback=True) as app:
        app.execute("DELETE FROM phi.appointment")
    with world.login(BACKEND) as app, pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        app.execute("SELECT app.begin_context('v1|forged')")
    log = world.server.log_since(mark)
    assert "permission denied for table patient" in log
    assert "WRITE,DELETE" in log
    assert f"medspasync context refused: role={BACKEND}" in log


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("ALTER TABLE phi.patient NO FORCE ROW LEVEL SECURITY", "DDL,ALTER TABLE,TABLE,phi.patient"),
        ("DROP POLICY tenant_isolation ON phi.patient", "DDL,DROP POLICY"),
        ("ALTER TABLE audit.hipaa_audit_logs DISABLE TRIGGER append_only", "DISABLE TRIGGER append_only"),
        ("GRANT SELECT ON phi.patient TO medspasync_marketing", "ROLE,GRANT,TABLE"),
        ("SET ROLE medspasync_owner", "MISC,SET"),
        ("TRUNCATE phi.consent", "WRITE,TRUNCATE"),
    ],
)
def test_what_the_migrator_could_do_is_logged(audited_world: World, statement: str, expected: str) -> None:
    mark = audited_world.server.mark()
    with audited_world.login("medspasync_migrator") as migrator:
        try:
            migrator.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            assert statement.startswith("TRUNCATE")
    lines = [line for line in audit_lines(audited_world, mark) if expected in line]
    # A refused TRUNCATE shows as an error; pgaudit logs what is executed.
    assert lines or "TRUNCATE on phi.consent refused" in audited_world.server.log_since(mark)
    assert all("user=medspasync_migrator" in line for line in lines)


def test_passwords_redacted_pgaudit_would_not_by_log_statement(shared_audited_world: World) -> None:
    """Passwords are redacted by pgaudit and would not be by log statement."""
    world = shared_audited_world
    password = f"pw-{uuid4()}"
    mark = world.server.mark()
    with world.login("platform") as platform, platform.transaction(force_rollback=True):
        platform.execute(f"ALTER ROLE medspasync_marketing PASSWORD '{password}'")
    log = world.server.log_since(mark)
    assert password not in log
    assert "<REDACTED>" in log
    with world.login("platform") as platform, platform.transaction(force_rollback=True):
        platform.execute("SET LOCAL log_statement = ddl")
        platform.execute(f"ALTER ROLE medspasync_marketing PASSWORD '{password}'")
    assert password in world.server.log_since(mark)  # the trap


def test_trap_a_key_as_a_literal_is_logged(shared_audited_world: World) -> None:
    """Why keys are bound: a literal is part of the statement, and the statement is logged."""
    world = shared_audited_world
    key = hashlib.sha256(uuid4().bytes).hexdigest()
    clinic = world.a
    mark = world.server.mark()
    with world.login(BACKEND) as session, pytest.raises(psycopg.Error), world.acting(BACKEND, clinic, session) as app:
        app.execute(f"INSERT INTO phi.patient (tenant_id, full_name_sealed) VALUES ('{clinic.id}', "
                    f"app.seal('x', '{clinic.column_key_id}', decode('{key}', 'hex'), 'phi.patient', 'full_name_sealed', 'r'))")  # fmt: skip
    assert key in world.server.log_since(mark)


def test_the_trap_log_parameter(shared_audited_world: World) -> None:
    """With pgaudit.log_parameter = on, which the parameter file turns off, bound values are in the log."""
    world = shared_audited_world
    canary = f"canary-{uuid4()}"
    mark = world.server.mark()
    with world.login("platform") as platform:
        for setting in ("off", "on"):
            assert canary not in world.server.log_since(mark)
            platform.execute(f"SET pgaudit.log_parameter = {setting}".encode())
            platform.execute("UPDATE phi.consent SET purpose = purpose WHERE purpose = %s", (canary,))
    assert canary in world.server.log_since(mark)


def test_wrapped_functions_bound_keys_show_neither_key_nor(shared_audited_world: World) -> None:
    """Wrapped functions with bound keys show neither key nor value."""
    world = shared_audited_world
    clinic = world.a
    canary = f"canary-{uuid4()}"
    mark = world.server.mark()
    with world.acting(BACKEND, clinic) as app:
        world.add_patient(app, clinic, canary, "canary@alpha.example")
    log = world.server.log_since(mark)
    assert "WRITE,INSERT" in log
    for secret in (canary, "canary@alpha.example", clinic.column_key.hex(), clinic.index_key.hex()):
        assert secret not in log


def test_object_logging_costs_no_second_line_catalog_queries(shared_audited_world: World) -> None:
    """Object logging costs no second line for catalog queries."""
    mark = shared_audited_world.server.mark()
    with shared_audited_world.login(BACKEND) as app:
        app.execute("SELECT count(*) FROM pg_class")
    assert not [line for line in audit_lines(shared_audited_world, mark) if "pg_class" in line]
