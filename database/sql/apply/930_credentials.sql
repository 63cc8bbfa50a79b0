-- What the credentials job brings from the vault (database/credentials.py). The vault is the truth.

-- Makes the context keys those of the lists, one place a key: new ones are installed, changed ones replaced, all
-- others removed, so that a key that leaked is good for nothing once it is in no vault. Secrets come as bind parameters.
-- Returns each key with what was done: installed, changed, kept, removed.
CREATE OR REPLACE FUNCTION security.set_context_keys(
    for_roles text[], key_ids text[], secrets bytea[], valid_until timestamptz[]
) RETURNS TABLE (of_role text, of_key text, change text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
BEGIN
    IF coalesce(cardinality(key_ids), 0) = 0 THEN
        RAISE EXCEPTION 'no context key at all: every application would lose its rows';
    END IF;
    FOR wanted IN
        SELECT w.role_name, w.key_id, w.secret, w.not_after, k.key_id IS NULL AS is_new,
            k.secret = w.secret AND k.role_name = w.role_name AND k.not_after = w.not_after AS is_same, r.kind
        FROM unnest(for_roles, key_ids, secrets, valid_until) AS w (role_name, key_id, secret, not_after)
        LEFT JOIN security.context_keys AS k ON k.key_id = w.key_id
        LEFT JOIN security.roles AS r ON r.name = w.role_name
    LOOP
        of_role := wanted.role_name;
        of_key := wanted.key_id;
        change := CASE WHEN wanted.is_new THEN 'installed' WHEN wanted.is_same THEN 'kept' ELSE 'changed' END;
        IF wanted.kind IS DISTINCT FROM 'app' THEN
            RAISE EXCEPTION 'role % is no application role', wanted.role_name;
        END IF;
        IF change <> 'kept' THEN
            INSERT INTO security.context_keys AS k (key_id, role_name, secret, not_after)
            VALUES (wanted.key_id, wanted.role_name, wanted.secret, wanted.not_after)
            ON CONFLICT ON CONSTRAINT context_keys_pkey DO UPDATE
            SET role_name = excluded.role_name, secret = excluded.secret, not_after = excluded.not_after;
            PERFORM audit.write_security_event('context_key_installed', 'info', 'success',
                jsonb_build_object('key_id', of_key, 'role', of_role, 'change', change));
        END IF;
        RETURN NEXT;
    END LOOP;
    FOR of_key, of_role IN
        DELETE FROM security.context_keys AS k WHERE k.key_id <> ALL (key_ids) RETURNING k.key_id, k.role_name
    LOOP
        change := 'removed';
        PERFORM audit.write_security_event('context_key_removed', 'info', 'success',
                                           jsonb_build_object('key_id', of_key, 'role', of_role));
        RETURN NEXT;
    END LOOP;
END $$;

-- As in 800, and: the credentials role has CREATEROLE only where applications sign in by password, and may then
-- administer applications' roles without becoming or inheriting them.
CREATE OR REPLACE FUNCTION security.check_roles() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.name,
        CASE WHEN r.oid IS NULL THEN 'role does not exist'
             WHEN r.rolsuper OR r.rolbypassrls OR (r.rolcreaterole AND NOT sets_passwords) OR r.rolcreatedb
                 OR r.rolreplication
             THEN 'has SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION'
             WHEN k.kind IN ('owner', 'audit_marker') AND r.rolcanlogin THEN 'must not be able to sign in'
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
        WHERE a.member = r.oid AND NOT (k.kind = 'migrator' AND pg_get_userbyid(a.roleid) = 'medspasync_owner')
            AND NOT (sets_passwords AND g.kind IS NOT DISTINCT FROM 'app'
                     AND to_jsonb(a) -> 'set_option' IS NOT DISTINCT FROM 'false'
                     AND to_jsonb(a) -> 'inherit_option' IS NOT DISTINCT FROM 'false')
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
