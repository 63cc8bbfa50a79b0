"""Column encryption: what is sealed stays sealed, opens only in its place, and can be found without being opened."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.database.world import BACKEND, Clinic, World, check_value
from tests.long import costly

PLACE = "'phi.patient', 'full_name_sealed'"


def seal(app: psycopg.Connection[tuple], clinic: Clinic, text: str | None, row_id: object) -> bytes:
    row = app.execute(
        f"SELECT app.seal(%s, %s, %s, {PLACE}, %s::text)", (text, clinic.column_key_id, clinic.column_key, row_id)
    ).fetchone()
    assert row is not None
    return bytes(row[0])


def unseal(app: psycopg.Connection[tuple], key: bytes, sealed: bytes, row_id: object, place: str = PLACE) -> str:
    row = app.execute(f"SELECT app.open(%s, %s, {place}, %s::text)", (sealed, key, row_id)).fetchone()
    assert row is not None
    return str(row[0])


@costly(30)
@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200))
def test_what_is_sealed_opens_again_and_shows_nothing(shared_world: World, text: str) -> None:
    clinic = shared_world.a
    with shared_world.acting(BACKEND, clinic) as app:
        one, two = seal(app, clinic, text, "r"), seal(app, clinic, text, "r")
        assert unseal(app, clinic.column_key, one, "r") == text
    assert one != two
    assert len(text) < 4 or text.encode() not in one
    assert one[0] == 1
    assert UUID(bytes=one[1:17]) == clinic.column_key_id


def test_null_stays_null(shared_world: World) -> None:
    with shared_world.acting(BACKEND, shared_world.a) as app:
        row = app.execute(f"SELECT app.seal(NULL, %s, %s, {PLACE}, 'r'), app.open(NULL, %s, {PLACE}, 'r')",
                          (shared_world.a.column_key_id, b"", b"")).fetchone()  # fmt: skip
    assert row == (None, None)


def test_a_value_opens_only_in_its_place(shared_world: World) -> None:
    """A cipher text copied to another row or column would otherwise pass for that patient's."""
    clinic = shared_world.a
    with shared_world.acting(BACKEND, clinic) as app:
        sealed = seal(app, clinic, "Jane Roe", "row-1")
        for row_id, place in (
            ("row-2", PLACE),
            ("row-1", "'phi.patient', 'phone_sealed'"),
            ("row-1", "'phi.message', 'body_sealed'"),
        ):
            with pytest.raises(psycopg.errors.InvalidParameterValue, match="another place"), app.transaction():
                unseal(app, clinic.column_key, sealed, row_id, place)


@pytest.mark.parametrize("position", [0, 1, 20, 60, -1])
def test_an_altered_value_does_not_open(shared_world: World, position: int) -> None:
    clinic = shared_world.a
    with shared_world.acting(BACKEND, clinic) as app:
        sealed = bytearray(seal(app, clinic, "Jane Roe", "r"))
        sealed[position] ^= 1
        if position == 0:
            # The version byte is the constraint's to check.
            with pytest.raises(psycopg.errors.CheckViolation), app.transaction():
                app.execute("UPDATE phi.patient SET full_name_sealed = %s", (bytes(sealed),))
        else:
            with pytest.raises(psycopg.Error), app.transaction():
                unseal(app, clinic.column_key, bytes(sealed), "r")


@pytest.mark.parametrize("key", [b"short", b"w" * 32, b""])
def test_wrong_key_is_refused_before_it_seals_anything(shared_world: World, key: bytes) -> None:
    """A wrong key is refused before it seals anything."""
    with (
        shared_world.acting(BACKEND, shared_world.a) as app,
        pytest.raises(psycopg.errors.InvalidParameterValue) as refused,
    ):
        app.execute(f"SELECT app.seal('x', %s, %s, {PLACE}, 'r')", (shared_world.a.column_key_id, key))
    assert "w" * 32 not in str(refused.value)


def test_keys_another_tenant_or_purpose_do_not_work(shared_world: World) -> None:
    """Keys of another tenant or purpose do not work."""
    a, b = shared_world.a, shared_world.b
    with shared_world.acting(BACKEND, b) as app:
        sealed_by_b = seal(app, b, "secret of b", "r")
    with shared_world.acting(BACKEND, a) as app:
        for statement, arguments in (
            (f"SELECT app.seal('x', %s, %s, {PLACE}, 'r')", (b.column_key_id, b.column_key)),
            (f"SELECT app.seal('x', %s, %s, {PLACE}, 'r')", (a.index_key_id, a.index_key)),
            (f"SELECT app.open(%s, %s, {PLACE}, 'r')", (sealed_by_b, b.column_key)),
            ("SELECT app.blind_index('x', %s, %s, 'f')", (a.column_key_id, a.column_key)),
        ):
            with pytest.raises(psycopg.errors.UndefinedObject), app.transaction():
                app.execute(statement.encode(), arguments)


