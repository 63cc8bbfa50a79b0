-- What the weekly review looks at. The same facts reach Log Analytics as log lines; these views are for psql.
-- security_invoker: a view shows its reader no more than the reader may read.
CREATE OR REPLACE VIEW audit.failed_sign_ins WITH (security_invoker = true) AS
SELECT date_trunc('hour', l.recorded_at) AS hour, l.actor, l.db_role, count(*) AS failures,
    count(DISTINCT l.client_addr) AS addresses
FROM audit.security_logs AS l
WHERE l.event IN ('sign_in', 'mfa', 'token_rejected') AND l.outcome <> 'success'
GROUP BY 1, 2, 3;

CREATE OR REPLACE VIEW audit.phi_access_patterns WITH (security_invoker = true) AS
SELECT date_trunc('hour', l.recorded_at) AS hour, l.tenant_id, l.actor, l.db_role,
    count(*) AS rows_touched, count(DISTINCT l.subject_id) AS subjects,
    count(*) FILTER (WHERE l.action IN ('DELETE', 'ERASE')) AS removals,
    count(*) FILTER (WHERE l.action = 'EXPORT') AS exports,
    count(*) FILTER (WHERE l.actor IS NULL) AS without_context
FROM audit.hipaa_audit_logs AS l
GROUP BY 1, 2, 3, 4;

CREATE OR REPLACE VIEW audit.privilege_changes WITH (security_invoker = true) AS
SELECT l.recorded_at, l.event, l.db_role, l.actor, l.severity, l.detail
FROM audit.security_logs AS l
WHERE l.event IN ('privilege_added', 'privilege_removed', 'break_glass_opened', 'data_key_added',
                  'data_key_destroyed', 'context_key_installed', 'context_seal_rotated', 'hold_placed', 'hold_released');

-- pgaudit logs GRANT when it happens; this finds what happened while nobody logged. Everything that gives power:
-- memberships, role attributes, rights on databases, schemas, relations, columns and functions, policies.
CREATE TABLE IF NOT EXISTS security.privilege_snapshot (privilege text PRIMARY KEY);
COMMENT ON TABLE security.privilege_snapshot IS
    'Privileges as last seen by security.capture_privileges(); apply fills it once, and it is never empty after that';

CREATE OR REPLACE FUNCTION security.name_of(role oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(role)::text END $$;

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
    SELECT format('%s on %s to %s%s', g.privilege_type, g.object, security.name_of(g.grantee),
                  CASE WHEN g.is_grantable THEN ' with grant option' END)
    FROM (
        SELECT format('%s.%s', n.nspname, c.relname) AS object, a.*
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace CROSS JOIN aclexplode(c.relacl) AS a
        WHERE n.nspname IN ('phi', 'app', 'audit', 'security') AND NOT c.relispartition
        UNION ALL
        SELECT format('%s.%s.%s', n.nspname, c.relname, t.attname), a.*
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS t ON t.attrelid = c.oid CROSS JOIN aclexplode(t.attacl) AS a
        WHERE n.nspname IN ('phi', 'app', 'audit', 'security')
        UNION ALL
        SELECT format('%s.%s()', n.nspname, p.proname), a.*
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
        WHERE n.nspname IN ('phi', 'app', 'audit', 'security')
        UNION ALL
        SELECT format('schema %s', n.nspname), a.*
        FROM pg_namespace AS n CROSS JOIN aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        UNION ALL
        SELECT 'the database', a.*
        FROM pg_database AS d CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
        WHERE d.datname = current_database()
    ) AS g
    UNION
    SELECT format('policy %s on %s.%s', q.polname, n.nspname, c.relname)
    FROM pg_policy AS q JOIN pg_class AS c ON c.oid = q.polrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT c.relispartition
$$;

-- Records every difference since the last call in security_logs. Returns how many.
CREATE OR REPLACE FUNCTION security.capture_privileges() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change record;
    changes integer := 0;
BEGIN
    LOCK TABLE security.privilege_snapshot IN EXCLUSIVE MODE;
    FOR change IN
        SELECT coalesce(n.privilege, o.privilege) AS privilege, o.privilege IS NULL AS added
        FROM (SELECT p AS privilege FROM security.current_privileges() AS p) AS n
        FULL JOIN security.privilege_snapshot AS o USING (privilege)
        WHERE n.privilege IS NULL OR o.privilege IS NULL
        ORDER BY 1
    LOOP
        IF change.added THEN
            INSERT INTO security.privilege_snapshot VALUES (change.privilege);
        ELSE
            DELETE FROM security.privilege_snapshot WHERE privilege = change.privilege;
        END IF;
        changes := changes + 1;
        PERFORM audit.write_security_event(CASE WHEN change.added THEN 'privilege_added' ELSE 'privilege_removed' END,
                                           'warning', 'success', jsonb_build_object('privilege', change.privilege));
    END LOOP;
    RETURN changes;
END $$;
