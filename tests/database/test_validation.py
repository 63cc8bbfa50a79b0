"""validate_hipaa_compliance(): everything passes on what was applied, and every check fails when its subject is broken."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

import pytest

from tests.database.world import World

MONTH = "to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')"

# check: statements that break its subject, each on its own. Run as the platform's superuser in a transaction that is
# rolled back.
MUTATIONS: dict[str, list[str]] = {
    "rls-forced": [
        "ALTER TABLE phi.patient NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE phi.patient DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE phi.message_earlier NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE audit.security_logs DISABLE ROW LEVEL SECURITY",
        "DROP TABLE phi.consent",
        "CREATE TABLE phi.patient_child () INHERITS (phi.patient)",
    ],
    "tenant-policy": [
        "DROP POLICY tenant_isolation ON phi.patient",
        "DROP POLICY tenant_isolation ON phi.message_earlier",
        "ALTER POLICY tenant_isolation ON phi.patient USING (true)",
        "ALTER POLICY tenant_isolation ON phi.patient WITH CHECK (true)",
        "ALTER POLICY tenant_isolation ON phi.patient TO medspasync_backend",
        "DROP POLICY tenant_isolation ON phi.patient; CREATE POLICY tenant_isolation ON phi.patient "
        "USING (tenant_id = (SELECT app.tenant()))",
        "DROP POLICY tenant_isolation ON phi.patient; CREATE POLICY tenant_isolation ON phi.patient AS RESTRICTIVE "
        "FOR SELECT USING (tenant_id = (SELECT app.tenant()))",
        "CREATE POLICY everybody ON phi.patient USING (true)",
        "CREATE POLICY direct ON phi.message_earlier TO medspasync_backend USING (true)",
        "CREATE POLICY more ON phi.clinical_note TO medspasync_marketing USING (true)",
        "CREATE POLICY more ON phi.patient FOR SELECT TO medspasync_auditor USING (true)",
        "ALTER POLICY medspasync_backend_reads ON phi.patient TO medspasync_backend, medspasync_marketing",
        "DROP POLICY medspasync_backend_changes ON phi.patient",
    ],
    "ownership": [
        "ALTER TABLE phi.patient OWNER TO medspasync_migrator",
        "ALTER FUNCTION app.begin_context(text) OWNER TO platform",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO administrator', current_database()); END $$",
        "CREATE TABLE phi.stray (x integer)",
    ],
    "roles": [
        "ALTER ROLE medspasync_backend BYPASSRLS",
        "ALTER ROLE medspasync_migrator CREATEROLE",
        "ALTER ROLE medspasync_owner LOGIN",
        "ALTER ROLE medspasync_phi_audit LOGIN",
        "GRANT pg_read_all_data TO medspasync_backend",
        "GRANT medspasync_backend TO medspasync_marketing",
        "ALTER ROLE medspasync_credentials CREATEROLE",
        "GRANT medspasync_backend TO medspasync_credentials",
        "UPDATE security.settings SET value = 'true' WHERE name = 'app_passwords'; "
        "ALTER ROLE medspasync_credentials CREATEDB",
        "UPDATE security.settings SET value = 'true' WHERE name = 'app_passwords'; "
        "GRANT medspasync_backend TO medspasync_credentials",
        "UPDATE security.settings SET value = 'true' WHERE name = 'app_passwords'; "
        "GRANT pg_read_all_data TO medspasync_credentials",
        "UPDATE security.settings SET value = 'true' WHERE name = 'app_passwords'; "
        "GRANT medspasync_breakglass TO medspasync_credentials WITH ADMIN OPTION",
        "CREATE ROLE outsider; GRANT medspasync_owner TO outsider",
        "CREATE ROLE outsider; GRANT medspasync_phi_audit TO outsider",
        "CREATE ROLE outsider; GRANT medspasync_backend TO outsider",
        "CREATE ROLE outsider; GRANT medspasync_keeper TO outsider",
        "GRANT medspasync_keeper TO medspasync_migrator",
        "GRANT medspasync_owner TO medspasync_migrator WITH ADMIN OPTION",
        "ALTER ROLE medspasync_backend INHERIT",
        "GRANT pg_monitor TO medspasync_backend",
        "INSERT INTO security.roles VALUES ('medspasync_absent', 'app')",
    ],
    "table-rights": [
        "GRANT TRUNCATE ON phi.patient TO medspasync_backend",
        "GRANT TRIGGER ON phi.patient TO medspasync_backend",
        "GRANT SELECT ON phi.patient TO PUBLIC",
        "GRANT SELECT (birth_year) ON phi.patient TO PUBLIC",
        "GRANT SELECT ON phi.patient TO medspasync_auditor",
        "GRANT SELECT ON phi.patient TO administrator",
        "GRANT SELECT ON phi.clinical_note TO medspasync_marketing",
        "GRANT SELECT (birth_year) ON phi.patient TO medspasync_marketing",
        "GRANT SELECT ON phi.patient TO medspasync_backend WITH GRANT OPTION",
        "GRANT DELETE ON phi.patient TO medspasync_backend",
        "REVOKE SELECT ON phi.patient FROM medspasync_backend",
        "UPDATE security.protected_tables SET readers = '{}' WHERE relation = 'phi.patient'::regclass",
        "CREATE VIEW phi.names WITH (security_invoker = true) AS SELECT id FROM phi.patient; GRANT INSERT ON phi.names TO medspasync_backend",
        "GRANT UPDATE ON phi.patient TO medspasync_breakglass",
        "GRANT SELECT ON phi.message_earlier TO medspasync_backend",
        "GRANT INSERT ON audit.hipaa_audit_logs TO medspasync_backend",
        "GRANT DELETE ON audit.seals TO medspasync_maintainer",
        "GRANT UPDATE ON security.settings TO medspasync_auditor",
    ],
    "public": [
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$",
        "GRANT USAGE ON SCHEMA extensions TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION audit.seal() TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE medspasync_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
    ],
    "definer-functions": [
        "ALTER FUNCTION app.begin_context(text) RESET search_path",
        "ALTER FUNCTION app.begin_context(text) SET search_path = pg_temp, pg_catalog",
        "ALTER FUNCTION app.begin_context(text) SET search_path = pg_catalog, public",
        "ALTER FUNCTION app.tenant() SET search_path = public",
        "ALTER FUNCTION app.tenant() OWNER TO platform",
        "ALTER FUNCTION audit.seal() OWNER TO platform",
        "SET LOCAL ROLE medspasync_owner; CREATE FUNCTION phi.list_patients() RETURNS SETOF phi.patient LANGUAGE sql "
        "SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT * FROM phi.patient'; RESET ROLE",
    ],
    "views": [
        "CREATE VIEW phi.leak AS SELECT id FROM phi.patient",
        "CREATE MATERIALIZED VIEW public.leak AS SELECT id FROM phi.patient",
        "ALTER VIEW audit.failed_sign_ins SET (security_invoker = false)",
        "CREATE VIEW phi.honest WITH (security_invoker = true) AS SELECT id FROM phi.patient; "
        "CREATE VIEW public.leak AS SELECT id FROM phi.honest",
        "CREATE VIEW phi.honest WITH (security_invoker = true) AS SELECT id FROM phi.patient; "
        "CREATE VIEW phi.honest_too WITH (security_invoker = true) AS SELECT id FROM phi.honest; "
        "CREATE MATERIALIZED VIEW phi.leak AS SELECT id FROM phi.honest_too",
    ],
    "schema-rights": [
        "GRANT CREATE ON SCHEMA phi TO medspasync_backend",
        "CREATE ROLE outsider; GRANT CREATE ON SCHEMA security TO outsider",
        "GRANT CREATE ON SCHEMA public TO medspasync_auditor",
        "GRANT USAGE ON SCHEMA app TO medspasync_backend WITH GRANT OPTION",
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO medspasync_backend', current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO medspasync_migrator', current_database()); END $$",
    ],
    "other-roles": [
        "CREATE ROLE outsider LOGIN BYPASSRLS",
        "CREATE ROLE azurebackup LOGIN BYPASSRLS",
        "CREATE ROLE outsider LOGIN; GRANT pg_read_all_data TO outsider",
        "CREATE ROLE middle; GRANT pg_write_all_data TO middle; CREATE ROLE outsider LOGIN; GRANT middle TO outsider",
    ],
    "foreign-code": [
        "CREATE FUNCTION phi.helper() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION public.helper() RETURNS integer LANGUAGE sql AS 'SELECT 1'; INSERT INTO security.function_exemptions "
        "(signature, reason, expires_on, granted_on) VALUES ('public.helper()', 'once looked at', current_date - 1, current_date - 9)",
        "CREATE FUNCTION public.helper() RETURNS integer LANGUAGE sql AS 'SELECT 1'; INSERT INTO security.function_exemptions "
        "(signature, reason, expires_on) VALUES ('public.helper()', 'looked at', current_date + 30); "
        "GRANT EXECUTE ON FUNCTION public.helper() TO medspasync_backend WITH GRANT OPTION",
        "CREATE RULE silence AS ON INSERT TO audit.hipaa_audit_logs DO INSTEAD NOTHING",
        "CREATE RULE copy AS ON INSERT TO phi.patient DO ALSO NOTIFY x",
        "CREATE PUBLICATION leak FOR TABLE phi.patient",
        "CREATE FUNCTION public.cast_it(text) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE CAST (text AS integer) WITH FUNCTION public.cast_it(text)",
    ],
    "columns": [
        "ALTER TABLE phi.treatment RENAME id TO number",
        "ALTER TABLE phi.treatment RENAME patient_id TO person",
        "ALTER TABLE phi.treatment RENAME performed_at TO done_at",
        "ALTER TABLE phi.patient RENAME preferred_language TO language",
        "ALTER TABLE phi.treatment ALTER COLUMN performed_at TYPE text",
    ],
    "large-objects": ["SELECT lo_create(0)"],
    "portability": [
        "CREATE TABLE public.calls (callee regproc)",
        "ALTER TABLE security.checks ADD COLUMN callees regprocedure[]",
    ],
    "holds": [
        "INSERT INTO security.holds (subject_id, reason, until) VALUES (gen_random_uuid(), 'CASE-1', current_date - 1)",
    ],
    "unprotected-tables": [
        "CREATE TABLE public.lead (id uuid, first_name text)",
        "CREATE TABLE phi.xray (id uuid, patient_id uuid)",
        "CREATE TABLE phi.intake (k uuid, data jsonb)",
        "CREATE TABLE public.copy AS SELECT id AS k, birth_year AS y FROM phi.patient",
        "CREATE SEQUENCE public.covert",
        "CREATE TABLE public.long (id uuid); INSERT INTO security.lint_exemptions VALUES ('public.long', 'for ever', '9999-01-01', '9998-12-31')",
        "INSERT INTO security.lint_exemptions VALUES ('security.context_seal', 'hide', current_date)",
        "CREATE TABLE public.exempt (id uuid, email text); "
        "INSERT INTO security.lint_exemptions VALUES ('public.exempt', 'expired', current_date - 1)",
    ],
    "tenant-index": [
        "DROP INDEX phi.consent_by_patient",
    ],
    "context-keys": [
        "UPDATE security.context_keys SET not_before = now() - interval '80 days', not_after = now() + interval '10 days'",
        "UPDATE security.roles SET kind = 'auditor' WHERE name = 'medspasync_backend'",
    ],
    "audit-triggers": [
        "ALTER TABLE phi.patient DISABLE TRIGGER phi_audit_update",
        "ALTER TABLE phi.patient ENABLE REPLICA TRIGGER phi_audit_update",
        "DROP TRIGGER phi_audit_delete ON phi.message_earlier",
        "DROP TRIGGER phi_no_truncate ON phi.patient",
        "CREATE OR REPLACE TRIGGER phi_audit_update AFTER INSERT ON phi.patient FOR EACH STATEMENT EXECUTE FUNCTION audit.trail_phi_patient(); "
        "ALTER TABLE phi.patient ENABLE ALWAYS TRIGGER phi_audit_update",
        "DROP TRIGGER phi_audit_update ON phi.message_earlier; CREATE TRIGGER phi_audit_update AFTER UPDATE ON phi.message_earlier "
        "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION "
        "audit.record_changes('sent_at', 'tenant_id', 'patient_id'); ALTER TABLE phi.message_earlier ENABLE ALWAYS TRIGGER phi_audit_update",
        "ALTER TABLE phi.patient ADD COLUMN nickname text",
        "CREATE OR REPLACE FUNCTION audit.trail_phi_patient() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'",
        "CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE TRIGGER aaa BEFORE INSERT ON phi.patient FOR EACH ROW EXECUTE FUNCTION public.nothing()",
        "CREATE OR REPLACE TRIGGER phi_no_truncate BEFORE TRUNCATE ON phi.patient FOR EACH STATEMENT WHEN (false) "
        "EXECUTE FUNCTION audit.refuse_truncate()",
        "CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE OR REPLACE TRIGGER phi_no_truncate BEFORE TRUNCATE ON phi.patient FOR EACH STATEMENT EXECUTE FUNCTION public.nothing()",
    ],
    "append-only": [
        "ALTER TABLE audit.hipaa_audit_logs DISABLE TRIGGER append_only",
        "ALTER TABLE audit.hipaa_audit_logs ENABLE TRIGGER append_only",
        f"DO $$ BEGIN EXECUTE format('DROP TRIGGER append_only ON audit.%I', 'hipaa_audit_logs' || {MONTH}); END $$",
        "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit.seals FOR EACH STATEMENT "
        "EXECUTE FUNCTION audit.refuse_change(); ALTER TABLE audit.seals ENABLE ALWAYS TRIGGER append_only",
        "CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE TRIGGER aaa BEFORE INSERT ON audit.hipaa_audit_logs FOR EACH ROW EXECUTE FUNCTION public.nothing()",
    ],
    "partitions": [
        "DO $$ BEGIN EXECUTE 'DROP TABLE audit.security_logs' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') "
        "+ interval '1 month', '_YYYY_MM'); END $$",
    ],
    "chain": [
        "SELECT audit.seal(); ALTER TABLE audit.hipaa_audit_logs DISABLE TRIGGER append_only; DELETE FROM audit.hipaa_audit_logs",
        "SELECT audit.seal(); ALTER TABLE audit.seals DISABLE TRIGGER append_only; UPDATE audit.seals SET row_count = row_count + 1",
    ],
    "sealing": [
        "INSERT INTO audit.hipaa_audit_logs (action, recorded_at) SELECT 'DELETE', "
        "greatest(now() - interval '61 minutes', date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')",
    ],
    "retention": [
        "UPDATE security.settings SET value = '5 years' WHERE name = 'audit_retention'",
        "DELETE FROM security.settings WHERE name = 'audit_retention'",
        "INSERT INTO audit.retired_periods (log, period, row_count, closing_hash, export_location, export_sha256) "
        "VALUES ('security_logs', date_trunc('month', now())::date, 1, '', 'x', repeat('0', 64))",
    ],
    "log-contents": [
        "SET LOCAL log_parameter_max_length = -1",
        "SET LOCAL log_parameter_max_length_on_error = -1",
        "SET LOCAL log_error_verbosity = 'default'",
        "SET LOCAL log_statement = 'ddl'",
    ],
    "sealed-columns": [
        "ALTER TABLE phi.patient DROP CONSTRAINT sealed_full_name_sealed",
        "ALTER TABLE phi.patient DROP COLUMN phone_sealed",
        "ALTER TABLE phi.patient DROP CONSTRAINT sealed_full_name_sealed, ADD CONSTRAINT sealed_full_name_sealed CHECK (true)",
        "ALTER TABLE phi.patient DROP CONSTRAINT sealed_full_name_sealed; ALTER TABLE phi.patient ADD CONSTRAINT "
        "sealed_full_name_sealed CHECK (octet_length(full_name_sealed) > 64 AND get_byte(full_name_sealed, 0) = 1) NOT VALID",
    ],
    "data-keys": [
        "UPDATE security.data_keys SET rotate_after = now() - interval '1 day'",
        "UPDATE security.data_keys SET rotate_after = now() - interval '91 days', state = 'retiring'",
        "UPDATE security.data_keys SET wrapping_key = 'none'",
    ],
    "pgcrypto": [
        "ALTER EXTENSION pgcrypto SET SCHEMA public",
        "GRANT USAGE ON SCHEMA extensions TO medspasync_backend",
        "REVOKE USAGE ON SCHEMA extensions FROM medspasync_owner",
    ],
    "read-audit": [
        "REVOKE SELECT ON phi.patient FROM medspasync_phi_audit",
    ],
}  # fmt: skip
# Of read-audit on a server that has pgaudit.
PGAUDIT_MUTATIONS = [
    "DROP EXTENSION pgaudit",
    "SET LOCAL pgaudit.role = ''",
    "SET LOCAL pgaudit.log_parameter = on",
    "SET LOCAL pgaudit.log_client = on",
    "SET LOCAL pgaudit.log = 'ddl, role, misc'",
]


def statuses(world: World, *mutation: str, only: str | None = None) -> dict[str, tuple[str, int, str]]:
    with world.login("platform") as platform, platform.transaction(force_rollback=True):
        for statement in mutation:
            platform.execute(statement.encode())
        rows = platform.execute("SELECT * FROM security.validate_hipaa_compliance(%s)", (only,)).fetchall()
    return {check: (status, examined, detail) for check, _, status, examined, detail in rows}


def test_everything_passes_after_bootstrap_and_apply(shared_world: World) -> None:
    """On a server without pgaudit the one check that cannot hold says so, as a warning."""
    with shared_world.login("medspasync_auditor") as auditor:
        rows = auditor.execute("SELECT check_id, status, examined, detail FROM validate_hipaa_compliance()").fetchall()
    expected = {"read-audit": "pass" if shared_world.server.binaries.pgaudit else "warn"}
    assert {check: status for check, status, _, _ in rows} == {
        check: expected.get(check, "pass") for check in MUTATIONS
    }
    empty = {check for check, _, examined, _ in rows if examined == 0}
    assert empty <= {"chain", "holds"}  # nothing was sealed yet, nothing is held


def test_every_check_has_a_control_and_a_mutation(shared_world: World) -> None:
    with shared_world.login("medspasync_auditor") as auditor:
        rows = auditor.execute("SELECT check_id, control FROM security.checks").fetchall()
    assert {check for check, _ in rows} == set(MUTATIONS)
    assert all(control.startswith("164.3") for _, control in rows)


@pytest.mark.parametrize(
    ("check", "mutation"),
    [(check, m) for check, mutations in MUTATIONS.items() for m in mutations],
    ids=lambda v: v[:70],
)
def test_each_check_fails_when_its_subject_is_broken(shared_world: World, check: str, mutation: str) -> None:
    status, _, detail = statuses(shared_world, mutation, only=check)[check]
    assert status == "fail", detail


@pytest.mark.parametrize("mutation", PGAUDIT_MUTATIONS)
def test_read_audit_fails_when_pgaudit_is_weakened(shared_audited_world: World, mutation: str) -> None:
    assert statuses(shared_audited_world, mutation, only="read-audit")["read-audit"][0] == "fail"


@pytest.mark.parametrize("check", ["rls-forced", "tenant-policy", "audit-triggers", "tenant-index"])
def test_a_check_that_examined_nothing_does_not_pass(shared_world: World, check: str) -> None:
    empty = "DELETE FROM security.protected_tables"
    status, examined, detail = statuses(shared_world, empty)[check]
    if check == "rls-forced":
        assert examined > 0  # the logs are left
    else:
        assert (status, examined) == ("fail", 0)
        assert "examined nothing" in detail


def test_an_empty_population_that_is_lawful_says_so(shared_world: World) -> None:
    result = statuses(shared_world, "DELETE FROM security.data_keys", "DELETE FROM security.context_keys")
    for check in ("data-keys", "context-keys"):
        assert result[check][:2] == ("pass", 0)
        assert "examined nothing" in result[check][2]


def test_exemption_with_reason_silences_lint_until_it_expires(shared_world: World) -> None:
    """An exemption with a reason silences the lint until it expires."""
    status, _, _ = statuses(
        shared_world, "CREATE TABLE public.exempt (id uuid, email text)",
        "INSERT INTO security.lint_exemptions VALUES ('public.exempt', 'addresses of our own staff', current_date)",
    )["unprotected-tables"]  # fmt: skip
    assert status == "pass"


def test_at_most_five_problems_are_named(shared_world: World) -> None:
    status, examined, detail = statuses(shared_world, "UPDATE security.protected_tables SET tenant_column = 'nowhere'")[
        "tenant-index"
    ]
    assert (status, examined) == ("fail", 8)
    assert detail.startswith("Tenant columns are indexed; 8 of 8 examined: ")
    assert detail.count("no index begins") == 5