def test_without_a_context_no_key_works(shared_world: World) -> None:
    clinic = shared_world.a
    with shared_world.login(BACKEND) as app, pytest.raises(psycopg.errors.InvalidAuthorizationSpecification):
        seal(app, clinic, "x", "r")


def test_plain_text_does_not_fit_into_sealed_column(shared_world: World) -> None:
    """Plain text does not fit into a sealed column."""
    with shared_world.acting(BACKEND, shared_world.a) as app, pytest.raises(psycopg.errors.CheckViolation):
        app.execute("UPDATE phi.patient SET full_name_sealed = convert_to('Jane Roe', 'UTF8')")


def test_equality_search_by_blind_index(shared_world: World) -> None:
    a, b = shared_world.a, shared_world.b
    query = "SELECT id FROM phi.patient WHERE email_index = app.blind_index(%s, %s, %s, 'email_sealed')"
    with shared_world.acting(BACKEND, a) as app:
        found = app.execute(query, ("  P1@ALPHA.example", a.index_key_id, a.index_key)).fetchall()
        assert found == [(a.patients[0],)]
        row = app.execute("SELECT app.blind_index('x', %(i)s, %(k)s, 'email'), app.blind_index('x', %(i)s, %(k)s, 'phone')",
                          {"i": a.index_key_id, "k": a.index_key}).fetchone()  # fmt: skip
        assert row is not None
        assert row[0] != row[1]
        first = app.execute("SELECT app.blind_index('x', %s, %s, 'email')", (a.index_key_id, a.index_key)).fetchone()
    with shared_world.acting(BACKEND, b) as app:
        second = app.execute("SELECT app.blind_index('x', %s, %s, 'email')", (b.index_key_id, b.index_key)).fetchone()
    assert first != second  # equal values of two tenants do not show as equal


def test_bare_key_does_not_fit_where_wrapped_keys(shared_world: World) -> None:
    """A bare key does not fit where wrapped keys are kept."""
    key = hashlib.sha256(uuid4().bytes).digest()
    with shared_world.acting(BACKEND, shared_world.a) as app, pytest.raises(psycopg.errors.CheckViolation):
        app.execute(
            "SELECT app.add_data_key('column', 'A256KW', 'https://vault.example/keys/phi-columns/1', %s, %s)",
            (key, check_value(key)),
        )


def test_neither_keys_nor_values_reach_the_log(world: World) -> None:
    """Bound parameters, with slow-statement logging at 0 ms and errors: the settings of parameters.yaml hold them back."""
    clinic = world.a
    with world.login("platform") as platform:
        platform.execute(f"ALTER ROLE {BACKEND} IN DATABASE {world.dbname} SET log_min_duration_statement = 0")
    mark = world.server.mark()
    canary = f"canary-{uuid4()}"
    with world.login(BACKEND) as session:
        with world.acting(BACKEND, clinic, session) as app:
            row_id = uuid4()
            sealed = seal(app, clinic, canary, row_id)
            app.execute(
                "INSERT INTO phi.patient (id, tenant_id, full_name_sealed) VALUES (%s, %s, %s)",
                (row_id, clinic.id, sealed),
            )
            assert unseal(app, clinic.column_key, sealed, row_id) == canary
        with pytest.raises(psycopg.Error), world.acting(BACKEND, clinic, session) as app:
            unseal(app, clinic.column_key, sealed, "elsewhere")
        with pytest.raises(psycopg.Error), world.acting(BACKEND, clinic, session) as app:
            app.execute(f"SELECT app.seal(%s, %s, %s, {PLACE}, 'r')", (canary, clinic.column_key_id, b"k" * 31))
        with pytest.raises(psycopg.errors.CheckViolation), world.acting(BACKEND, clinic, session) as app:
            app.execute("INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) VALUES (%s, %s, %s, true)",
                        (clinic.id, clinic.patients[0], canary))  # fmt: skip
    log = world.server.log_since(mark)
    assert "duration:" in log  # statements were logged: the absence below means something
    assert "statement" in log.lower()
    for secret in (canary, clinic.column_key.hex(), "k" * 31, (b"k" * 31).hex(), world.secrets[BACKEND].hex()):
        assert secret not in log


def test_the_trap_that_the_settings_close(world: World) -> None:
    """The same, with the two settings at the platform's defaults: the bound value is in the log."""
    mark = world.server.mark()
    canary = f"canary-{uuid4()}"
    with world.login("platform") as platform:
        platform.execute("SET log_min_duration_statement = 0")
        platform.execute("SET log_parameter_max_length = -1")
        platform.execute("SET log_error_verbosity = 'default'")
        platform.execute("SELECT length(%s::text)", (canary,))
    assert canary in world.server.log_since(mark)
