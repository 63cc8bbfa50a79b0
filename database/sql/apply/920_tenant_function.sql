-- The policies' rule as a function. Until now a policy read the view app.context, whose plan every statement paid for:
-- some 60 microseconds for a client that does not prepare its statements, and with pgaudit 1.7 a line of class MISC in
-- the log for each read (benchmarks.database). What a valid context is has not changed: see 200_context.sql.

-- The seal of a context, for one transaction of one role. Inlined wherever it is called. Its names are resolved here
-- and now, not by the caller's search_path.
CREATE OR REPLACE FUNCTION security.seal_of(key bytea, context text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN encode(sha256(key || timestamptz_send(now()) || textsend(session_user || '|' || context) || key), 'hex');

-- The tenant of the verified context, or null: then a policy lets no row through. Unlike the other definer functions it
-- sets no search_path, which costs as much as all the rest; so every name in it is qualified, the operator too, and
-- check_definer_functions() holds it to that.
CREATE OR REPLACE FUNCTION app.tenant() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
AS $$
DECLARE
    context pg_catalog.text := pg_catalog.current_setting('app.context', true);
    key pg_catalog.bytea;
BEGIN
    SELECT s.secret INTO key FROM security.context_seal AS s;
    IF pg_catalog.current_setting('app.context_seal', true) OPERATOR(pg_catalog.=) security.seal_of(key, context) THEN
        RETURN pg_catalog.left(context, 36)::pg_catalog.uuid;
    END IF;
    RETURN NULL;
END $$;

-- The same for what is no policy. A cached plan holds under one search_path: the trail's trigger has one of its own, and
-- would have the policies' function planned anew at each of its turns, some 80 microseconds a write.
CREATE OR REPLACE FUNCTION app.verified_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context text := current_setting('app.context', true);
    key bytea;
BEGIN
    SELECT s.secret INTO key FROM security.context_seal AS s;
    IF current_setting('app.context_seal', true) = security.seal_of(key, context) THEN
        RETURN left(context, 36)::uuid;
    END IF;
    RETURN NULL;
END $$;

-- The rest of the verified context, for the trail and for an application that wants to see it. No row without one.
CREATE OR REPLACE VIEW app.context AS
SELECT t.tenant_id,
    split_part(current_setting('app.context', true), '|', 2) AS actor,
    split_part(current_setting('app.context', true), '|', 3) AS correlation_id,
    split_part(current_setting('app.context', true), '|', 4) AS purpose
FROM (SELECT app.verified_tenant() AS tenant_id OFFSET 0) AS t
WHERE t.tenant_id IS NOT NULL;

-- As 200_context.sql has it, but with a test of the characters that costs a twentieth: bounds like {1,128} in a regular
-- expression were two thirds of what a context cost.
CREATE OR REPLACE FUNCTION security.enter_context(tenant uuid, actor text, correlation_id text, purpose text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context text := concat_ws('|', tenant, actor, correlation_id, purpose);
    key bytea;
BEGIN
    -- These go into the trail: identifiers, whose characters can spell neither an e-mail address nor a name.
    IF (tenant IS NOT NULL AND actor || correlation_id || purpose !~ '[^A-Za-z0-9._:-]'
        AND length(actor) BETWEEN 1 AND 128 AND length(correlation_id) BETWEEN 1 AND 128
        AND length(purpose) BETWEEN 1 AND 128) IS NOT TRUE THEN
        RAISE EXCEPTION 'actor, correlation id and purpose must be 1 to 128 of A-Z a-z 0-9 . _ : -' USING ERRCODE = '22023';
    END IF;
    SELECT s.secret INTO STRICT key FROM security.context_seal AS s;
    PERFORM set_config('app.context', context, true), set_config('app.context_seal', security.seal_of(key, context), true);
END $$;

-- As 400_secure_table.sql has it, but for the policy's rule.
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
                   'USING (%1$I = (SELECT app.tenant())) WITH CHECK (%1$I = (SELECT app.tenant()))', tenant_column, target);
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

-- As 800_checks_access.sql has it, but for the rule that is expected.
CREATE OR REPLACE FUNCTION security.check_tenant_policy() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.relation::text,
        CASE WHEN t.oid IS NULL THEN 'no restrictive policy tenant_isolation'
             WHEN t.polcmd <> '*' THEN 'tenant_isolation does not cover every command'
             WHEN t.polroles <> '{0}' THEN 'tenant_isolation does not cover every role'
             WHEN regexp_replace(pg_get_expr(t.polqual, t.polrelid), '\s+', ' ', 'g') <> e.expected
             THEN 'tenant_isolation reads by another rule'
             WHEN regexp_replace(pg_get_expr(t.polwithcheck, t.polrelid), '\s+', ' ', 'g') <> e.expected
             THEN 'tenant_isolation writes by another rule'
             WHEN o.for_public > 0 THEN 'a permissive policy applies to PUBLIC'
             WHEN r.is_child AND o.permissive > 0 THEN 'a partition or child has permissive policies of its own' END
    FROM security.protected_relations AS r
    JOIN security.protected_tables AS p ON p.relation = r.root
    CROSS JOIN LATERAL (SELECT format('(%I = ( SELECT app.tenant() AS tenant))', p.tenant_column) AS expected) AS e
    LEFT JOIN pg_policy AS t ON t.polrelid = r.relation AND t.polname = 'tenant_isolation' AND NOT t.polpermissive
    CROSS JOIN LATERAL (SELECT count(*) AS permissive, count(*) FILTER (WHERE 0 = ANY (q.polroles)) AS for_public
                        FROM pg_policy AS q WHERE q.polrelid = r.relation AND q.polpermissive) AS o
$$;

-- As 800_checks_access.sql has it, but for app.tenant(). That its text is the one that qualifies every name is the
-- business of check_definitions().
CREATE OR REPLACE FUNCTION security.check_definer_functions() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s()', p.oid::regproc),
        CASE WHEN r.rolsuper OR r.rolbypassrls THEN format('owner %s walks past row level security', r.rolname)
             WHEN s.path IS NULL AND p.oid <> 'app.tenant()'::regprocedure THEN 'no fixed search_path'
             WHEN s.path !~ '^pg_catalog,.*pg_temp$' THEN format('search_path is %s', s.path)
             -- pgaudit logs no read inside it; those of the platform's schemas record theirs themselves.
             WHEN r.rolname = 'medspasync_owner' AND n.nspname NOT IN ('app', 'audit', 'security')
             THEN 'reads inside it are not logged' END
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_roles AS r ON r.oid = p.proowner
    LEFT JOIN LATERAL (SELECT substring(c FROM '^search_path=(.*)$') AS path FROM unnest(p.proconfig) AS c
                       WHERE c LIKE 'search_path=%') AS s ON true
    WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        -- Extension members are their extension's business.
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
$$;

-- The tables that are protected already. In one transaction with the right to call what their policies now call.
DO $$
DECLARE
    role_name text;
    held record;
BEGIN
    FOR role_name IN SELECT r.name FROM security.roles AS r WHERE r.kind IN ('app', 'breakglass') LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION app.tenant(), app.verified_tenant() TO %I', role_name);
    END LOOP;
    FOR held IN SELECT r.relation, p.tenant_column FROM security.protected_relations AS r
                JOIN security.protected_tables AS p ON p.relation = r.root LOOP
        EXECUTE format('ALTER POLICY tenant_isolation ON %2$s USING (%1$I = (SELECT app.tenant())) '
                       'WITH CHECK (%1$I = (SELECT app.tenant()))', held.tenant_column, held.relation);
    END LOOP;
END $$;
