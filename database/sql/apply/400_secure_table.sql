-- One call puts a table under the platform's protection, and may be repeated after the table changed:
--   SELECT security.secure_table('phi.invoice', 'tenant_id', subject_column => 'patient_id',
--                                writers => '{medspasync_backend}', readers => '{medspasync_pro_next}',
--                                retain_reason => 'tax law');
-- Run by the migrator for the owner. The id column must be opaque (uuid or integer): it goes into the trail.

CREATE OR REPLACE FUNCTION security.require_column(target regclass, column_name name, types regtype[], not_null boolean)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    column_info record;
BEGIN
    SELECT a.atttypid, a.attnotnull INTO column_info FROM pg_attribute AS a
    WHERE a.attrelid = target AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % has no column %', target, column_name USING ERRCODE = '42703';
    END IF;
    IF NOT column_info.atttypid = ANY (types) THEN
        RAISE EXCEPTION 'column % of % is %, allowed: %', column_name, target, column_info.atttypid::regtype,
            array_to_string(types, ', ') USING ERRCODE = '42804';
    END IF;
    IF not_null AND NOT column_info.attnotnull THEN
        RAISE EXCEPTION 'column % of % must be NOT NULL', column_name, target
            USING HINT = 'a row without a tenant would be visible to nobody';
    END IF;
END $$;

-- Row level security and the trail, for one relation: the table itself or one of its partitions.
CREATE OR REPLACE FUNCTION security.guard_relation(
    target regclass, id_column name, tenant_column name, subject_column name
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    arguments text := format('%L, %L, %L', id_column, tenant_column, coalesce(subject_column, ''));
    event record;
    policy record;
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = target LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, target);
    END LOOP;
    -- The sub-select is evaluated once a statement and leaves a plain comparison, which an index can serve.
    EXECUTE format('CREATE POLICY tenant_isolation ON %2$s AS RESTRICTIVE FOR ALL TO PUBLIC '
                   'USING (%1$I = (SELECT tenant_id FROM app.context)) WITH CHECK (%1$I = (SELECT tenant_id FROM app.context))',
                   tenant_column, target);
    FOR event IN SELECT * FROM (VALUES ('INSERT', 'NEW TABLE AS new_rows'), ('DELETE', 'OLD TABLE AS old_rows'),
                                ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows')) AS e (op, tables) LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER phi_audit_%s AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT '
                       'EXECUTE FUNCTION audit.record_changes(%s)', lower(event.op), event.op, target, event.tables, arguments);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER phi_audit_%s', target, lower(event.op));
    END LOOP;
    EXECUTE format('CREATE OR REPLACE TRIGGER phi_no_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT '
                   'EXECUTE FUNCTION audit.refuse_truncate()', target);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER phi_no_truncate', target);
END $$;

