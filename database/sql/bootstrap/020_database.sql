-- Who may connect, which schemas there are, and nothing for PUBLIC. To make things for the owner, the keeper and the
-- marker the administrator becomes a member of them, for this transaction only: the runner takes it back before COMMIT.
DO $$
DECLARE
    with_options text := CASE WHEN current_setting('server_version_num')::integer >= 160000
                              THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
BEGIN
    EXECUTE 'GRANT medspasync_owner, medspasync_keeper, medspasync_phi_audit TO CURRENT_USER' || with_options;
END $$;

-- Before the database has its owner, whom PostgreSQL 15 does not take for pg_database_owner: it inherits nothing. Only
-- where PUBLIC has any right: a second administrator could not, and need not.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_namespace AS n CROSS JOIN aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
               WHERE n.nspname = 'public' AND a.grantee = 0) THEN
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
    END IF;
END $$;

-- Rights on a database are its owner's to give: under anybody else PostgreSQL only warns, and PUBLIC keeps CONNECT.
DO $$
DECLARE
    owner_name name := (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database());
BEGIN
    IF owner_name <> 'medspasync_owner' THEN
        IF NOT pg_has_role(session_user, owner_name, 'MEMBER') THEN
            RAISE EXCEPTION 'database % belongs to %, which % is no member of', current_database(), owner_name, session_user
                USING HINT = 'drop it: bootstrap makes the database, for medspasync_owner';
        END IF;
        EXECUTE format('ALTER DATABASE %I OWNER TO medspasync_owner', current_database());
    END IF;
END $$;

DO $$
DECLARE
    role record;
    setting record;
    schema_name text;
    wanted text;
    owner_name text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    -- For the next bootstrap.
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), session_user);
    IF to_regrole('azure_pg_admin') IS NOT NULL THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO azure_pg_admin', current_database());
    END IF;

    -- Whoever owns a schema may drop what is in it, and put something else in its place: so the keeper's has an owner that
    -- nobody becomes.
    FOR schema_name, wanted IN VALUES ('phi', 'medspasync_owner'), ('app', 'medspasync_owner'), ('audit', 'medspasync_owner'),
                                      ('security', 'medspasync_keeper') LOOP
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', schema_name, wanted);
        SELECT pg_get_userbyid(nspowner) INTO owner_name FROM pg_namespace WHERE nspname = schema_name;
        IF owner_name <> wanted THEN
            RAISE EXCEPTION 'schema % belongs to %, it must belong to %', schema_name, owner_name, wanted;
        END IF;
    END LOOP;

    -- What is not listed goes, also what a role set for itself.
    FOR setting IN
        SELECT pg_get_userbyid(s.setrole) AS role_name, s.setdatabase = 0 AS everywhere
        FROM pg_db_role_setting AS s
        WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            AND pg_get_userbyid(s.setrole) IN (SELECT listed.name FROM jsonb_to_recordset(
                current_setting('medspasync.roles')::jsonb) AS listed (name text))
    LOOP
        EXECUTE format('ALTER ROLE %I %s RESET ALL', setting.role_name,
                       CASE WHEN setting.everywhere THEN '' ELSE format('IN DATABASE %I', current_database()) END);
    END LOOP;
    FOR role IN
        SELECT * FROM jsonb_to_recordset(current_setting('medspasync.roles')::jsonb)
            AS listed (name text, login boolean, settings jsonb)
    LOOP
        IF role.login THEN
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role.name);
        END IF;
        FOR setting IN SELECT * FROM jsonb_each_text(coalesce(role.settings, '{}')) LOOP
            -- search_path is a list of names: quoted as one value it would be one name.
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %I = %s', role.name, current_database(), setting.key,
                           CASE setting.key WHEN 'search_path' THEN setting.value
                                            ELSE quote_literal(setting.value) END);
        END LOOP;
    END LOOP;
END $$;

-- Where the owner's registry is, too.
SET LOCAL ROLE medspasync_keeper;
GRANT USAGE, CREATE ON SCHEMA security TO medspasync_owner WITH GRANT OPTION;
RESET ROLE;

-- Large objects have no policies and no trail. Their functions are the server's: where its administrator may not take
-- them from PUBLIC (nor on Azure, as far as is known), the check `large-objects` is what finds one.
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN SELECT p.oid FROM pg_proc AS p
                    WHERE p.pronamespace = 'pg_catalog'::regnamespace
                        AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lo_open', 'lowrite') LOOP
        IF (SELECT pg_has_role(proowner, 'MEMBER') FROM pg_proc WHERE oid = function) THEN
            EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', function);
        END IF;
    END LOOP;
END $$;
