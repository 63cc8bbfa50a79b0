-- The checks behind validate_hipaa_compliance(). Each is a function that returns one row for every object it
-- examined; problem is null where the object is as it should be. What no row was returned for was not examined.

-- What an extension brought is its business: one that an administrator or Azure made, for its owner may add to it whatever he
-- likes (ALTER EXTENSION … ADD).
CREATE OR REPLACE FUNCTION security.is_of_an_extension(class regclass, object oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
                   WHERE d.classid = class AND d.objid = object AND d.deptype = 'e'
                       AND pg_get_userbyid(e.extowner) NOT IN (SELECT r.name FROM security.roles AS r))
$$;

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

-- Each protected relation has the policies that its entry asks for, and no other: a permissive one for somebody else is a
-- way in, a missing restrictive one opens every tenant.
CREATE OR REPLACE FUNCTION security.check_tenant_policy() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('policy %s on %s', coalesce(e.policy, f.policy), r.relation),
        CASE WHEN e IS NULL THEN 'is nobody''s'
             WHEN f IS NULL THEN 'is missing'
             WHEN f IS DISTINCT FROM e THEN format('is %s for %s to %s: %s / %s',
                 CASE WHEN f.permissive THEN 'permissive' ELSE 'restrictive' END, f.command, f.role_name, f.reads, f.writes) END
    FROM security.protected_relations AS r
    JOIN security.protected_tables AS p ON p.relation = r.root
    CROSS JOIN LATERAL (
        SELECT e, f FROM security.expected_policies(p, r.is_child) AS e
        FULL JOIN security.found_policies(r.relation) AS f ON f.policy = e.policy
    ) AS both_sides (e, f)
    CROSS JOIN LATERAL (SELECT (both_sides.e).*) AS e
    CROSS JOIN LATERAL (SELECT (both_sides.f).*) AS f
$$;

-- The policies and the guards are only as good as their owner: ours, not able to sign in, reachable by one role, or the
-- keeper, whom nobody becomes.
CREATE OR REPLACE FUNCTION security.check_ownership() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT o.object, CASE WHEN pg_get_userbyid(o.owner) NOT IN ('medspasync_owner', 'medspasync_keeper')
                          THEN format('belongs to %s', pg_get_userbyid(o.owner)) END
    FROM (
        SELECT c.oid::regclass::text AS object, c.relowner AS owner
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('phi', 'app', 'audit', 'security') AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        UNION ALL
        -- security.record_event() belongs to the marker, and says why.
        SELECT format('%s()', p.oid::regproc),
            CASE WHEN p.oid = 'security.record_event(text,text,jsonb,text,uuid,text)'::regprocedure
                      AND pg_get_userbyid(p.proowner) = 'medspasync_phi_audit' THEN 'medspasync_keeper'::regrole ELSE p.proowner END
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('phi', 'app', 'audit', 'security')
        UNION ALL
        SELECT format('schema %s', n.nspname), n.nspowner FROM pg_namespace AS n WHERE n.nspname IN ('phi', 'app', 'audit', 'security')
    ) AS o
    UNION ALL
    SELECT format('database %s', d.datname), CASE WHEN pg_get_userbyid(d.datdba) <> 'medspasync_owner'
                                                  THEN format('belongs to %s', pg_get_userbyid(d.datdba)) END
    FROM pg_database AS d WHERE d.datname = current_database()
$$;

