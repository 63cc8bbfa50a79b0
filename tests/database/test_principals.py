# ruff: noqa: E501 (SQL statements stay on one line)
"""Entra principals, on a server with a stand-in for Azure's functions, and on one without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from database import principals
from database.errors import DatabaseRoomError
from tests.database import conftest
from tests.database.servers import Server

IDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]

# As documented by Azure: the functions live in pg_catalog of the database postgres, and make a role with a label. What the
# first column is called is told in two ways (database/principals.py), so both are tried.
STAND_IN = (
    "CREATE TABLE public.principals ({column} name, principaltype text, objectid text, tenantid text, ismfa int, isadmin int)",
    "CREATE FUNCTION pg_catalog.pgaadauth_list_principals(isadminvalue boolean) RETURNS SETOF public.principals "
    "LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM public.principals'",
    "CREATE FUNCTION pg_catalog.pgaadauth_create_principal_with_oid(role text, oid text, type text, admin boolean, mfa boolean) "
    "RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
    "IF admin OR mfa THEN RAISE 'no'; END IF; "
    "IF type = 'user' THEN RAISE EXCEPTION 'principal not found'; END IF; "
    "IF to_regrole(role) IS NULL THEN EXECUTE format('CREATE ROLE %I LOGIN', role); "
    "EXECUTE format('GRANT %I TO administrator WITH ADMIN OPTION', role); END IF; "
    "INSERT INTO public.principals VALUES (role, type, oid, '', 0, 0); RETURN 'Created role for ' || role; END $$",
)


@pytest.fixture(params=["rolename", "rolname"])
def azure(server: Server, request: pytest.FixtureRequest) -> Iterator[Server]:
    statements = [statement.replace("{column}", request.param) for statement in STAND_IN]
    conftest._as_platform(server, "SET allow_system_table_mods = on", *statements)
    with server.connect("platform", "postgres") as platform:
        platform.execute("SET allow_system_table_mods = on")
        yield server
        platform.execute(
            "DROP FUNCTION pg_catalog.pgaadauth_create_principal_with_oid, pg_catalog.pgaadauth_list_principals"
        )
        platform.execute("DROP TABLE public.principals")


def test_each_role_is_made_once_as_a_principal(azure: Server) -> None:
    wanted = {"medspasync_backend": {"object_id": IDS[0], "type": "service"},
              "medspasync_auditor": {"object_id": IDS[1], "type": "group"}}  # fmt: skip
    dsn = azure.dsn("administrator", "app")
    assert principals.create_principals(dsn, False, wanted) == [
        "Entra principal medspasync_backend",
        "Entra principal medspasync_auditor",
    ]
    assert principals.create_principals(dsn, False, wanted) == []
    with psycopg.connect(azure.dsn("platform", "postgres")) as platform:
        rows = platform.execute("SELECT p.*::text FROM public.principals AS p ORDER BY 1").fetchall()
    assert rows == [
        (f'(medspasync_auditor,group,{IDS[1]},"",0,0)',),
        (f'(medspasync_backend,service,{IDS[0]},"",0,0)',),
    ]


def test_a_principal_made_first_is_bootstrapped(azure: Server) -> None:
    """The order of a first deployment: Azure makes the role, then bootstrap finds it there."""
    role = "medspasync_credentials"
    with psycopg.connect(azure.dsn("platform", "postgres"), autocommit=True) as platform:
        platform.execute(f"ALTER ROLE {role} RENAME TO set_aside")
        try:
            wanted = {role: {"object_id": IDS[2], "type": "service"}}
            assert principals.create_principals(azure.dsn("administrator", "app"), False, wanted)
            name = conftest.empty_database(azure)
            conftest.bootstrap(azure, name)
            found = platform.execute(
                "SELECT rolinherit, rolconnlimit FROM pg_roles WHERE rolname = %s", (role,)
            ).fetchone()
            assert found == (False, 10)
        finally:
            platform.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            platform.execute(f"DROP ROLE IF EXISTS {role}")
            platform.execute(f"ALTER ROLE set_aside RENAME TO {role}")


def test_a_list_of_another_shape_is_refused(azure: Server) -> None:
    conftest._as_platform(azure, "INSERT INTO public.principals VALUES ('x', 'service', 'no object id', '', 0, 0)")
    with pytest.raises(DatabaseRoomError, match="expected role, kind, object id"):
        principals.create_principals(azure.dsn("administrator", "app"), False, {})


def test_a_role_mapped_to_another_object_is_refused(azure: Server) -> None:
    dsn = azure.dsn("administrator", "app")
    principals.create_principals(dsn, False, {"medspasync_backend": {"object_id": IDS[0], "type": "service"}})
    with pytest.raises(DatabaseRoomError, match="mapped to another Entra object"):
        principals.create_principals(dsn, False, {"medspasync_backend": {"object_id": IDS[1], "type": "service"}})


def test_role_signs_in_by_password_is_no_principal(azure: Server) -> None:
    """Only Azure has the label's provider; that the server knows the statement and asks for it shows what is sent."""
    dsn = azure.dsn("administrator", "app")
    by_password = {"medspasync_backend": principals.PASSWORD}
    assert principals.create_principals(dsn, False, by_password) == []
    principals.create_principals(dsn, False, {"medspasync_backend": {"object_id": IDS[0], "type": "service"}})
    with pytest.raises(DatabaseRoomError, match='security label provider "pgaadauth" is not loaded'):
        principals.create_principals(dsn, False, by_password)


