-- What the checks of rights did not see: rights on the database and its schemas, on functions by name, views on views,
-- and roles that are none of the platform's.

-- As 800_checks_access.sql has it, but through every level: a view on a security_invoker view reads with the rights of
-- its own owner, unless it says otherwise itself.
CREATE OR REPLACE FUNCTION security.check_views() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE reading AS (
        SELECT relation::oid AS oid FROM security.protected_relations
        UNION SELECT relation FROM security.log_relations
        UNION
        SELECT w.ev_class FROM reading AS r
        JOIN pg_depend AS d ON d.refobjid = r.oid AND d.refclassid = 'pg_class'::regclass
            AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite AS w ON w.oid = d.objid
    )
    SELECT v.oid::regclass::text,
        CASE WHEN v.relkind = 'm' THEN 'a materialised view copies protected rows'
             WHEN coalesce(v.reloptions::text, '') !~ 'security_invoker=(true|on|1|yes)' THEN 'not security_invoker' END
    FROM reading AS r JOIN pg_class AS v ON v.oid = r.oid AND v.relkind IN ('v', 'm')
$$;

-- As 800_checks_access.sql has it, with who may call a function: that too is what apply left.
CREATE OR REPLACE FUNCTION security.definitions() RETURNS TABLE (object text, definition text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure::text,
        concat_ws(E'\n', CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END,
                  (SELECT string_agg(format('%s to %s%s', a.privilege_type,
                                            CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END,
                                            CASE WHEN a.is_grantable THEN ' with grant option' END), ', '
                                     ORDER BY a.grantee, a.privilege_type)
                   FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a))
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('app', 'audit', 'security')
    UNION ALL
    SELECT c.oid::regclass::text, concat(c.reloptions::text, pg_get_viewdef(c.oid))
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname IN ('app', 'audit', 'security')
$$;

-- Who may create something could put it where a name is looked for, or outside the lint's sight. Nobody but the owner
-- may in the platform's schemas, none of the platform's roles anywhere else, temporary tables included.
CREATE OR REPLACE FUNCTION security.check_schema_rights() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('database %s', d.datname),
        (SELECT string_agg(format('%s has %s', k.name, a.privilege_type), '; ')
         FROM aclexplode(d.datacl) AS a JOIN security.roles AS k ON k.name = pg_get_userbyid(a.grantee)
         WHERE a.privilege_type <> 'CONNECT' OR a.is_grantable)
    FROM pg_database AS d WHERE d.datname = current_database()
    UNION ALL
    SELECT format('schema %s', n.nspname),
        (SELECT string_agg(format('%s has %s', pg_get_userbyid(a.grantee), a.privilege_type), '; ')
         FROM aclexplode(n.nspacl) AS a
         WHERE a.grantee NOT IN (0, n.nspowner) AND (a.privilege_type = 'CREATE' OR a.is_grantable)
             AND (n.nspname IN ('phi', 'app', 'audit', 'security')
                  OR pg_get_userbyid(a.grantee) IN (SELECT k.name FROM security.roles AS k)))
    FROM pg_namespace AS n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
$$;

-- Roles beside the platform's. Superusers and Azure's administrators can take any right, so each use of them is an
-- alert; anybody else who walks past the policies, or reads tables that have none, is a way around everything here.
CREATE OR REPLACE FUNCTION security.check_other_roles() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.rolname::text,
        CASE WHEN r.rolbypassrls THEN 'walks past row level security'
             WHEN m.granted IS NOT NULL THEN format('is a member of %s', m.granted) END
    FROM pg_roles AS r
    LEFT JOIN LATERAL (
        SELECT string_agg(g.rolname::text, ', ') AS granted FROM pg_roles AS g
        WHERE g.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
                            'pg_execute_server_program', 'pg_maintain')
            AND pg_has_role(r.oid, g.oid, 'MEMBER')
    ) AS m ON true
    WHERE NOT r.rolsuper AND r.rolname !~ '^(pg_|azure)'
        AND r.rolname NOT IN (SELECT k.name FROM security.roles AS k)
        AND NOT EXISTS (SELECT FROM pg_roles AS z WHERE z.rolname = 'azure_pg_admin' AND pg_has_role(r.oid, z.oid, 'MEMBER'))
$$;

INSERT INTO security.checks (check_id, control, title, function, when_empty)
VALUES
    ('schema-rights', '164.308(a)(4)(ii)(B)', 'Only the owner creates', 'security.check_schema_rights', 'fail'),
    ('other-roles', '164.312(a)(1)', 'Nobody else walks past the policies', 'security.check_other_roles', 'pass')
ON CONFLICT (check_id) DO UPDATE SET control = excluded.control, title = excluded.title,
    function = excluded.function, when_empty = excluded.when_empty;

-- As 700_monitoring.sql has it, with rights on the database and on schemas.
CREATE OR REPLACE FUNCTION security.current_privileges() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('member %s of %s', pg_get_userbyid(m.member), pg_get_userbyid(m.roleid)) FROM pg_auth_members AS m
    UNION
    SELECT format('role %s%s', r.rolname, concat(CASE WHEN r.rolsuper THEN ' superuser' END,
        CASE WHEN r.rolbypassrls THEN ' bypassrls' END, CASE WHEN r.rolcreaterole THEN ' createrole' END,
        CASE WHEN r.rolreplication THEN ' replication' END, CASE WHEN r.rolcanlogin THEN ' login' END))
    FROM pg_roles AS r
    UNION
    SELECT format('%s on %s.%s to %s', a.privilege_type, n.nspname, c.relname,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END)
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN aclexplode(c.relacl) AS a
    WHERE n.nspname IN ('phi', 'app', 'audit', 'security') AND NOT c.relispartition
    UNION
    SELECT format('%s on %s.%s() to %s', a.privilege_type, n.nspname, p.proname,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END)
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
    WHERE n.nspname IN ('phi', 'app', 'audit', 'security')
    UNION
    SELECT format('%s on schema %s to %s', a.privilege_type, n.nspname,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END)
    FROM pg_namespace AS n
    CROSS JOIN aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION
    SELECT format('%s on database %s to %s', a.privilege_type, d.datname,
                  CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END)
    FROM pg_database AS d
    CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
    WHERE d.datname = current_database()
$$;
-- Where there is a snapshot, what it could not hold so far is no news.
INSERT INTO security.privilege_snapshot (privilege)
SELECT p FROM security.current_privileges() AS p
WHERE p ~ ' on (schema|database) ' AND EXISTS (SELECT FROM security.privilege_snapshot)
ON CONFLICT DO NOTHING;