-- No platform role has an attribute or a predefined role that walks past the policies; the kinds that cannot sign in
-- cannot; only the migrator becomes the owner, and nobody the keeper. The credentials role has CREATEROLE only where
-- applications sign in by password, and may then administer their roles without becoming or inheriting them.
CREATE OR REPLACE FUNCTION security.check_roles() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.name,
        CASE WHEN r.oid IS NULL THEN 'role does not exist'
             WHEN r.rolsuper OR r.rolbypassrls OR (r.rolcreaterole AND NOT sets_passwords) OR r.rolcreatedb
                 OR r.rolreplication
             THEN 'has SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION'
             WHEN k.kind IN ('owner', 'keeper', 'audit_marker') AND r.rolcanlogin THEN 'must not be able to sign in'
             WHEN r.rolinherit THEN 'inherits'
             WHEN k.kind = 'migrator' AND NOT pg_has_role(r.oid, 'medspasync_owner', 'MEMBER') THEN 'cannot become the owner'
             WHEN m.granted IS NOT NULL THEN format('is a member of %s', m.granted) END
    FROM security.roles AS k
    LEFT JOIN pg_roles AS r ON r.rolname = k.name
    CROSS JOIN LATERAL (
        SELECT k.kind = 'credentials' AND EXISTS (SELECT FROM security.settings AS s
                                                  WHERE s.name = 'app_passwords' AND s.value = 'true') AS sets_passwords
    ) AS c
    LEFT JOIN LATERAL (
        SELECT string_agg(pg_get_userbyid(a.roleid)::text, ', ') AS granted FROM pg_auth_members AS a
        LEFT JOIN security.roles AS g ON g.name = pg_get_userbyid(a.roleid)
        WHERE a.member = r.oid
            AND NOT (k.kind = 'migrator' AND pg_get_userbyid(a.roleid) = 'medspasync_owner' AND NOT a.admin_option
                     AND to_jsonb(a) -> 'inherit_option' IS DISTINCT FROM 'true')
            AND NOT (sets_passwords AND g.kind IS NOT DISTINCT FROM 'app'
                     AND to_jsonb(a) -> 'set_option' IS NOT DISTINCT FROM 'false'
                     AND to_jsonb(a) -> 'inherit_option' IS NOT DISTINCT FROM 'false')
    ) AS m ON true
    UNION ALL
    -- CREATEROLE administrators hold ADMIN OPTION on what they made (PostgreSQL 16); that is no way in by itself.
    SELECT pg_get_userbyid(a.member), format('can become %s', pg_get_userbyid(a.roleid))
    FROM pg_auth_members AS a
    JOIN security.roles AS k ON k.name = pg_get_userbyid(a.roleid)
    LEFT JOIN security.roles AS m ON m.name = pg_get_userbyid(a.member)
    WHERE m.name IS NULL
        AND (to_jsonb(a) -> 'set_option' IS DISTINCT FROM 'false'
             OR to_jsonb(a) -> 'inherit_option' IS DISTINCT FROM 'false')
$$;

-- Rights on relations. A protected table: what its entry says, to the letter. Its partitions: nothing. Its sequences: for
-- those that add rows. Elsewhere: nothing for PUBLIC; TRUNCATE, REFERENCES and TRIGGER for nobody; no changing right on a
-- log or in `security`; nothing for roles that are none of the platform's; of a view, reading alone. That the platform's
-- own relations have exactly the rights they came with is the business of `python -m database verify`.
CREATE OR REPLACE FUNCTION security.check_table_rights() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass::text, string_agg(x.wrong, '; ' ORDER BY x.wrong)
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN security.protected_relations AS r ON r.relation = c.oid
    LEFT JOIN security.protected_tables AS p ON p.relation = c.oid
    LEFT JOIN security.log_relations AS l ON l.relation = c.oid
    LEFT JOIN LATERAL (
        SELECT o.writers FROM pg_depend AS d JOIN security.protected_tables AS o ON o.relation = d.refobjid
        WHERE c.relkind = 'S' AND d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        LIMIT 1
    ) AS s ON true
    LEFT JOIN LATERAL (
        SELECT format('%s has %s', f.role_name, f.privilege) AS wrong
        FROM security.found_rights(c.oid) AS f
        LEFT JOIN security.roles AS k ON k.name = f.role_name
        WHERE CASE WHEN p.relation IS NOT NULL THEN (f.role_name, f.privilege) NOT IN
                       (SELECT e.role_name, e.privilege FROM security.expected_rights(p) AS e)
                   WHEN r.relation IS NOT NULL THEN true
                   WHEN s.writers IS NOT NULL THEN f.privilege <> 'USAGE' OR f.role_name <> ALL (s.writers)
                   WHEN k.name IS NULL THEN n.nspname IN ('phi', 'app', 'audit', 'security') OR f.role_name = 'PUBLIC'
                   WHEN f.privilege ~ '^(TRUNCATE|REFERENCES|TRIGGER|MAINTAIN)' OR f.privilege ~ 'grant option$' THEN true
                   WHEN l.relation IS NOT NULL OR n.nspname = 'security' OR c.relkind IN ('v', 'm') THEN f.privilege !~ '^SELECT'
                   ELSE false END
        UNION ALL
        SELECT format('%s has no %s', e.role_name, e.privilege)
        FROM security.expected_rights(p) AS e
        WHERE p.relation IS NOT NULL
            AND (e.role_name, e.privilege) NOT IN (SELECT f.role_name, f.privilege FROM security.found_rights(c.oid) AS f)
    ) AS x ON true
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname !~ '^pg_(toast|temp)'
        AND NOT security.is_of_an_extension('pg_class', c.oid)
    GROUP BY c.oid
    UNION ALL
    -- Of the server's own relations, functions and parameters a platform role has what everybody has.
    SELECT format('%s of the server', o.name), format('%s has %s', pg_get_userbyid(a.grantee), a.privilege_type)
    FROM (SELECT oid::regclass::text AS name, relacl AS acl FROM pg_class WHERE relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
          UNION ALL SELECT oid::regprocedure::text, proacl FROM pg_proc WHERE pronamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
          UNION ALL SELECT 'parameter ' || parname, paracl FROM pg_parameter_acl) AS o
    CROSS JOIN aclexplode(o.acl) AS a
    WHERE pg_get_userbyid(a.grantee) IN (SELECT k.name FROM security.roles AS k)
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
             -- app.tenant() qualifies every name instead: a path of its own would cost as much as all the rest of it.
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
        AND NOT security.is_of_an_extension('pg_proc', p.oid)
