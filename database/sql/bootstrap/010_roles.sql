-- Roles from roles.yaml, which the runner hands over as JSON in medspasync.roles. On Azure the roles with
-- an Entra principal exist already (pgaadauth_create_principal_with_oid); others are made here, without a
-- password: the credentials job sets it where "password" says so. Superuser, BYPASSRLS and the like are never set, and
-- refused when found; CREATEROLE is the credentials role's where there are passwords, and then only over those roles.
DO $$
DECLARE
    role record;
    excess text;
    passwords boolean := jsonb_path_exists(current_setting('medspasync.roles')::jsonb, '$[*] ? (@.password == true)');
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
                         CASE WHEN rolcreaterole AND role.kind <> 'credentials' THEN 'CREATEROLE' END,
                         CASE WHEN rolcreatedb THEN 'CREATEDB' END,
                         CASE WHEN rolreplication THEN 'REPLICATION' END)
        INTO excess FROM pg_roles WHERE rolname = role.name;
        IF excess <> '' THEN
            RAISE EXCEPTION 'role % has %, which no platform role may have', role.name, excess;
        END IF;
        IF role.kind = 'credentials' THEN
            EXECUTE format('ALTER ROLE %I %s', role.name, CASE WHEN passwords THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END);
        END IF;
    END LOOP;
END $$;

-- Whose password the credentials role may set: ADMIN, without becoming or inheriting the role. Before PostgreSQL 16
-- CREATEROLE alone is enough, and is power over every role but superusers: the platform's settings want 16 there.
-- A role that signs in by password no more loses it, and the note of it that the job left in the role's comment.
DO $$
DECLARE
    role record;
    may_set boolean;
BEGIN
    FOR role IN
        SELECT listed.name, coalesce(listed.password, false) AS password,
            shobj_description(r.oid, 'pg_authid') LIKE '%"password"%' AS had_password, r.oid
        FROM jsonb_to_recordset(current_setting('medspasync.roles')::jsonb) AS listed (name text, kind text, password boolean)
        JOIN pg_roles AS r ON r.rolname = listed.name
        WHERE listed.kind = 'app'
    LOOP
        IF role.had_password AND NOT role.password THEN
            EXECUTE format('COMMENT ON ROLE %I IS NULL', role.name);
        END IF;
        may_set := EXISTS (SELECT FROM pg_auth_members
                           WHERE roleid = role.oid AND member = 'medspasync_credentials'::regrole);
        IF current_setting('server_version_num')::integer < 160000 THEN
            CONTINUE;
        ELSIF role.password AND NOT may_set THEN
            EXECUTE format('GRANT %I TO medspasync_credentials WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', role.name);
        ELSIF may_set AND NOT role.password THEN
            EXECUTE format('REVOKE %I FROM medspasync_credentials CASCADE', role.name);
        END IF;
    END LOOP;
END $$;

-- A role may give itself a password, and nobody but a superuser can see that it did: each bootstrap takes it away again
-- from roles that sign in without one. A server that forbids it for its principals says so in its log; they are no worse
-- off than before.
DO $$
DECLARE
    role record;
BEGIN
    FOR role IN SELECT * FROM jsonb_to_recordset(current_setting('medspasync.roles')::jsonb)
                AS listed (name text, kind text, password boolean) WHERE NOT coalesce(listed.password, false) LOOP
        BEGIN
            EXECUTE format('ALTER ROLE %I PASSWORD NULL', role.name);
        EXCEPTION WHEN others THEN
            RAISE LOG 'medspasync: the password of % could not be taken: %', role.name, SQLERRM;
        END;
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
