-- Roles from roles.yaml, which the runner hands over as JSON in medspasync.roles. On Azure the roles with
-- an Entra principal exist already (pgaadauth_create_principal_with_oid); elsewhere they are made here,
-- without a password. Superuser, BYPASSRLS and the like are never set, and refused when found.
DO $$
DECLARE
    role record;
    excess text;
BEGIN
    FOR role IN
        SELECT * FROM jsonb_to_recordset(current_setting('medspasync.roles')::jsonb)
            AS listed (name text, kind text, login boolean, connection_limit integer, settings jsonb)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role.name) THEN
            EXECUTE format('CREATE ROLE %I', role.name);
        END IF;
        EXECUTE format('ALTER ROLE %I %s NOINHERIT CONNECTION LIMIT %s', role.name,
                       CASE WHEN role.login THEN 'LOGIN' ELSE 'NOLOGIN' END,
                       coalesce(role.connection_limit, -1));
        SELECT concat_ws(', ', CASE WHEN rolsuper THEN 'SUPERUSER' END,
                         CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
                         CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
                         CASE WHEN rolcreatedb THEN 'CREATEDB' END,
                         CASE WHEN rolreplication THEN 'REPLICATION' END)
        INTO excess FROM pg_roles WHERE rolname = role.name;
        IF excess <> '' THEN
            RAISE EXCEPTION 'role % has %, which no platform role may have', role.name, excess;
        END IF;
    END LOOP;
END $$;

-- The migrator becomes the owner only by SET ROLE. PostgreSQL 16 made that an option of the membership;
-- before it, NOINHERIT on the role says the same.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 160000 THEN
        EXECUTE 'GRANT medspasync_owner TO medspasync_migrator WITH INHERIT FALSE, SET TRUE';
    ELSE
        GRANT medspasync_owner TO medspasync_migrator;
    END IF;
END $$;