$$;

-- A view reads with its owner's rights unless it says otherwise, also a view on a view, and a materialised one holds rows
-- beyond any policy.
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

-- Every table, in whatever schema but the platform's three (which verify compares one by one), is protected or exempted
-- with a reason and an end. Names of columns are a hint only.
CREATE OR REPLACE FUNCTION security.check_unprotected_tables() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass::text,
        CASE WHEN EXISTS (SELECT FROM security.protected_relations AS p WHERE p.relation = c.oid)
                 OR EXISTS (SELECT FROM pg_depend AS d JOIN security.protected_tables AS p ON p.relation = d.refobjid
                            WHERE c.relkind = 'S' AND d.objid = c.oid AND d.deptype IN ('a', 'i')) THEN NULL
             WHEN x.relation IS NULL THEN 'neither under secure_table() nor exempted'
             WHEN x.expires_on < current_date THEN format('its exemption ended on %s', x.expires_on)
             WHEN x.expires_on > current_date + 366 OR x.granted_on > current_date THEN 'its exemption is longer than a year'
             WHEN x.seen IS DISTINCT FROM security.shape_of(c.oid) THEN 'has other columns than when it was exempted'
        END || coalesce(', sensitive columns ' || hit.columns, '')
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN security.lint_exemptions AS x ON x.relation = c.oid
    LEFT JOIN LATERAL (
        SELECT string_agg(DISTINCT a.attname::text, ', ') AS columns
        FROM pg_attribute AS a JOIN security.sensitive_terms AS t ON a.attname ~* t.pattern
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS hit ON true
    WHERE c.relkind IN ('r', 'p', 'f', 'm', 'S')
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'app', 'audit', 'security')
        AND n.nspname !~ '^pg_(toast|temp)'
        AND NOT security.is_of_an_extension('pg_class', c.oid)
        -- What Prisma makes of its own migrations: names and check sums, in exactly these columns.
        AND NOT (c.oid::regclass::text = 'phi._prisma_migrations' AND c.relacl IS NULL AND c.relkind = 'r' AND NOT c.relrowsecurity
                 AND (SELECT string_agg(a.attname, ' ' ORDER BY a.attname) FROM pg_attribute AS a
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
                     = 'applied_steps_count checksum finished_at id logs migration_name rolled_back_at started_at')
        -- A sequence is its table's business.
        AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i')
                                                 AND NOT EXISTS (SELECT FROM security.protected_tables AS p WHERE p.relation = d.refobjid)))
    UNION ALL
    SELECT format('exemption of %s', x.relation), 'the table is under the platform''s care'
    FROM security.lint_exemptions AS x JOIN pg_class AS c ON c.oid = x.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'audit', 'security')
