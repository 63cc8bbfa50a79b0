"""Alterations that went unseen when they were first tried, one or two of each kind, beside those in mutations.py."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

from tests.database.mutations import MARKETING, MIGRATOR, Mutation

PLATFORM = "platform"
OWN_TABLE = "CREATE TABLE phi.invoice (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, note text); SELECT security.secure_table('phi.invoice', 'tenant_id', writers => '{medspasync_backend}'); "
EXEMPT_TABLE = "CREATE TABLE phi.hours (id uuid NOT NULL, tenant_id uuid NOT NULL, note text); INSERT INTO security.lint_exemptions (relation, reason, expires_on) VALUES ('phi.hours', 'opening hours', current_date + 30); "
EXEMPT_FUNCTION = "CREATE FUNCTION phi.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; INSERT INTO security.function_exemptions (signature, reason, expires_on) VALUES ('phi.f()', 'looked at', current_date + 30); "
TRAIL_FUNCTION = "RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'; "

BY_KIND = [
    # The database itself.
    Mutation("ALTER DATABASE {dbname} IS_TEMPLATE true"),
    Mutation("ALTER DATABASE {dbname} CONNECTION LIMIT 0"),
    # Objects that no list named.
    Mutation('CREATE COLLATION phi.c FROM "C"'),
    Mutation("CREATE TEXT SEARCH CONFIGURATION phi.t (COPY = simple)"),
    Mutation("CREATE TEXT SEARCH DICTIONARY security.t (TEMPLATE = simple)"),
    Mutation("CREATE STATISTICS phi.s (mcv) ON tenant_id, treatment_code FROM phi.treatment"),
    Mutation("CREATE TYPE security.shell"),
    Mutation("CREATE DOMAIN phi.d AS text CHECK (length(value) < 3)"),
    Mutation("CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false, slot_name = NONE)", PLATFORM),
    # Options beside the relation's own.
    Mutation("ALTER TABLE phi.patient SET (toast.autovacuum_enabled = off)"),
    Mutation("ALTER TABLE audit.hipaa_audit_logs ALTER COLUMN actor SET STATISTICS 0"),
    Mutation("ALTER TABLE phi.patient ALTER COLUMN birth_year SET (n_distinct = 1)"),
    Mutation("ALTER TABLE phi.patient ALTER COLUMN full_name_sealed SET STORAGE EXTERNAL"),
    # Partitions, parents and tables of an application's own.
    Mutation("ALTER TABLE phi.message_earlier ADD CHECK (patient_id IS NULL) NOT VALID"),
    Mutation("ALTER TABLE phi.message_earlier ALTER COLUMN patient_id SET DEFAULT gen_random_uuid()"),
    Mutation("CREATE UNIQUE INDEX u ON phi.message_earlier (patient_id)"),
    Mutation(OWN_TABLE + "ALTER TABLE phi.invoice SET UNLOGGED"),
    Mutation(OWN_TABLE + EXEMPT_TABLE + "ALTER TABLE phi.invoice INHERIT phi.hours"),
    # What was looked at once, and is another one now.
    Mutation(EXEMPT_TABLE + "ALTER TABLE phi.hours ADD COLUMN ssn text"),
    Mutation(EXEMPT_FUNCTION + "CREATE OR REPLACE FUNCTION phi.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', OLD; RETURN NULL; END'"),
    Mutation(EXEMPT_FUNCTION + "ALTER FUNCTION phi.f() SET work_mem = '1GB'"),
    # The trail's triggers and functions.
    Mutation("CREATE OR REPLACE TRIGGER phi_audit_update AFTER UPDATE ON phi.patient REFERENCING OLD TABLE AS new_rows NEW TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION audit.trail_phi_patient(); ALTER TABLE phi.patient ENABLE ALWAYS TRIGGER phi_audit_update"),
    Mutation(EXEMPT_TABLE + "CREATE FUNCTION audit.trail_phi_hours() " + TRAIL_FUNCTION + "CREATE TRIGGER phi_audit_insert AFTER INSERT ON phi.hours FOR EACH STATEMENT EXECUTE FUNCTION audit.trail_phi_hours()"),
    Mutation(OWN_TABLE + "GRANT EXECUTE ON FUNCTION audit.trail_phi_invoice() TO medspasync_marketing"),
    # Rows that only the platform's functions write.
    Mutation("UPDATE security.data_keys SET state = 'destroyed', wrapped = NULL"),
    Mutation("UPDATE security.data_keys SET wrapped = repeat('x', 50)::bytea"),
    Mutation("DELETE FROM security.data_keys"),
    Mutation("INSERT INTO security.gdpr_requests (tenant_id, subject_id, kind, outcome) VALUES (gen_random_uuid(), gen_random_uuid(), 'erase', '[]')"),
    Mutation("UPDATE audit.chain_state SET sealed_to = '99999999'"),
    Mutation("UPDATE audit.chain_state SET epoch = 7, sealed_to = '0'"),
    Mutation("SELECT security.place_hold('C-1', current_date + 9, subject => gen_random_uuid()); DELETE FROM security.holds"),
    Mutation("SELECT security.place_hold('C-1', current_date + 9, from_period => '2026-11-01'); UPDATE security.holds SET from_period = '2020-01-01', to_period = '2020-01-01'"),
    Mutation("SELECT security.place_hold('C-1', current_date + 9, subject => gen_random_uuid()); TRUNCATE security.holds"),
    Mutation("INSERT INTO audit.hipaa_audit_logs (action, actor, db_role) VALUES ('DELETE', 'staff-9', 'medspasync_backend')"),
    Mutation("INSERT INTO audit.security_logs (event, severity, outcome, actor, backend_pid) VALUES ('sign_in', 'warning', 'denied', 'staff-9', 1)"),
    Mutation("INSERT INTO audit.retired_periods (log, period, row_count, closing_hash, export_location, export_sha256, retired_at) VALUES ('security_logs', '2026-11-01', 8, 'x', 'x', repeat('0', 64), '2033-06-01')"),
    # Rights beyond the platform's schemas.
    Mutation("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", MARKETING),
    Mutation("GRANT SET ON PARAMETER session_replication_role TO medspasync_backend", PLATFORM),
    Mutation("GRANT SELECT ON pg_authid TO medspasync_marketing", PLATFORM),
    Mutation("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO medspasync_backend", PLATFORM),
    Mutation("CREATE ROLE spy LOGIN REPLICATION", PLATFORM),
    Mutation("CREATE ROLE spy LOGIN SUPERUSER", PLATFORM),
    Mutation("DELETE FROM pg_auth_members WHERE member = 'medspasync_migrator'::regrole", PLATFORM),
    # An extension's owner adds to it what he likes.
    Mutation("CREATE TABLE phi.copy AS SELECT * FROM phi.patient; RESET ROLE; RESET SESSION AUTHORIZATION; "
             "UPDATE pg_extension SET extowner = 'medspasync_owner'::regrole WHERE extname = 'pgcrypto'; ALTER EXTENSION pgcrypto ADD TABLE phi.copy", PLATFORM),
    # What stops verify is a finding of it.
    Mutation("DROP FUNCTION security.check_roles() CASCADE"),
    Mutation("DROP VIEW security.protected_relations CASCADE"),
    Mutation("ALTER TABLE security.holds RENAME COLUMN until TO planted"),
    Mutation("UPDATE security.settings SET value = 'abc' WHERE name = 'audit_retention'"),
    Mutation("REVOKE EXECUTE ON FUNCTION security.validate_hipaa_compliance(text) FROM medspasync_auditor"),
    Mutation("DROP SCHEMA audit CASCADE"),
]  # fmt: skip
assert {mutation.role for mutation in BY_KIND} == {MIGRATOR, MARKETING, PLATFORM}
