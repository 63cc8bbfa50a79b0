-- The checks behind validate_hipaa_compliance(). Each is a function that returns one row for every object it
-- examined; problem is null where the object is as it should be. What no row was returned for was not examined.

-- Row level security is on and forced, on every protected table, partition and log.
CREATE OR REPLACE FUNCTION security.check_rls_forced() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(c.oid::regclass::text, r.oid::text),
        CASE WHEN c.oid IS NULL THEN 'registered table no longer exists'
             WHEN NOT c.relrowsecurity THEN 'row level security is off'
             WHEN NOT c.relforcerowsecurity THEN 'not forced: its owner sees every row' END
    FROM (SELECT p.relation::oid AS oid FROM security.protected_relations AS p
          UNION SELECT l.relation FROM security.log_relations AS l) AS r
    LEFT JOIN pg_class AS c ON c.oid = r.oid
$$;

-- Exactly one restrictive policy, for PUBLIC, on the tenant column in both directions; no permissive one for PUBLIC,
-- and none on a partition or child.
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
    CROSS JOIN LATERAL (SELECT format('(%I = ( SELECT context.tenant_id FROM app.context))', p.tenant_column)
                        AS expected) AS e
    LEFT JOIN pg_policy AS t ON t.polrelid = r.relation AND t.polname = 'tenant_isolation' AND NOT t.polpermissive
    CROSS JOIN LATERAL (SELECT count(*) AS permissive, count(*) FILTER (WHERE 0 = ANY (q.polroles)) AS for_public
                        FROM pg_policy AS q WHERE q.polrelid = r.relation AND q.polpermissive) AS o
$$;

-- The policies and the guards are only as good as their owner: ours, not able to sign in, reachable by one role.
CREATE OR REPLACE FUNCTION security.check_ownership() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass::text, CASE WHEN pg_get_userbyid(c.relowner) <> 'medspasync_owner'
                                       THEN format('belongs to %s', pg_get_userbyid(c.relowner)) END
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('phi', 'app', 'audit', 'security') AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT format('%s()', p.oid::regproc), CASE WHEN pg_get_userbyid(p.proowner) <> 'medspasync_owner'
                                                THEN format('belongs to %s', pg_get_userbyid(p.proowner)) END
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('phi', 'app', 'audit', 'security')
$$;

-- No platform role has an attribute or a predefined role that walks past the policies; the kinds that cannot sign
-- in cannot; and only the migrator becomes the owner.
CREATE OR REPLACE FUNCTION security.check_roles() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.name,
        CASE WHEN r.oid IS NULL THEN 'role does not exist'
             WHEN r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
             THEN 'has SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION'
             WHEN k.kind IN ('owner', 'audit_marker') AND r.rolcanlogin THEN 'must not be able to sign in'
             WHEN m.granted IS NOT NULL THEN format('is a member of %s', m.granted) END
    FROM security.roles AS k
    LEFT JOIN pg_roles AS r ON r.rolname = k.name
    LEFT JOIN LATERAL (
        SELECT string_agg(pg_get_userbyid(a.roleid)::text, ', ') AS granted FROM pg_auth_members AS a
        WHERE a.member = r.oid AND NOT (k.kind = 'migrator' AND pg_get_userbyid(a.roleid) = 'medspasync_owner')
    ) AS m ON true
    UNION ALL
    -- CREATEROLE administrators hold ADMIN OPTION on what they made (PostgreSQL 16); that is no way in by itself.
    SELECT pg_get_userbyid(a.member), format('can become %s', pg_get_userbyid(a.roleid))
    FROM pg_auth_members AS a
    JOIN security.roles AS k ON k.name = pg_get_userbyid(a.roleid) AND k.kind IN ('owner', 'audit_marker')
    WHERE pg_get_userbyid(a.member) <> 'medspasync_migrator'
        AND (to_jsonb(a) -> 'set_option' IS DISTINCT FROM 'false'
             OR to_jsonb(a) -> 'inherit_option' IS DISTINCT FROM 'false')
$$;