$$;

-- Code that nobody looked at: functions outside the platform's three schemas, rules, and what reaches further than a schema.
CREATE OR REPLACE FUNCTION security.check_foreign_code() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure::text,
        CASE WHEN x.signature IS NULL THEN 'not in security.function_exemptions'
             WHEN x.expires_on < current_date OR x.expires_on > current_date + 366 OR x.granted_on > current_date
             THEN 'its exemption is over, or longer than a year'
             WHEN x.seen IS DISTINCT FROM security.body_of(p.oid) THEN 'is another one than when it was exempted'
             WHEN EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.is_grantable AND a.grantee <> p.proowner)
             THEN 'somebody may pass on its use' END
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    LEFT JOIN security.function_exemptions AS x ON x.signature = p.oid::regprocedure::text
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'app', 'audit', 'security')
        AND NOT security.is_of_an_extension('pg_proc', p.oid)
    UNION ALL
    SELECT format('rule %s on %s', w.rulename, w.ev_class::regclass), 'a rule rewrites statements'
    FROM pg_rewrite AS w WHERE w.rulename <> '_RETURN' AND w.oid >= 16384
    UNION ALL
    SELECT format('%s %s', o.kind, o.name), 'no part of the platform'
    FROM (SELECT 'event trigger' AS kind, evtname::text AS name, oid, 'pg_event_trigger'::regclass AS class FROM pg_event_trigger
          UNION ALL SELECT 'publication', pubname, oid, 'pg_publication'::regclass FROM pg_publication
          UNION ALL SELECT 'foreign server', srvname, oid, 'pg_foreign_server'::regclass FROM pg_foreign_server
          UNION ALL SELECT 'foreign data wrapper', fdwname, oid, 'pg_foreign_data_wrapper'::regclass FROM pg_foreign_data_wrapper
          UNION ALL SELECT 'language', lanname, oid, 'pg_language'::regclass FROM pg_language WHERE oid >= 16384
          UNION ALL SELECT 'cast', format('%s to %s', castsource::regtype, casttarget::regtype), oid, 'pg_cast'::regclass
                    FROM pg_cast WHERE oid >= 16384
          UNION ALL SELECT 'operator', oprname, oid, 'pg_operator'::regclass FROM pg_operator WHERE oid >= 16384
          UNION ALL SELECT 'operator class', opcname, oid, 'pg_opclass'::regclass FROM pg_opclass WHERE oid >= 16384
          UNION ALL SELECT 'conversion', conname, oid, 'pg_conversion'::regclass FROM pg_conversion WHERE oid >= 16384
          UNION ALL SELECT 'access method', amname, oid, 'pg_am'::regclass FROM pg_am WHERE oid >= 16384
          UNION ALL SELECT 'operator family', opfname, oid, 'pg_opfamily'::regclass FROM pg_opfamily WHERE oid >= 16384
          UNION ALL SELECT 'transform', trftype::regtype::text, oid, 'pg_transform'::regclass FROM pg_transform WHERE oid >= 16384
          UNION ALL SELECT 'collation', collname, oid, 'pg_collation'::regclass FROM pg_collation WHERE oid >= 16384
                        AND collnamespace <> 'pg_catalog'::regnamespace
          UNION ALL SELECT 'text search configuration', cfgname, oid, 'pg_ts_config'::regclass FROM pg_ts_config WHERE oid >= 16384
          UNION ALL SELECT 'text search dictionary', dictname, oid, 'pg_ts_dict'::regclass FROM pg_ts_dict WHERE oid >= 16384
          -- Of what columns have in common over all tenants, EXPLAIN would tell each of them.
          UNION ALL SELECT 'statistics', stxname, oid, 'pg_statistic_ext'::regclass FROM pg_statistic_ext
          UNION ALL SELECT 'domain', oid::regtype::text, oid, 'pg_type'::regclass FROM pg_type WHERE oid >= 16384 AND typtype = 'd'
          UNION ALL SELECT 'subscription', subname, oid, 'pg_subscription'::regclass FROM pg_subscription
                    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          UNION ALL SELECT 'replication slot', slot_name, 0, 'pg_class'::regclass FROM pg_replication_slots
                    WHERE database = current_database()) AS o
    WHERE NOT security.is_of_an_extension(o.class, o.oid)
    UNION ALL
    -- Azure's own come and go: index tuning makes hypopg for a session.
    SELECT format('extension %s', e.extname), CASE WHEN e.extname NOT IN
        ('plpgsql', 'pgcrypto', 'pgaudit', 'pg_stat_statements', 'pgaadauth', 'azure', 'hypopg') THEN 'no part of the platform' END
    FROM pg_extension AS e
