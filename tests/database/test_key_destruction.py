"""Data keys against whoever holds one: not destroyed under a writer, and wrapped by registered keys only."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import threading

import psycopg
import pytest

from tests.database.world import BACKEND, MIGRATOR, World


def test_a_key_is_not_destroyed_under_a_writer(world: World) -> None:
    """The writer has sealed and not yet committed; the other destroys the key as soon as nothing is under it."""
    a, done = world.a, threading.Event()
    problems: list[BaseException] = []
    with world.acting(BACKEND, a) as rotation:
        new = world.add_key(rotation, "column", b"n" * 32)

    def destroy() -> None:
        try:
            with world.acting(BACKEND, a) as app:
                for table, column in (
                    ("phi.patient", "full_name_sealed"),
                    ("phi.patient", "email_sealed"),
                    ("phi.clinical_note", "body_sealed"),
                ):
                    app.execute("SELECT app.reseal_batch(%s::regclass, %s, %s, %s, %s, %s)",
                                (table, column, a.column_key_id, a.column_key, new, b"n" * 32))  # fmt: skip
            with world.acting(BACKEND, a) as app:
                app.execute("SELECT app.destroy_data_key(%s)", (a.column_key_id,))
        except BaseException as problem:
            problems.append(problem)
        finally:
            done.set()

    with world.login("platform") as platform:
        platform.execute("UPDATE security.data_keys SET state = 'retiring' WHERE key_id = %s", (new,))
        platform.execute("UPDATE security.data_keys SET state = 'active' WHERE key_id = %s", (a.column_key_id,))
        with world.acting(BACKEND, a) as writer:
            patient = world.add_patient(writer, a, "Late Writer", "late@alpha.example")
            # The rotation is committed while the writer is open.
            platform.execute("UPDATE security.data_keys SET state = 'retiring' WHERE key_id = %s", (a.column_key_id,))
            platform.execute("UPDATE security.data_keys SET state = 'active' WHERE key_id = %s", (new,))
            thread = threading.Thread(target=destroy)
            thread.start()
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while not done.is_set() and platform.execute(waiting).fetchone() == (0,):
                pass
    thread.join()
    assert [type(problem) for problem in problems] == [psycopg.errors.ObjectNotInPrerequisiteState]
    assert "still sealed under this key" in str(problems[0])
    with world.acting(BACKEND, a) as app:
        opened = app.execute("SELECT app.open(full_name_sealed, %s, 'phi.patient', 'full_name_sealed', id::text), app.values_without_key() FROM phi.patient WHERE id = %s",
                             (a.column_key, patient)).fetchone()  # fmt: skip
    assert opened == ("Late Writer", 0)


def test_a_key_is_destroyed_in_read_committed_only(shared_world: World) -> None:
    world = shared_world
    with world.login(BACKEND) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with (
            pytest.raises(psycopg.errors.ActiveSqlTransaction, match="READ COMMITTED only"),
            world.acting(BACKEND, world.a, session) as app,
        ):
            app.execute("SELECT app.destroy_data_key(%s)", (world.a.column_key_id,))


def test_a_foreign_wrapping_key_is_refused_until_registered(world: World) -> None:
    add = "SELECT app.add_data_key('column', 'RSA-OAEP-256', 'https://{}/' || repeat('0', 32), repeat('w', 40)::bytea, 'checkval'::bytea)"
    with world.acting(BACKEND, world.a) as app:
        for other in ("evil.example/keys/x", "vault.example/keys/other", "vault.example.evil.example/keys/phi-columns"):
            with (
                pytest.raises(psycopg.errors.InsufficientPrivilege, match="no data key may be wrapped by"),
                app.transaction(),
            ):
                app.execute(add.format(other).encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("INSERT INTO security.wrapping_keys (prefix) VALUES ('https://evil.example/keys/x/')")
    with world.login(MIGRATOR) as migrator:
        migrator.execute("INSERT INTO security.wrapping_keys (prefix) VALUES ('https://vault.example/keys/other/')")
    mark = world.server.mark()
    with world.acting(BACKEND, world.a) as app:
        app.execute(add.format("vault.example/keys/other").encode())
    # A key that takes another's place outside a rotation reaches a person.
    assert "event=data_key_added severity=critical" in world.server.log_since(mark)