def test_role_had_password_mapped_and_not_made_again(azure: Server) -> None:
    """A role that had a password is mapped and not made again."""
    dsn = azure.dsn("administrator", "app")
    wanted = {"medspasync_backend": {"object_id": IDS[0], "type": "service"}}
    with psycopg.connect(dsn.replace("dbname=app", "dbname=postgres"), autocommit=True) as administrator:
        administrator.execute("""COMMENT ON ROLE medspasync_backend IS '{"password": "2026-11-01"}'""")
        with pytest.raises(DatabaseRoomError, match='security label provider "pgaadauth" is not loaded'):
            principals.create_principals(dsn, False, wanted)
        administrator.execute("COMMENT ON ROLE medspasync_backend IS NULL")
    assert principals.create_principals(dsn, False, wanted) == ["Entra principal medspasync_backend"]


@pytest.mark.parametrize(("role", "label", "statement"), [
    ("medspasync_backend", None, 'SECURITY LABEL FOR pgaadauth ON ROLE "medspasync_backend" IS NULL'),
    ('odd"role', f"aadauth,oid={IDS[0]},type=service",
     f"""SECURITY LABEL FOR pgaadauth ON ROLE "odd""role" IS 'aadauth,oid={IDS[0]},type=service'"""),
])  # fmt: skip
def test_the_label_is_what_azure_documents(server: Server, role: str, label: str | None, statement: str) -> None:
    with server.connect("administrator", "postgres") as connection:
        mark = server.mark()
        with pytest.raises(psycopg.Error):
            principals._label(connection, role, label)
    assert statement in server.log_since(mark)


def test_what_the_directory_refuses_is_passed_on(azure: Server) -> None:
    with pytest.raises(DatabaseRoomError, match="Entra principals: principal not found"):
        principals.create_principals(
            azure.dsn("administrator", "app"), False, {"medspasync_backend": {"object_id": IDS[0], "type": "user"}}
        )


def test_without_azure_there_are_plain_roles(server: Server) -> None:
    done = principals.create_principals(server.dsn("administrator", "app"), False, {})
    assert done == ["this server has no Entra principals: plain roles"]


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "principals.yaml"
    path.write_text(f"medspasync_backend: {{object_id: {IDS[0]}, type: service}}\n")
    assert principals.read_principals(path) == {"medspasync_backend": {"object_id": IDS[0], "type": "service"}}
    path.write_text("medspasync_backend: {type: password}\n")
    assert principals.password_roles(principals.read_principals(path)) == ["medspasync_backend"]


def test_every_mistake_of_file_is_named_at_once(tmp_path: Path) -> None:
    """Every mistake of a file is named at once."""
    path = tmp_path / "principals.yaml"
    path.write_text(
        f"medspasync_owner: {{object_id: {IDS[0]}, type: service}}\n"
        f"medspasync_backend: {{object_id: nonsense, type: service}}\n"
        f"medspasync_auditor: {{object_id: {IDS[1]}, type: robot}}\n"
        f"medspasync_marketing: {{object_id: {IDS[1]}, type: service}}\n"
        f"medspasync_frontend: service\n"
        f"medspasync_migrator: {{type: password}}\n"
    )
    with pytest.raises(DatabaseRoomError) as refused:
        principals.read_principals(path)
    for part in ("medspasync_owner: no role that signs in", "'nonsense' is no UUID", "'robot' (allowed: service, user, group)",
                 "medspasync_marketing.object_id: already mapped to medspasync_auditor", "medspasync_frontend: expected exactly",
                 "medspasync_migrator: only applications may sign in by password"):  # fmt: skip
        assert part in str(refused.value)


@pytest.mark.parametrize("content", ["- a\n", "{", None])
def test_an_unreadable_file(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "principals.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DatabaseRoomError, match=r"principals\.yaml|No such file"):
        principals.read_principals(path)