$$;

-- What the registry says of a table is still so: a column that was renamed takes the trail's row ids, or a person's rights,
-- with it.
CREATE OR REPLACE FUNCTION security.check_columns() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s.%s', p.relation, w.name),
        CASE WHEN a.attname IS NULL THEN 'no such column any more'
             WHEN NOT a.atttypid = ANY (w.types) THEN format('is %s', a.atttypid::regtype)
             WHEN w.not_null AND NOT a.attnotnull THEN 'may be null' END
    FROM security.protected_tables AS p
    CROSS JOIN LATERAL (
        VALUES (p.id_column, '{uuid,bigint,integer}'::regtype[], true), (p.tenant_column, '{uuid}', true),
            (p.subject_column, '{uuid}', false), (p.retain_from, '{timestamptz,timestamp,date}', false)
    ) AS w (name, types, not_null)
    LEFT JOIN pg_attribute AS a ON a.attrelid = p.relation AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
    WHERE w.name IS NOT NULL
    UNION ALL
    SELECT format('%s.%s', p.relation, c), CASE WHEN a.attname IS NULL THEN 'no such column any more'
                                                WHEN a.attnotnull THEN 'cannot be cleared' END
    FROM security.protected_tables AS p CROSS JOIN unnest(p.clear_columns) AS c
    LEFT JOIN pg_attribute AS a ON a.attrelid = p.relation AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    -- A table is read through its parent under the parent's policies alone. An unlogged one is empty after a crash.
    SELECT r.relation::text,
        CASE WHEN c.relpersistence <> 'p' THEN 'is UNLOGGED: a crash empties it'
             WHEN EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid
                              AND i.inhparent NOT IN (SELECT f.relation FROM security.protected_relations AS f))
             THEN 'is read through a parent that is not protected'
             -- A partition is what its parent is.
             WHEN r.is_child AND EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.conislocal AND k.coninhcount = 0
                                             AND k.contype IN ('c', 'u', 'p', 'x', 'f') AND k.conparentid = 0)
             THEN 'has a constraint that its parent has not'
             WHEN r.is_child AND EXISTS (SELECT FROM pg_index AS x WHERE x.indrelid = c.oid AND (x.indisunique OR x.indexprs IS NOT NULL)
                                             AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = x.indexrelid))
             THEN 'has an index that its parent has not'
             WHEN r.is_child AND EXISTS (
                 SELECT FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                 JOIN pg_attribute AS b ON b.attrelid = r.root AND b.attname = a.attname
                 LEFT JOIN pg_attrdef AS e ON e.adrelid = b.attrelid AND e.adnum = b.attnum
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                     AND pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM pg_get_expr(e.adbin, e.adrelid))
             THEN 'has a default that its parent has not' END
    FROM security.protected_relations AS r JOIN pg_class AS c ON c.oid = r.relation
$$;

-- Large objects are under no policy and in no trail, and PUBLIC may make them.
CREATE OR REPLACE FUNCTION security.check_large_objects() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'large objects', CASE WHEN count(*) > 0 THEN format('%s of %s', count(*), string_agg(DISTINCT pg_get_userbyid(lomowner)::text, ', ')) END
    FROM pg_largeobject_metadata
$$;