-- Table rights: nothing for PUBLIC; TRUNCATE, REFERENCES and TRIGGER for nobody; no changing right on a log; no
-- right on a partition; on a protected table only applications, break-glass and the audit marker.
CREATE OR REPLACE FUNCTION security.check_table_rights() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass::text, string_agg(
        CASE WHEN g.grantee IS NULL THEN NULL
             WHEN g.grantee = 0 THEN format('PUBLIC has %s', g.privilege_type)
             WHEN g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
             THEN format('%s has %s', pg_get_userbyid(g.grantee), g.privilege_type)
             WHEN l.relation IS NOT NULL AND g.privilege_type <> 'SELECT'
             THEN format('%s has %s on a log', pg_get_userbyid(g.grantee), g.privilege_type)
             WHEN p.is_child THEN format('%s reaches the partition or child itself', pg_get_userbyid(g.grantee))
             WHEN p.relation IS NOT NULL AND coalesce(k.kind, '') NOT IN ('app', 'breakglass', 'audit_marker')
             THEN format('%s has %s', pg_get_userbyid(g.grantee), g.privilege_type)
             WHEN p.relation IS NOT NULL AND k.kind <> 'app' AND g.privilege_type <> 'SELECT'
             THEN format('%s has %s', pg_get_userbyid(g.grantee), g.privilege_type)
             WHEN n.nspname = 'security' AND g.privilege_type <> 'SELECT'
             THEN format('%s has %s', pg_get_userbyid(g.grantee), g.privilege_type) END, '; ')
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN security.protected_relations AS p ON p.relation = c.oid
    LEFT JOIN security.log_relations AS l ON l.relation = c.oid
    LEFT JOIN LATERAL (
        SELECT a.grantee, a.privilege_type FROM aclexplode(c.relacl) AS a WHERE a.grantee <> c.relowner
        UNION
        SELECT a.grantee, a.privilege_type FROM pg_attribute AS t CROSS JOIN aclexplode(t.attacl) AS a
        WHERE t.attrelid = c.oid AND a.grantee <> c.relowner
    ) AS g ON true
    LEFT JOIN security.roles AS k ON k.name = pg_get_userbyid(g.grantee)
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND (n.nspname IN ('phi', 'app', 'audit', 'security') OR p.relation IS NOT NULL)
    GROUP BY c.oid
$$;

-- Nothing for PUBLIC on the database, its schemas and our functions, nor on functions that are yet to come.
CREATE OR REPLACE FUNCTION security.check_public() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('database %s', d.datname),
        CASE WHEN EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a WHERE a.grantee = 0)
             THEN 'PUBLIC has rights' END
    FROM pg_database AS d WHERE d.datname = current_database()
    UNION ALL
    SELECT format('schema %s', n.nspname),
        CASE WHEN EXISTS (SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a WHERE a.grantee = 0)
             THEN 'PUBLIC has rights' END
    FROM pg_namespace AS n WHERE n.nspname IN ('public', 'extensions', 'phi', 'app', 'audit', 'security')
    UNION ALL
    SELECT format('%s()', p.oid::regproc),
        CASE WHEN EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a WHERE a.grantee = 0)
             THEN 'PUBLIC may execute it' END
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('phi', 'app', 'audit', 'security')
    UNION ALL
    SELECT 'default privileges of medspasync_owner',
        CASE WHEN NOT EXISTS (SELECT FROM pg_default_acl AS d
                              WHERE d.defaclrole = 'medspasync_owner'::regrole AND d.defaclobjtype = 'f'
                                  AND d.defaclnamespace = 0
                                  AND NOT EXISTS (SELECT FROM aclexplode(d.defaclacl) AS a WHERE a.grantee = 0))
             THEN 'PUBLIC may execute every new function' END
$$;

-- A SECURITY DEFINER function runs with its owner's rights wherever its names point: pg_catalog first, pg_temp last.
CREATE OR REPLACE FUNCTION security.check_definer_functions() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s()', p.oid::regproc),
        CASE WHEN r.rolsuper OR r.rolbypassrls THEN format('owner %s walks past row level security', r.rolname)
             WHEN s.path IS NULL THEN 'no fixed search_path'
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

