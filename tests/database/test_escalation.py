"""The migrator acts as the owner of nearly everything. No code of the owner's runs with the rights of somebody else: not
as the keeper, who has the secrets, and not in an administrator's session."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import psycopg
import pytest

from database.errors import DatabaseRoomError
from tests.database import conftest
from tests.database.test_secrets_unseen import secrets, shown
from tests.database.world import MIGRATOR, World

STEAL = (
    "RAISE NOTICE 'as % %', current_user, (SELECT string_agg(encode(secret, 'hex'), ' ') FROM security.context_keys);"
)
EVENT = "event text, severity text, outcome text, detail jsonb DEFAULT NULL, actor text DEFAULT NULL, tenant uuid DEFAULT NULL, correlation text DEFAULT NULL"
FUNCTION = f"CREATE FUNCTION phi.steal() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN {STEAL} RETURN true; END $$; GRANT USAGE ON SCHEMA phi TO PUBLIC; GRANT EXECUTE ON FUNCTION phi.steal() TO PUBLIC; "

PLANTED = {
    "the event's writer, with its caller's rights": f"CREATE OR REPLACE FUNCTION audit.write_security_event({EVENT}) RETURNS void LANGUAGE plpgsql AS $$ BEGIN {STEAL} END $$; GRANT EXECUTE ON FUNCTION audit.write_security_event(text, text, text, jsonb, text, uuid, text) TO PUBLIC",
    "a policy on what the keeper reads": FUNCTION + "ALTER TABLE security.roles ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON security.roles USING (phi.steal())",
    "a view in a table's place": FUNCTION + "DROP TABLE security.roles CASCADE; CREATE VIEW security.roles AS SELECT 'medspasync_backend' AS name, 'app' AS kind WHERE phi.steal()",
    "a trigger on the keys": FUNCTION + "CREATE TRIGGER t AFTER INSERT ON security.context_keys EXECUTE FUNCTION audit.refuse_change()",
    "a function that fits better": f"CREATE FUNCTION security.record_event(event text, severity text, detail jsonb) RETURNS void LANGUAGE plpgsql AS $$ BEGIN {STEAL} END $$; GRANT EXECUTE ON FUNCTION security.record_event(text, text, jsonb) TO PUBLIC",
    "the keeper's function dropped": "DROP FUNCTION security.record_event(text, text, jsonb, text, uuid, text)",
    "the keeper's schema renamed": "ALTER SCHEMA security RENAME TO other",
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_owners_code_never_runs_as_the_keeper(shared_world: World, what: str) -> None:
    """Planted by the migrator, called by way of the keeper's function that he may call, and rolled back."""
    seen: list[str] = []
    with shared_world.login(MIGRATOR) as migrator:
        migrator.add_notice_handler(lambda notice: seen.append(str(notice.message_primary)))
        try:
            with migrator.transaction(force_rollback=True):
                migrator.execute(PLANTED[what].encode())
                migrator.execute(
                    "SELECT security.install_context_key('p', 'medspasync_backend', sha256('x'), now() + interval '1 day')"
                )
        except psycopg.errors.InsufficientPrivilege as refused:
            seen.append(str(refused))
    assert not [line for line in seen if "as medspasync_keeper" in line]
    known = [form for secret in secrets(shared_world).values() for form in shown(secret)]
    assert not [line for line in seen if any(form in line for form in known)]


def test_trap_an_invokers_function_runs_as_its_caller(shared_world: World) -> None:
    """What the test above looks for is real: whoever calls a function of the owner's lends it his rights."""
    seen: list[str] = []
    with shared_world.login("platform") as platform, platform.transaction(force_rollback=True):
        platform.add_notice_handler(lambda notice: seen.append(str(notice.message_primary)))
        platform.execute(FUNCTION.encode())
        platform.execute("SET LOCAL ROLE medspasync_keeper")
        platform.execute("SELECT phi.steal()")
    assert "as medspasync_keeper" in seen[0]
    assert secrets(shared_world)["key medspasync_backend"].hex() in seen[0]


BECOME = "CREATE FUNCTION phi.t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RESET ROLE; EXECUTE format('GRANT medspasync_backend TO %I', 'medspasync_migrator'); RETURN NULL; END $$; "
IN_BOOTSTRAP = {
    "a trigger": BECOME + "CREATE TRIGGER t AFTER INSERT ON security.settings EXECUTE FUNCTION phi.t()",
    "a trigger on the history": BECOME + "CREATE TRIGGER t AFTER INSERT ON security.schema_history EXECUTE FUNCTION phi.t()",
    "a policy": "ALTER TABLE security.settings ENABLE ROW LEVEL SECURITY",
    "a rule": "CREATE RULE r AS ON INSERT TO security.settings DO ALSO SELECT 1",
    "a check": "CREATE FUNCTION phi.c(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'; ALTER TABLE security.settings ADD CHECK (phi.c(name))",
    "a default": "CREATE FUNCTION phi.d() RETURNS text LANGUAGE sql AS 'SELECT ''x'''; ALTER TABLE security.schema_history ALTER COLUMN applied_by SET DEFAULT phi.d()",
    "an index": "CREATE FUNCTION phi.i(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE INDEX ON security.settings (phi.i(name))",
    "a view": "ALTER TABLE security.settings RENAME TO s; CREATE VIEW security.settings AS SELECT * FROM security.s",
    "a type": "CREATE DOMAIN phi.x AS text; ALTER TABLE security.settings ALTER COLUMN reason TYPE phi.x",
}  # fmt: skip


@pytest.mark.parametrize("what", IN_BOOTSTRAP)
def test_bootstrap_runs_no_code_of_the_owner(world: World, what: str) -> None:
    with world.login(MIGRATOR) as migrator:
        migrator.execute(IN_BOOTSTRAP[what].encode())
    with pytest.raises(DatabaseRoomError, match="is not as the platform made it"):
        conftest.bootstrap(world.server, world.dbname)
    with world.login("platform") as platform:
        row = platform.execute("SELECT pg_has_role('medspasync_migrator', 'medspasync_backend', 'MEMBER')").fetchone()
    assert row == (False,)


def test_bootstrap_finds_no_function_in_public(world: World) -> None:
    """The database's owner owns public: a function there with the very types of a call would be taken before the server's."""
    with world.login("platform") as platform:
        platform.execute(
            "CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$; "
            "GRANT USAGE ON SCHEMA public TO administrator; GRANT EXECUTE ON FUNCTION public.format(text, name) TO PUBLIC"
        )
        platform.execute("SET ROLE administrator")
        with pytest.raises(psycopg.errors.RaiseException, match="planted"):
            platform.execute("SELECT format('%s', current_database())")  # the trap
    conftest.bootstrap(world.server, world.dbname)