-- Takes every right from everybody but the owner: what secure_table() is not told, nobody has.
CREATE OR REPLACE FUNCTION security.revoke_everything(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee record;
BEGIN
    FOR grantee IN
        SELECT DISTINCT acl.grantee FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS acl
        WHERE c.oid = target AND acl.grantee <> c.relowner
        UNION
        SELECT acl.grantee FROM pg_attribute AS a CROSS JOIN aclexplode(a.attacl) AS acl WHERE a.attrelid = target
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', target,
                       CASE grantee.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee.grantee)) END);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION security.secure_table(
    target regclass,
    tenant_column name,
    id_column name DEFAULT 'id',
    subject_column name DEFAULT NULL,
    readers text[] DEFAULT '{}',
    writers text[] DEFAULT '{}',
    removers text[] DEFAULT '{}',
    sealed_columns jsonb DEFAULT '{}',
    on_erase text DEFAULT 'retain',
    clear_columns name[] DEFAULT '{}',
    retain_for interval DEFAULT NULL,
    retain_from name DEFAULT NULL,
    retain_reason text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation record;
    role_name text;
    sealed record;
    sequence record;
BEGIN
    IF pg_get_userbyid((SELECT relowner FROM pg_class WHERE oid = target)) <> 'medspasync_owner' THEN
        RAISE EXCEPTION 'table % does not belong to medspasync_owner', target
            USING HINT = 'create it as the migrator, whose sessions act as the owner';
    END IF;
    FOREACH role_name IN ARRAY readers || writers || removers LOOP
        IF NOT EXISTS (SELECT FROM security.roles WHERE name = role_name AND kind = 'app') THEN
            RAISE EXCEPTION 'role % is no application role', role_name;
        END IF;
    END LOOP;
    PERFORM security.require_column(target, tenant_column, '{uuid}', true);
    PERFORM security.require_column(target, id_column, '{uuid,bigint,integer}', true);
    IF subject_column IS NOT NULL THEN
        PERFORM security.require_column(target, subject_column, '{uuid}', false);
    END IF;

    INSERT INTO security.protected_tables AS p (relation, id_column, tenant_column, subject_column, sealed_columns,
                                                on_erase, clear_columns, retain_for, retain_from, retain_reason)
    VALUES (target, id_column, tenant_column, subject_column, sealed_columns, on_erase, clear_columns, retain_for,
            retain_from, retain_reason)
    ON CONFLICT ON CONSTRAINT protected_tables_pkey DO UPDATE SET
        id_column = excluded.id_column, tenant_column = excluded.tenant_column,
        subject_column = excluded.subject_column, sealed_columns = excluded.sealed_columns,
        on_erase = excluded.on_erase, clear_columns = excluded.clear_columns, retain_for = excluded.retain_for,
        retain_from = excluded.retain_from, retain_reason = excluded.retain_reason, secured_at = clock_timestamp();

    FOR relation IN SELECT r.relation AS child FROM security.protected_relations AS r WHERE r.root = target LOOP
        PERFORM security.revoke_everything(relation.child);
        PERFORM security.guard_relation(relation.child, id_column, tenant_column, subject_column);
    END LOOP;

    -- Rights and permissive policies on the parent only: a partition is reached through it or not at all.
    EXECUTE format('CREATE POLICY owner_maintains ON %s TO medspasync_owner USING (true) WITH CHECK (true)', target);
    EXECUTE format('CREATE POLICY breakglass_reads ON %s FOR SELECT TO medspasync_breakglass USING (true)', target);
    EXECUTE format('GRANT SELECT ON %s TO medspasync_breakglass, medspasync_phi_audit', target);
    FOR role_name IN SELECT DISTINCT r FROM unnest(readers || writers || removers) AS r LOOP
        EXECUTE format('CREATE POLICY %I ON %s FOR SELECT TO %I USING (true)', role_name || '_reads', target, role_name);
        EXECUTE format('GRANT SELECT ON %s TO %I', target, role_name);
    END LOOP;
    FOR role_name IN SELECT DISTINCT w FROM unnest(writers) AS w LOOP
        EXECUTE format('CREATE POLICY %I ON %s FOR INSERT TO %I WITH CHECK (true)', role_name || '_adds', target, role_name);
        EXECUTE format('CREATE POLICY %I ON %s FOR UPDATE TO %I USING (true) WITH CHECK (true)',
                       role_name || '_changes', target, role_name);
        EXECUTE format('GRANT INSERT, UPDATE ON %s TO %I', target, role_name);
        FOR sequence IN SELECT d.objid::regclass AS name FROM pg_depend AS d
                        WHERE d.refobjid = target AND d.deptype = 'a' AND d.classid = 'pg_class'::regclass
                            AND EXISTS (SELECT FROM pg_sequence WHERE seqrelid = d.objid) LOOP
            EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %I', sequence.name, role_name);
        END LOOP;
    END LOOP;
    FOR role_name IN SELECT DISTINCT r FROM unnest(removers) AS r LOOP
        EXECUTE format('CREATE POLICY %I ON %s FOR DELETE TO %I USING (true)', role_name || '_removes', target, role_name);
        EXECUTE format('GRANT DELETE ON %s TO %I', target, role_name);
    END LOOP;

    -- Version 1 of the envelope, see 500_encryption.sql: plain text cannot be stored in a sealed column by mistake.
    FOR sealed IN SELECT key AS column_name FROM jsonb_each(sealed_columns) LOOP
        PERFORM security.require_column(target, sealed.column_name, '{bytea}', false);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', target, 'sealed_' || sealed.column_name);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (octet_length(%I) > 64 AND get_byte(%I, 0) = 1)',
                       target, 'sealed_' || sealed.column_name, sealed.column_name, sealed.column_name);
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_index AS i
                   JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                   WHERE i.indrelid = target AND i.indisvalid AND i.indpred IS NULL
                       AND a.attname = tenant_column) THEN
        EXECUTE format('CREATE INDEX ON %s (%I)', target, tenant_column);
    END IF;
END $$;