-- A view reads with its owner's rights unless it says otherwise, and a materialised one holds rows beyond any policy.
CREATE OR REPLACE FUNCTION security.check_views() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT v.oid::regclass::text,
        CASE WHEN v.relkind = 'm' THEN 'a materialised view copies protected rows'
             WHEN coalesce(v.reloptions::text, '') !~ 'security_invoker=(true|on|1|yes)' THEN 'not security_invoker' END
    FROM pg_depend AS d
    JOIN pg_rewrite AS w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_class AS v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
    WHERE d.refclassid = 'pg_class'::regclass
        AND d.refobjid IN (SELECT relation FROM security.protected_relations
                           UNION SELECT relation FROM security.log_relations)
$$;

-- Tables that hold personal data by their column names, and are under no protection.
CREATE OR REPLACE FUNCTION security.check_unprotected_tables() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass::text,
        CASE WHEN hit.columns IS NOT NULL AND NOT EXISTS (SELECT FROM security.protected_relations AS p
                                                          WHERE p.relation = c.oid)
             THEN format('sensitive columns %s, not under secure_table()', hit.columns) END
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL (
        SELECT string_agg(DISTINCT a.attname::text, ', ') AS columns
        FROM pg_attribute AS a JOIN security.sensitive_terms AS t ON a.attname ~* t.pattern
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS hit ON true
    WHERE c.relkind IN ('r', 'p', 'f')
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'audit', 'security', 'extensions')
        AND n.nspname !~ '^pg_(toast|temp)'
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
        AND NOT EXISTS (SELECT FROM security.lint_exemptions AS x
                        WHERE x.relation = c.oid AND x.expires_on >= current_date)
$$;

-- Policies compare the tenant column in every query: without an index each one reads the whole table.
CREATE OR REPLACE FUNCTION security.check_tenant_index() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.relation::text,
        CASE WHEN NOT EXISTS (SELECT FROM pg_index AS i
                              JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                              WHERE i.indrelid = p.relation AND i.indisvalid AND i.indpred IS NULL
                                  AND a.attname = p.tenant_column)
             THEN 'no index begins with the tenant column' END
    FROM security.protected_tables AS p
$$;

-- A signed context is checked against a key of the role that presents it, and keys grow old.
CREATE OR REPLACE FUNCTION security.check_context_keys() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('context key %s', k.key_id),
        CASE WHEN r.kind <> 'app' THEN format('%s is no application role', k.role_name)
             WHEN k.not_after < now() + interval '14 days'
                 AND NOT EXISTS (SELECT FROM security.context_keys AS s WHERE s.role_name = k.role_name
                                     AND s.not_after >= now() + interval '14 days')
             THEN format('%s has no key beyond %s', k.role_name, k.not_after::date) END
    FROM security.context_keys AS k LEFT JOIN security.roles AS r ON r.name = k.role_name
$$;

-- Functions and views are what apply left: somebody who replaces app.context has replaced every policy.
CREATE OR REPLACE FUNCTION security.definitions() RETURNS TABLE (object text, definition text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure::text, CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('app', 'audit', 'security')
    UNION ALL
    SELECT c.oid::regclass::text, concat(c.reloptions::text, pg_get_viewdef(c.oid))
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname IN ('app', 'audit', 'security')
$$;

CREATE TABLE IF NOT EXISTS security.applied_definitions (object text PRIMARY KEY, digest text NOT NULL);
COMMENT ON TABLE security.applied_definitions IS 'SHA-256 of each function and view, as the last apply left them';

CREATE OR REPLACE FUNCTION security.check_definitions() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(a.object, d.object),
        CASE WHEN d.object IS NULL THEN 'is gone'
             WHEN a.object IS NULL THEN 'was added after the last apply'
             WHEN a.digest <> encode(sha256(convert_to(d.definition, 'UTF8')), 'hex') THEN 'was replaced after the last apply' END
    FROM security.applied_definitions AS a FULL JOIN security.definitions() AS d ON d.object = a.object
$$;
