-- One call puts a table under the platform's protection, and may be repeated after the table changed. What is right
-- already is left alone: repeated on a busy table it takes no lock that a reader or writer would wait for.
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

-- What a protected table must have, by its entry in the registry: secure_table() makes it, the checks compare with it.

-- Its policies. is_child: those of a partition or child, which is reached through its parent or not at all.
CREATE OR REPLACE FUNCTION security.expected_policies(rule security.protected_tables, is_child boolean)
RETURNS TABLE (policy name, permissive boolean, command text, role_name text, reads text, writes text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    -- The sub-select is evaluated once a statement and leaves a plain comparison, which an index can serve.
    SELECT 'tenant_isolation'::name, false, 'ALL', 'PUBLIC', r.expression, r.expression
    FROM (SELECT format('(%I = ( SELECT app.tenant() AS tenant))', rule.tenant_column) AS expression) AS r
    UNION ALL
    SELECT p.* FROM (
        VALUES ('owner_maintains'::name, true, 'ALL', 'medspasync_owner', 'true', 'true'),
            ('breakglass_reads', true, 'SELECT', 'medspasync_breakglass', 'true', NULL)
        UNION ALL
        SELECT (r || '_reads')::name, true, 'SELECT', r, 'true', NULL
        FROM (SELECT DISTINCT unnest(rule.readers || rule.writers || rule.removers) AS r) AS reading
        UNION ALL
        SELECT (w || '_adds')::name, true, 'INSERT', w, NULL, 'true' FROM (SELECT DISTINCT unnest(rule.writers) AS w) AS adding
        UNION ALL
        SELECT (w || '_changes')::name, true, 'UPDATE', w, 'true', 'true' FROM (SELECT DISTINCT unnest(rule.writers) AS w) AS changing
        UNION ALL
        SELECT (d || '_removes')::name, true, 'DELETE', d, 'true', NULL FROM (SELECT DISTINCT unnest(rule.removers) AS d) AS removing
    ) AS p (policy, permissive, command, role_name, reads, writes)
    WHERE NOT is_child
$$;

-- The policies that a relation has, in the same form.
CREATE OR REPLACE FUNCTION security.found_policies(target oid)
RETURNS TABLE (policy name, permissive boolean, command text, role_name text, reads text, writes text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT q.polname, q.polpermissive,
        CASE q.polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END,
        (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END, ', ' ORDER BY r)
         FROM unnest(q.polroles) AS r),
        regexp_replace(pg_get_expr(q.polqual, q.polrelid), '\s+', ' ', 'g'),
        regexp_replace(pg_get_expr(q.polwithcheck, q.polrelid), '\s+', ' ', 'g')
    FROM pg_policy AS q WHERE q.polrelid = target
$$;

-- Who may do what with it, beside its owner.
CREATE OR REPLACE FUNCTION security.expected_rights(rule security.protected_tables)
RETURNS TABLE (role_name text, privilege text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    VALUES ('medspasync_breakglass', 'SELECT'), ('medspasync_phi_audit', 'SELECT')
    UNION
    SELECT unnest(rule.readers || rule.writers || rule.removers), 'SELECT'
    UNION
    SELECT w, p FROM unnest(rule.writers) AS w CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE']) AS p
    UNION
    SELECT unnest(rule.removers), 'DELETE'
$$;

-- Who has what on a relation, beside its owner, on whatever column and with whatever option.
CREATE OR REPLACE FUNCTION security.found_rights(target oid) RETURNS TABLE (role_name text, privilege text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END,
        a.privilege_type || a.of_column || CASE WHEN a.is_grantable THEN ' with grant option' ELSE '' END
    FROM (SELECT x.*, '' AS of_column, c.relowner FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS x WHERE c.oid = target
          UNION ALL
          SELECT x.*, format(' of column %s', t.attname), c.relowner
          FROM pg_class AS c JOIN pg_attribute AS t ON t.attrelid = c.oid CROSS JOIN aclexplode(t.attacl) AS x
          WHERE c.oid = target AND NOT t.attisdropped) AS a
    WHERE a.grantee <> a.relowner
$$;

-- Its triggers. type: pg_trigger.tgtype without the bit for rows, which none has (2 before, 4 insert, 8 delete, 16 update,
-- 32 truncate). The root has a trail function of its own, partitions and children share the general one.
CREATE OR REPLACE FUNCTION security.expected_triggers(rule security.protected_tables, is_child boolean)
RETURNS TABLE (trigger name, type integer, event text, tables text, function text, arguments text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.trigger, w.type, w.event, w.tables,
        CASE WHEN is_child THEN 'audit.record_changes' ELSE 'audit.' || quote_ident(audit.trail_name(rule.relation)) END,
        CASE WHEN is_child THEN format('%L, %L, %L', rule.id_column, rule.tenant_column, coalesce(rule.subject_column, '')) ELSE '' END
    FROM (VALUES ('phi_audit_insert'::name, 4, 'AFTER INSERT', 'REFERENCING NEW TABLE AS new_rows'),
              ('phi_audit_delete', 8, 'AFTER DELETE', 'REFERENCING OLD TABLE AS old_rows'),
              ('phi_audit_update', 16, 'AFTER UPDATE', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'))
        AS w (trigger, type, event, tables)
    UNION ALL
    VALUES ('phi_no_truncate', 34, 'BEFORE TRUNCATE', '', 'audit.refuse_truncate', '')
$$;

-- What is wrong with the triggers of a protected relation, or missing, one row each; extra ones too, unless their function
-- is exempted. Those of foreign keys are PostgreSQL's.
CREATE OR REPLACE FUNCTION security.trigger_problems(target oid, rule security.protected_tables, is_child boolean)
RETURNS TABLE (trigger name, problem text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(e.trigger, t.tgname),
        CASE WHEN e.trigger IS NULL AND t.tgisinternal THEN CASE WHEN t.tgenabled <> 'O' THEN 'a foreign key''s, switched' END
             WHEN e.trigger IS NULL AND EXISTS (SELECT FROM security.function_exemptions AS x
                                                WHERE x.signature = t.tgfoid::regprocedure::text
                                                    AND x.expires_on >= current_date) THEN NULL
             WHEN e.trigger IS NULL THEN 'not the platform''s'
             WHEN t.oid IS NULL THEN 'no such trigger'
             WHEN t.tgenabled <> 'A' THEN 'not ENABLE ALWAYS'
             WHEN t.tgfoid::regproc::text <> e.function THEN format('calls %s, not %s', t.tgfoid::regproc, e.function)
             WHEN t.tgtype <> e.type THEN format('not %s FOR EACH STATEMENT', e.event)
             WHEN t.tgqual IS NOT NULL OR t.tgattr <> '' THEN 'has a condition'
             WHEN concat_ws(' ', 'REFERENCING', 'OLD TABLE AS ' || t.tgoldtable, 'NEW TABLE AS ' || t.tgnewtable)
                 <> concat_ws(' ', 'REFERENCING', nullif(substring(e.tables FROM 'REFERENCING (.*)'), ''))
             THEN 'has other transition tables'
             WHEN array_to_string(ARRAY(SELECT quote_literal(a) FROM unnest(string_to_array(
                      replace(encode(t.tgargs, 'escape'), '\000', chr(1)), chr(1))) WITH ORDINALITY AS s (a, n)
                      WHERE n <= t.tgnargs ORDER BY n), ', ') <> e.arguments
             THEN 'has other arguments'
             WHEN NOT is_child AND e.type < 32
                 AND p.prosrc <> audit.trail_source(target, rule.id_column, rule.tenant_column, rule.subject_column)
             THEN 'its function does not know all columns: repeat secure_table()'
             WHEN NOT is_child AND e.type < 32
                 AND NOT (p.prosecdef AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp']
                          AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
                          AND NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
                                          WHERE a.grantee <> p.proowner))
             THEN 'its function is another one' END
    FROM security.expected_triggers(rule, is_child) AS e
    FULL JOIN (SELECT * FROM pg_trigger WHERE tgrelid = target) AS t ON t.tgname = e.trigger AND NOT t.tgisinternal
    LEFT JOIN pg_proc AS p ON p.oid = t.tgfoid
$$;

-- Makes the rights on a relation those of the list: nobody else has any.
CREATE OR REPLACE FUNCTION security.set_rights(target regclass, wanted text[], kind text DEFAULT 'TABLE') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held record;
    given text;
BEGIN
    IF ARRAY(SELECT f.role_name || ' ' || f.privilege FROM security.found_rights(target) AS f ORDER BY 1)
        = ARRAY(SELECT w FROM unnest(wanted) AS w ORDER BY 1) THEN
        RETURN;
    END IF;
    FOR held IN SELECT DISTINCT f.role_name FROM security.found_rights(target) AS f LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %s CASCADE', kind, target,
                       CASE held.role_name WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(held.role_name) END);
    END LOOP;
    FOREACH given IN ARRAY wanted LOOP
        EXECUTE format('GRANT %s ON %s %s TO %I', split_part(given, ' ', 2), kind, target, split_part(given, ' ', 1));
    END LOOP;
END $$;

-- Row level security, policies, triggers and rights of one relation: the table itself or one of its partitions.
CREATE OR REPLACE FUNCTION security.guard_relation(target regclass, rule security.protected_tables, is_child boolean)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
BEGIN
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = target AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) THEN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    END IF;
    -- The restrictive one first.
    FOR wanted IN
        SELECT coalesce(e.policy, f.policy) AS policy, f.policy IS NOT NULL AS is_there, e.policy IS NOT NULL AS is_expected,
            e.permissive, e.command, e.role_name, e.reads, e.writes
        FROM security.expected_policies(rule, is_child) AS e
        FULL JOIN security.found_policies(target) AS f ON f.policy = e.policy
        WHERE f IS DISTINCT FROM e
        ORDER BY coalesce(e.permissive, false), 1
    LOOP
        IF wanted.is_there THEN
            EXECUTE format('DROP POLICY %I ON %s', wanted.policy, target);
        END IF;
        IF wanted.is_expected THEN
            EXECUTE format('CREATE POLICY %I ON %s AS %s FOR %s TO %s %s %s', wanted.policy, target,
                CASE WHEN wanted.permissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, wanted.command,
                CASE wanted.role_name WHEN 'PUBLIC' THEN 'PUBLIC' ELSE quote_ident(wanted.role_name) END,
                'USING (' || wanted.reads || ')', 'WITH CHECK (' || wanted.writes || ')');
        END IF;
    END LOOP;
    IF NOT is_child THEN
        PERFORM audit.write_trail_function(target, rule.id_column, rule.tenant_column, rule.subject_column);
    END IF;
    FOR wanted IN
        SELECT e.* FROM security.expected_triggers(rule, is_child) AS e
        JOIN security.trigger_problems(target, rule, is_child) AS f ON f.trigger = e.trigger AND f.problem IS NOT NULL
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %s(%s)', wanted.trigger,
                       wanted.event, target, wanted.tables, wanted.function, wanted.arguments);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, wanted.trigger);
    END LOOP;
    PERFORM security.set_rights(target, CASE WHEN is_child THEN '{}' ELSE
        ARRAY(SELECT e.role_name || ' ' || e.privilege FROM security.expected_rights(rule) AS e) END);
END $$;

CREATE OR REPLACE FUNCTION security.has_tenant_index(target regclass, tenant_column name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                   WHERE i.indrelid = target AND i.indisvalid AND i.indpred IS NULL AND a.attname = tenant_column)
$$;

-- Of a sealed column, see 500_encryption.sql: version 1 of the envelope. Plain text cannot be stored in it by mistake.
CREATE OR REPLACE FUNCTION security.sealed_constraint(column_name name) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('CHECK (((octet_length(%1$I) > 64) AND (get_byte(%1$I, 0) = 1)))', column_name) $$;

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
    rule security.protected_tables;
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
    IF retain_from IS NOT NULL THEN
        PERFORM security.require_column(target, retain_from, '{timestamptz,timestamp,date}', false);
    END IF;

    INSERT INTO security.protected_tables AS p (relation, id_column, tenant_column, subject_column, readers, writers,
                                                removers, sealed_columns, on_erase, clear_columns, retain_for, retain_from,
                                                retain_reason)
    VALUES (target, id_column, tenant_column, subject_column, readers, writers, removers, sealed_columns, on_erase,
            clear_columns, retain_for, retain_from, retain_reason)
    ON CONFLICT ON CONSTRAINT protected_tables_pkey DO UPDATE SET
        id_column = excluded.id_column, tenant_column = excluded.tenant_column,
        subject_column = excluded.subject_column, readers = excluded.readers, writers = excluded.writers,
        removers = excluded.removers, sealed_columns = excluded.sealed_columns,
        on_erase = excluded.on_erase, clear_columns = excluded.clear_columns, retain_for = excluded.retain_for,
        retain_from = excluded.retain_from, retain_reason = excluded.retain_reason, secured_at = clock_timestamp()
    RETURNING * INTO rule;

    -- Rights and permissive policies on the parent only: a partition is reached through it or not at all.
    FOR relation IN SELECT r.relation AS name, r.is_child FROM security.protected_relations AS r
                    WHERE r.root = target ORDER BY r.is_child DESC LOOP
        PERFORM security.guard_relation(relation.name, rule, relation.is_child);
    END LOOP;
    FOR sequence IN SELECT d.objid::regclass AS name FROM pg_depend AS d
                    WHERE d.refobjid = target AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass
                        AND EXISTS (SELECT FROM pg_sequence WHERE seqrelid = d.objid) LOOP
        PERFORM security.set_rights(sequence.name, ARRAY(SELECT DISTINCT w || ' USAGE' FROM unnest(writers) AS w), 'SEQUENCE');
    END LOOP;
    FOR sealed IN SELECT key AS column_name FROM jsonb_each(sealed_columns) LOOP
        PERFORM security.require_column(target, sealed.column_name, '{bytea}', false);
        CONTINUE WHEN EXISTS (SELECT FROM pg_constraint AS c
                              WHERE c.conrelid = target AND c.conname = 'sealed_' || sealed.column_name AND c.convalidated
                                  AND pg_get_constraintdef(c.oid) = security.sealed_constraint(sealed.column_name));
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', target, 'sealed_' || sealed.column_name);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, 'sealed_' || sealed.column_name,
                       security.sealed_constraint(sealed.column_name));
    END LOOP;
    IF NOT security.has_tenant_index(target, tenant_column) THEN
        IF (SELECT reltuples FROM pg_class WHERE oid = target) > 100000 THEN
            RAISE EXCEPTION 'no index of % begins with %', target, tenant_column
                USING HINT = 'make it first, with CREATE INDEX CONCURRENTLY: here it would stop every writer';
        END IF;
        EXECUTE format('CREATE INDEX ON %s (%I)', target, tenant_column);
    END IF;
END $$;

-- After a migration dropped or renamed a protected table: what is left of it in the registry and the trail's functions.
-- Returns what went.
CREATE OR REPLACE FUNCTION security.forget_dropped_tables() RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unused regprocedure;
BEGIN
    RETURN QUERY DELETE FROM security.protected_tables AS p
        WHERE NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = p.relation) RETURNING p.relation::text;
    RETURN QUERY DELETE FROM security.lint_exemptions AS x
        WHERE NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = x.relation) RETURNING x.relation::text;
    FOR unused IN SELECT p.oid FROM pg_proc AS p
                  WHERE p.pronamespace = 'audit'::regnamespace AND p.proname ^@ 'trail_' AND p.prorettype = 'trigger'::regtype
                      AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgfoid = p.oid) LOOP
        EXECUTE format('DROP FUNCTION %s', unused);
        RETURN NEXT unused::text;
    END LOOP;
END $$;
