"""Alterations of a database that somebody with a sign-in could make: by hand, those that an attack found, and one of every
kind over everything in the catalogue."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection

from tests.database.world import BACKEND, MARKETING, MIGRATOR


@dataclass(frozen=True)
class Mutation:
    """Statements, and as whom."""

    sql: str
    role: str = MIGRATOR

    def __str__(self) -> str:
        return f"{self.role.removeprefix('medspasync_')}: {self.sql}"[:110]


SILENT = "CREATE FUNCTION phi.n() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
BY_HAND = [
    # Silence or rewrite the trail.
    Mutation("CREATE RULE r AS ON INSERT TO audit.hipaa_audit_logs DO INSTEAD NOTHING"),
    Mutation(SILENT + "CREATE TRIGGER n BEFORE INSERT ON audit.hipaa_audit_logs FOR EACH ROW EXECUTE FUNCTION phi.n()"),
    Mutation("CREATE OR REPLACE AGGREGATE audit.rows_digest(text) (SFUNC = audit.add_line, STYPE = bytea, INITCOND = 'x')"),
    Mutation("ALTER POLICY owner_writes ON audit.hipaa_audit_logs USING (actor IS DISTINCT FROM 'mallory')"),
    Mutation("ALTER POLICY auditor_reads ON audit.hipaa_audit_logs USING (actor IS DISTINCT FROM 'mallory')"),
    Mutation("ALTER POLICY ledger_reads ON audit.seals USING (seq < 5)"),
    Mutation("CREATE OR REPLACE TRIGGER phi_audit_update AFTER INSERT ON phi.patient REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION audit.record_changes('id', 'tenant_id', 'id'); ALTER TABLE phi.patient ENABLE ALWAYS TRIGGER phi_audit_update"),
    Mutation("CREATE OR REPLACE TRIGGER phi_audit_update AFTER UPDATE ON phi.patient REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION audit.record_changes('birth_year', 'tenant_id', 'id'); ALTER TABLE phi.patient ENABLE ALWAYS TRIGGER phi_audit_update"),
    Mutation("CREATE OR REPLACE TRIGGER phi_audit_update AFTER UPDATE OF birth_year ON phi.patient FOR EACH STATEMENT EXECUTE FUNCTION audit.trail_phi_patient(); ALTER TABLE phi.patient ENABLE ALWAYS TRIGGER phi_audit_update"),
    Mutation("DELETE FROM security.checks WHERE check_id = 'audit-triggers'"),
    Mutation("UPDATE security.checks SET when_empty = 'pass'"),
    Mutation("UPDATE security.checks SET function = 'security.check_portability'"),
    Mutation("DELETE FROM security.protected_tables WHERE relation = 'phi.patient'::regclass"),
    Mutation("DELETE FROM security.privilege_snapshot"),
    Mutation("UPDATE security.settings SET value = '5 years' WHERE name = 'audit_retention'"),
    Mutation("UPDATE security.settings SET value = 'waived' WHERE name = 'pgaudit'; DELETE FROM security.settings WHERE name = 'app_passwords'"),
    Mutation("DELETE FROM security.sensitive_terms WHERE pattern LIKE '%mail%'"),
    Mutation("INSERT INTO security.roles VALUES ('somebody', 'app')"),
    Mutation("REVOKE SELECT ON phi.patient FROM medspasync_phi_audit"),
    Mutation("ALTER TABLE audit.seals ADD CHECK (seq < 100) NOT VALID"),
    Mutation("ALTER TABLE audit.hipaa_audit_logs ALTER COLUMN actor SET DEFAULT 'nobody'"),
    Mutation("ALTER TABLE audit.hipaa_audit_logs ADD COLUMN hidden text"),
    Mutation("CREATE OR REPLACE FUNCTION audit.verify_audit_chain(of_log text DEFAULT NULL, of_period date DEFAULT NULL) RETURNS TABLE (log text, period date, seals bigint, row_count bigint, status text, problem text) LANGUAGE sql AS 'SELECT NULL::text, NULL::date, 0::bigint, 0::bigint, NULL::text, NULL::text WHERE false'"),
    Mutation("CREATE OR REPLACE FUNCTION security.check_roles() RETURNS TABLE (object text, problem text) LANGUAGE sql AS 'SELECT ''x'', NULL::text'"),
    Mutation("CREATE OR REPLACE FUNCTION security.trigger_problems(target oid, rule security.protected_tables, is_child boolean) RETURNS TABLE (trigger name, problem text) LANGUAGE sql AS 'SELECT ''x''::name, NULL::text'"),
    Mutation("DROP VIEW security.log_relations CASCADE"),
    # Rights of one application for another, and ways around the policies.
    Mutation("GRANT SELECT ON phi.clinical_note TO medspasync_marketing"),
    Mutation("GRANT SELECT (birth_year) ON phi.patient TO medspasync_marketing"),
    Mutation("GRANT SELECT ON phi.patient TO medspasync_backend WITH GRANT OPTION"),
    Mutation("GRANT SELECT ON phi.clinical_note TO medspasync_marketing; CREATE POLICY m ON phi.clinical_note TO medspasync_marketing USING (true)"),
    Mutation("CREATE POLICY a ON phi.patient FOR SELECT TO medspasync_auditor USING (true)"),
    Mutation("ALTER POLICY tenant_isolation ON phi.patient USING (true)"),
    Mutation("ALTER TABLE phi.patient NO FORCE ROW LEVEL SECURITY"),
    Mutation("CREATE FUNCTION phi.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM phi.patient'; GRANT EXECUTE ON FUNCTION phi.f() TO medspasync_marketing"),
    Mutation("CREATE FUNCTION phi.f() RETURNS SETOF phi.patient LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT * FROM phi.patient'"),
    Mutation("CREATE FUNCTION app.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT count(*) FROM phi.patient'"),
    Mutation("CREATE VIEW phi.v AS SELECT * FROM phi.patient"),
    Mutation("CREATE VIEW app.v WITH (security_invoker = true) AS SELECT * FROM phi.patient"),
    Mutation("CREATE MATERIALIZED VIEW phi.v AS SELECT * FROM phi.patient"),
    Mutation("GRANT CREATE ON SCHEMA phi TO medspasync_backend"),
    Mutation("GRANT USAGE ON SCHEMA security TO medspasync_backend"),
    Mutation("GRANT SELECT ON security.data_keys TO medspasync_backend"),
    Mutation("GRANT EXECUTE ON FUNCTION app.gdpr_export(uuid, jsonb) TO medspasync_marketing"),
    Mutation("ALTER DEFAULT PRIVILEGES IN SCHEMA phi GRANT SELECT ON TABLES TO medspasync_marketing"),
    Mutation("ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC"),
    # Copies and hiding places.
    Mutation("CREATE TABLE phi.intake (name text, surname text, address text, city text, notes text, face text, data jsonb)"),
    Mutation('CREATE TABLE phi."Booking" ("userId" uuid, "medspaId" uuid, "contactInfo" text, "dateOfService" date)'),
    Mutation("CREATE TABLE phi.x AS SELECT id AS k, birth_year AS y FROM phi.patient"),
    Mutation("CREATE TABLE audit.patient_backup AS SELECT * FROM phi.patient"),
    Mutation("CREATE TABLE security.patient_backup AS SELECT * FROM phi.patient"),
    Mutation("CREATE TABLE app.patient_backup AS SELECT * FROM phi.patient"),
    Mutation("CREATE SCHEMA shop; CREATE TABLE shop.x (a integer)"),
    Mutation("CREATE RULE copy AS ON INSERT TO phi.patient DO ALSO NOTIFY x"),
    Mutation(SILENT + "CREATE TRIGGER n AFTER INSERT ON phi.patient FOR EACH ROW EXECUTE FUNCTION phi.n()"),
    Mutation("CREATE TRIGGER n BEFORE UPDATE ON phi.patient FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"),
    Mutation("INSERT INTO security.lint_exemptions (relation, reason, expires_on, granted_on) VALUES ('phi.patient', 'for ever', '9999-01-01', '9998-12-31'); CREATE TABLE phi.y (z text); INSERT INTO security.lint_exemptions (relation, reason, expires_on, granted_on) VALUES ('phi.y', 'for ever', '9999-01-01', '9998-12-31')"),
    Mutation("SELECT lo_from_bytea(0, 'photo')"),
    Mutation("SELECT lo_from_bytea(0, 'photo')", MARKETING),
    Mutation("CREATE PUBLICATION p FOR TABLE phi.patient"),
    Mutation("CREATE TYPE security.t AS ENUM ('a')"),
    Mutation("CREATE SEQUENCE phi.s"),
    # Blind the trail.
    Mutation("ALTER TABLE phi.treatment RENAME id TO number"),
    Mutation("ALTER TABLE phi.treatment RENAME patient_id TO person"),
    Mutation("ALTER TABLE phi.patient RENAME tenant_id TO clinic"),
    Mutation("ALTER TABLE phi.patient RENAME TO person"),
    Mutation("ALTER TABLE phi.patient SET SCHEMA app"),
    Mutation("ALTER TABLE phi.patient ALTER COLUMN preferred_language SET DEFAULT 'xx'"),
    Mutation("ALTER TABLE phi.patient ALTER COLUMN created_at DROP NOT NULL"),
    Mutation("ALTER TABLE phi.patient DROP CONSTRAINT patient_birth_year_check"),
    Mutation("ALTER TABLE phi.patient ADD CHECK (birth_year > 0) NOT VALID"),
    Mutation("ALTER TABLE phi.message DETACH PARTITION phi.message_later"),
    Mutation("CREATE TABLE phi.child () INHERITS (phi.patient)"),
    Mutation("CREATE UNIQUE INDEX u ON phi.patient (preferred_language)"),
    Mutation("ALTER TABLE security.checks ADD COLUMN callee regproc"),
    # What a role sets for itself.
    *(Mutation(f"ALTER ROLE {role} IN DATABASE {{dbname}} SET {setting}", role)
      for role, setting in ((BACKEND, "statement_timeout = 0"), (BACKEND, "default_transaction_read_only = on"),
                            (BACKEND, "row_security = off"), ("medspasync_auditor", "search_path = public"))),
    Mutation("ALTER ROLE medspasync_backend SET statement_timeout = 0", BACKEND),
    Mutation("ALTER ROLE medspasync_backend PASSWORD 'mine-now'", BACKEND),
    Mutation("ALTER DATABASE {dbname} SET search_path = phi"),
    Mutation("GRANT CREATE ON DATABASE {dbname} TO medspasync_backend"),
    Mutation("GRANT CONNECT ON DATABASE {dbname} TO PUBLIC"),
]  # fmt: skip

# What each statement of these queries makes of the live catalogue: one alteration a row.
_GENERATORS = [
    # Functions: their rights, their options, and another body.
    """SELECT format('%s %s', a.verb, rest) FROM (
        SELECT CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END AS kind, p.oid, p.prokind, p.prosecdef, p.oid::regprocedure::text AS f
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('app', 'audit', 'security') AND pg_get_userbyid(p.proowner) = 'medspasync_owner') AS p
    CROSS JOIN LATERAL (VALUES ('GRANT EXECUTE ON FUNCTION', p.f || ' TO medspasync_marketing', 'af'),
        ('ALTER FUNCTION', p.f || CASE WHEN p.prosecdef THEN ' SECURITY INVOKER' ELSE ' SECURITY DEFINER' END, 'f'),
        ('ALTER FUNCTION', p.f || ' SET work_mem = ''1MB''', 'f'),
        ('DROP ' || p.kind, p.f || ' CASCADE', 'af')) AS a (verb, rest, kinds)
    WHERE strpos(a.kinds, p.prokind::text) > 0 AND NOT (a.verb LIKE 'GRANT%' AND has_function_privilege('medspasync_marketing', p.oid, 'EXECUTE'))""",
    """SELECT replace(pg_get_functiondef(p.oid), p.prosrc, p.prosrc || E'\\n--') FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('app', 'audit', 'security') AND p.prokind = 'f' AND p.prosqlbody IS NULL AND pg_get_userbyid(p.proowner) = 'medspasync_owner'""",
    # Relations: rights, options, columns, constraints, triggers, policies, rules.
    """SELECT format(a.t, c.oid::regclass) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN (VALUES ('GRANT SELECT ON %s TO medspasync_marketing', 'rpv'), ('GRANT INSERT ON %s TO medspasync_maintainer', 'rpv'),
        ('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', 's'), ('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', 'o'), ('ALTER TABLE %s ADD COLUMN planted text', 'rp'),
        ('CREATE RULE planted AS ON INSERT TO %s DO ALSO NOTIFY x', 'rp'), ('CREATE POLICY planted ON %s USING (true)', 'rp'),
        ('ALTER TABLE %s ADD CONSTRAINT planted CHECK (false) NOT VALID', 'r'), ('ALTER VIEW %s SET (security_barrier = true)', 'v')) AS a (t, kinds)
    WHERE n.nspname IN ('app', 'audit', 'security', 'phi') AND pg_get_userbyid(c.relowner) = 'medspasync_owner' AND c.relkind IN ('r', 'p', 'v')
        AND (strpos(a.kinds, c.relkind::text) > 0 OR (a.kinds = 's' AND c.relrowsecurity) OR (a.kinds = 'o' AND c.relkind = 'r' AND NOT c.relrowsecurity))
        AND NOT (a.t LIKE '%ADD COLUMN%' AND c.relispartition)""",
    """SELECT format(a.t, c.oid::regclass, quote_ident(x.attname)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS x ON x.attrelid = c.oid AND x.attnum > 0 AND NOT x.attisdropped
    CROSS JOIN (VALUES ('ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT', 'd'), ('ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL', 'n'),
        ('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT NULL', 'a'), ('GRANT SELECT (%2$s) ON %1$s TO medspasync_marketing', 'g'),
        ('ALTER TABLE %s RENAME COLUMN %s TO planted', 'r')) AS a (t, kinds)
    WHERE n.nspname IN ('app', 'audit', 'security', 'phi') AND pg_get_userbyid(c.relowner) = 'medspasync_owner' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND x.attidentity = '' AND CASE a.kinds WHEN 'd' THEN x.atthasdef WHEN 'a' THEN x.atthasdef
            WHEN 'n' THEN x.attnotnull AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary AND x.attnum = ANY (i.indkey))
            ELSE true END""",
    """SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', k.conrelid::regclass, k.conname) FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'audit', 'security', 'phi') AND pg_get_userbyid(c.relowner) = 'medspasync_owner' AND k.conislocal AND k.contype IN ('c', 'p', 'u', 'f') AND NOT c.relispartition""",
    """SELECT format(a.t, t.tgname, t.tgrelid::regclass) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    CROSS JOIN (VALUES ('ALTER TABLE %2$s DISABLE TRIGGER %1$I'), ('ALTER TABLE %2$s ENABLE REPLICA TRIGGER %1$I'), ('DROP TRIGGER %I ON %s')) AS a (t)
    WHERE NOT t.tgisinternal AND pg_get_userbyid(c.relowner) = 'medspasync_owner'""",
    """SELECT format(a.t, q.polname, q.polrelid::regclass) FROM pg_policy AS q JOIN pg_class AS c ON c.oid = q.polrelid
    CROSS JOIN (VALUES ('DROP POLICY %I ON %s', 'rwad*'), ('ALTER POLICY %I ON %s USING (1 = 1)', 'rwd*'), ('ALTER POLICY %I ON %s TO PUBLIC, medspasync_marketing', '-'),
        ('ALTER POLICY %I ON %s TO medspasync_marketing', 'rwad*')) AS a (t, commands)
    WHERE pg_get_userbyid(c.relowner) = 'medspasync_owner' AND strpos(a.commands, q.polcmd::text) > 0""",
    """SELECT format('DROP INDEX %s', i.indexrelid::regclass) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'audit', 'security') AND pg_get_userbyid(c.relowner) = 'medspasync_owner' AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)""",
    """SELECT format('GRANT %s ON SCHEMA %I TO medspasync_marketing', w, n.nspname) FROM pg_namespace AS n CROSS JOIN unnest(ARRAY['CREATE', 'USAGE']) AS w
    WHERE n.nspname IN ('app', 'audit', 'security', 'phi') AND NOT has_schema_privilege('medspasync_marketing', n.oid, w)""",
    # Rows of the registry that came with the program.
    """SELECT format('DELETE FROM %s WHERE ctid = %L', r.tableoid::regclass, r.ctid) FROM (SELECT tableoid, ctid FROM security.checks UNION ALL
        SELECT tableoid, ctid FROM security.sensitive_terms UNION ALL SELECT tableoid, ctid FROM security.roles UNION ALL
        SELECT tableoid, ctid FROM security.settings UNION ALL SELECT tableoid, ctid FROM security.protected_tables) AS r""",
]  # fmt: skip


def over_the_catalogue(platform: Connection[tuple]) -> list[Mutation]:
    """One alteration of every kind for everything that the migrator could alter, by the live catalogue."""
    found: list[Mutation] = []
    for generator in _GENERATORS:
        found += [Mutation(row[0]) for row in platform.execute(generator.encode()).fetchall()]
    return found
