-- Who may connect, which schemas there are, and nothing for PUBLIC. To make things for the owner the administrator
-- becomes a member of it, for this transaction only: the runner takes it back before COMMIT.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 160000 THEN
        EXECUTE 'GRANT medspasync_owner TO CURRENT_USER WITH INHERIT TRUE, SET TRUE';
    ELSE
        GRANT medspasync_owner TO CURRENT_USER;
    END IF;
END $$;

DO $$
DECLARE
    role record;
    setting record;
    schema_name text;
    owner_name text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    FOREACH schema_name IN ARRAY ARRAY['phi', 'app', 'audit', 'security'] LOOP
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION medspasync_owner', schema_name);
        SELECT pg_get_userbyid(nspowner) INTO owner_name FROM pg_namespace WHERE nspname = schema_name;
        IF owner_name <> 'medspasync_owner' THEN
            RAISE EXCEPTION 'schema % belongs to %, it must belong to medspasync_owner', schema_name, owner_name;
        END IF;
    END LOOP;
    GRANT USAGE ON SCHEMA extensions TO medspasync_owner;

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