-- A major upgrade in place (pg_upgrade) stops at columns that keep an object's number: it is another one afterwards.
CREATE OR REPLACE FUNCTION security.check_portability() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('columns of %s', t.name), CASE WHEN string_agg(a.attrelid::regclass || '.' || a.attname, ', ') IS NOT NULL
        THEN format('%s: pg_upgrade refuses', string_agg(a.attrelid::regclass || '.' || a.attname, ', ')) END
    FROM unnest(ARRAY['regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper', 'regoperator', 'regproc',
                      'regprocedure']) AS t (name)
    LEFT JOIN (SELECT b.* FROM pg_attribute AS b JOIN pg_class AS c ON c.oid = b.attrelid AND c.relkind IN ('r', 'p', 'm')
               WHERE b.attrelid >= 16384 AND NOT b.attisdropped) AS a
        ON a.atttypid = t.name::regtype OR a.atttypid = (t.name || '[]')::regtype
    GROUP BY t.name
$$;

-- Every hold has been looked at lately enough.
CREATE OR REPLACE FUNCTION security.check_holds() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('hold %s', h.hold_id), CASE WHEN h.until < current_date THEN 'is past the day on which it was to be looked at' END
    FROM security.holds AS h WHERE h.released_at IS NULL
$$;

-- Policies compare the tenant column in every query: without an index each one reads the whole table.
CREATE OR REPLACE FUNCTION security.check_tenant_index() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.relation::text,
        CASE WHEN NOT security.has_tenant_index(p.relation, p.tenant_column)
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

-- Who may create something could put it where a name is looked for, or outside the lint's sight. Nobody but the owner
-- may in the platform's schemas, none of the platform's roles anywhere else, temporary tables included.
CREATE OR REPLACE FUNCTION security.check_schema_rights() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('database %s', d.datname),
        (SELECT string_agg(format('%s has %s', k.name, a.privilege_type), '; ')
         FROM aclexplode(d.datacl) AS a JOIN security.roles AS k ON k.name = pg_get_userbyid(a.grantee)
         WHERE a.grantee <> d.datdba AND (a.privilege_type <> 'CONNECT' OR a.is_grantable))
    FROM pg_database AS d WHERE d.datname = current_database()
    UNION ALL
    SELECT format('schema %s', n.nspname),
        (SELECT string_agg(format('%s has %s', pg_get_userbyid(a.grantee), a.privilege_type), '; ')
         FROM aclexplode(n.nspacl) AS a
         WHERE a.grantee NOT IN (0, n.nspowner) AND (a.privilege_type = 'CREATE' OR a.is_grantable)
             -- The keeper's schema is also where the owner's registry is.
             AND NOT (n.nspname = 'security' AND pg_get_userbyid(a.grantee) = 'medspasync_owner')
             AND (n.nspname IN ('phi', 'app', 'audit', 'security')
                  OR pg_get_userbyid(a.grantee) IN (SELECT k.name FROM security.roles AS k)))
    FROM pg_namespace AS n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
$$;

-- Roles beside the platform's. Superusers and Azure's administrators can take any right, so each use of them is an
-- alert; anybody else who walks past the policies, or reads tables that have none, is a way around everything here.
-- Azure's own roles by name: another one that only begins like them is anybody's.
CREATE OR REPLACE FUNCTION security.check_other_roles() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.rolname::text,
        CASE WHEN r.rolsuper THEN 'is another superuser than the server''s own'
             WHEN r.rolbypassrls THEN 'walks past row level security'
             WHEN r.rolreplication THEN 'may copy the whole server (REPLICATION)'
             WHEN m.granted IS NOT NULL THEN format('is a member of %s', m.granted) END
    FROM pg_roles AS r
    LEFT JOIN LATERAL (
        SELECT string_agg(g.rolname::text, ', ') AS granted FROM pg_roles AS g
        WHERE g.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
                            'pg_execute_server_program', 'pg_maintain')
            AND pg_has_role(r.oid, g.oid, 'MEMBER')
    ) AS m ON true
    -- 10: what initdb made; on Azure that is Azure's.
    WHERE r.oid <> 10 AND r.rolname !~ '^pg_' AND r.rolname NOT IN ('azure_pg_admin', 'azuresu', 'replication')
        AND r.rolname NOT IN (SELECT k.name FROM security.roles AS k)
        AND NOT EXISTS (SELECT FROM pg_roles AS z WHERE z.rolname = 'azure_pg_admin' AND pg_has_role(r.oid, z.oid, 'MEMBER'))
$$;
