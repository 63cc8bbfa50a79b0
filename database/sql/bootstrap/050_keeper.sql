-- As the keeper: who is asking, for which tenant. An application signs its context (HMAC-SHA256, docs/database.md) and
-- presents it at the start of each transaction. begin_context() checks the signature and leaves the context in a
-- setting, under a seal that only the server can make and that holds for this transaction alone; policies and trail
-- check the seal. SQL that an attacker injects can SET the setting but cannot seal it. An unset, expired, foreign,
-- altered or left over context is no tenant: no rows.
--
-- The keeper owns all of it, so that the migrator, who acts as the owner, can neither read a key nor enter a context. What
-- runs as the keeper touches nothing of the owner's: whoever owns a table or a function decides what code a use of it runs
-- (a policy, a trigger, a default, SECURITY INVOKER), and that code would be the keeper's. Functions are called with every
-- argument in its own type, so that no other of the same name fits better.
-- A secret is never a parameter of a planned statement: PERFORM and SELECT ... INTO plan their variables as constants,
-- and any session may look at its plans (debug_print_plan). Assignments and IF are simple expressions, whose plans hold
-- none; force_generic_plan says it once more.
SET LOCAL ROLE medspasync_keeper;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;

CREATE TABLE IF NOT EXISTS security.roles (
    name text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('owner', 'keeper', 'migrator', 'app', 'auditor', 'breakglass', 'maintainer',
                                       'credentials', 'audit_marker'))
);
COMMENT ON TABLE security.roles IS 'The platform roles of roles.yaml, as of the last bootstrap';
INSERT INTO security.roles (name, kind)
SELECT name, kind
FROM jsonb_to_recordset(current_setting('medspasync.roles')::jsonb) AS listed (name text, kind text)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind;
ANALYZE security.roles;

CREATE TABLE IF NOT EXISTS security.context_keys (
    key_id text PRIMARY KEY CHECK (key_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    role_name text NOT NULL,
    secret bytea NOT NULL CHECK (octet_length(secret) BETWEEN 32 AND 64),
    not_before timestamptz NOT NULL DEFAULT now(),
    not_after timestamptz NOT NULL,
    CHECK (not_after <= not_before + interval '400 days')
);
COMMENT ON TABLE security.context_keys IS 'Verification keys of signed contexts, each bound to one application role';

CREATE TABLE IF NOT EXISTS security.break_glass_openings (
    opening_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    role_name text NOT NULL DEFAULT session_user,
    person text NOT NULL CHECK (person ~ '^[A-Za-z0-9._:-]{1,128}$'),
    tenant_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason IN ('emergency-treatment', 'patient-safety', 'system-recovery')),
    ticket text NOT NULL CHECK (ticket ~ '^[A-Za-z0-9-]{1,64}$'),
    opened_at timestamptz NOT NULL DEFAULT now(),
    opened_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    expires_at timestamptz NOT NULL,
    CHECK (expires_at BETWEEN opened_at AND opened_at + interval '4 hours')
);
COMMENT ON TABLE security.break_glass_openings IS '164.312(a)(2)(ii): each emergency access, to one tenant, for at most four hours';

CREATE TABLE IF NOT EXISTS security.context_seal (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    secret bytea NOT NULL,
    previous bytea NOT NULL,
    rotated_at timestamptz NOT NULL
);
COMMENT ON TABLE security.context_seal IS
    'What the server seals verified contexts with; random, of this database alone. previous: for transactions that began before rotated_at';
INSERT INTO security.context_seal (secret, previous, rotated_at)
VALUES (extensions.gen_random_bytes(32), extensions.gen_random_bytes(32), now()) ON CONFLICT DO NOTHING;
-- Else the planner takes it for ten pages.
ANALYZE security.context_seal;

-- What a session must not bring along from the transaction before, by role: settings that another tenant's statements
-- would run under. Empty role: everybody.
CREATE TABLE IF NOT EXISTS security.session_rules (
    role_name text NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (role_name, name)
);
COMMENT ON TABLE security.session_rules IS 'Settings that begin_context() insists on: those of roles.yaml, and some defaults';
DELETE FROM security.session_rules;
-- set_config() gives a value as current_setting() will: 60s is 1min.
INSERT INTO security.session_rules (role_name, name, value)
SELECT listed.name, setting.key, set_config(setting.key, setting.value, true)
FROM jsonb_to_recordset(current_setting('medspasync.roles')::jsonb) AS listed (name text, kind text, settings jsonb)
CROSS JOIN jsonb_each_text(listed.settings) AS setting
-- The path that names are looked for along cannot be seen from a function that has one of its own.
WHERE listed.kind IN ('app', 'breakglass') AND setting.key <> 'search_path'
UNION ALL
VALUES ('', 'row_security', 'on'), ('', 'default_transaction_read_only', 'off'), ('', 'transform_null_equals', 'off'),
    ('', 'standard_conforming_strings', 'on'), ('', 'backslash_quote', 'safe_encoding'),
    -- Under another encoding or another order of dates the next tenant's bytes and texts mean something else.
    ('', 'client_encoding', 'UTF8'), ('', 'DateStyle', 'ISO, MDY'), ('', 'IntervalStyle', 'postgres'), ('', 'bytea_output', 'hex'),
    ('', 'array_nulls', 'on'), ('', 'default_transaction_isolation', 'read committed'),
    ('', 'default_transaction_deferrable', 'off'),
    -- Would put the next tenant's values into the log.
    ('', 'log_parameter_max_length_on_error', '0');
ANALYZE security.session_rules;
-- What set_config() left behind, for the rest of this transaction.
SET LOCAL statement_timeout TO DEFAULT;
SET LOCAL idle_in_transaction_session_timeout TO DEFAULT;
SET LOCAL lock_timeout = '30s';

-- The seal of a context, for one transaction of one role. Inlined wherever it is called. Its names are resolved here
-- and now, not by the caller's search_path.
CREATE OR REPLACE FUNCTION security.seal_of(key bytea, context text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN encode(sha256(key || timestamptz_send(now()) || textsend(session_user || '|' || context) || key), 'hex');

-- The tenant of the verified context, or null: then a policy lets no row through. Unlike the other definer functions it
-- sets no search_path, which costs as much as all the rest; so every name in it is qualified, the operators too.
CREATE OR REPLACE FUNCTION app.tenant() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
AS $$
DECLARE
    context pg_catalog.text := pg_catalog.current_setting('app.context', true);
    key pg_catalog.bytea;
BEGIN
    SELECT CASE WHEN pg_catalog.now() OPERATOR(pg_catalog.<) s.rotated_at THEN s.previous ELSE s.secret END INTO key
    FROM security.context_seal AS s;
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
    SELECT CASE WHEN now() < s.rotated_at THEN s.previous ELSE s.secret END INTO key FROM security.context_seal AS s;
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

-- Text that goes into the trail for six years: an identifier in form, and none of the shapes that people take for one
-- although it names a person: a social security number, a date, a telephone number, Given.Family. A name in lower case
-- passes: the database cannot know it, so applications use opaque ids.
-- A text, not an expression that PostgreSQL would write anew at a dump or an upgrade; its callers have a path of their own.
CREATE OR REPLACE FUNCTION security.is_identifier(given text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT length(given) BETWEEN 1 AND 128 AND given !~ '[^A-Za-z0-9._:-]'
        AND given !~ '(^|[^0-9A-Za-z])([0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][0-9][0-9]|[12][0-9][0-9][0-9][-.][01][0-9][-.][0-3][0-9]|[0-9][0-9][0-9][-.][0-9][0-9][0-9][-.][0-9][0-9][0-9][0-9])($|[^0-9A-Za-z])|[A-Z][a-z]+[._:-][A-Z][a-z]'
$$;

CREATE OR REPLACE FUNCTION security.enter_context(tenant uuid, actor text, correlation_id text, purpose text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    context text := concat_ws('|', tenant, actor, correlation_id, purpose);
    key bytea;
    seal text;
BEGIN
    IF (tenant IS NOT NULL AND security.is_identifier(actor) AND security.is_identifier(correlation_id)
        AND security.is_identifier(purpose) AND purpose !~ '[A-Z]') IS NOT TRUE THEN
        RAISE EXCEPTION 'actor, correlation id and purpose must be opaque identifiers: 1 to 128 of A-Z a-z 0-9 . _ : -, '
            'no name, no date, no number of a person; a purpose is in lower case' USING ERRCODE = '22023';
    END IF;
    SELECT CASE WHEN now() < s.rotated_at THEN s.previous ELSE s.secret END INTO STRICT key FROM security.context_seal AS s;
    seal := security.seal_of(key, context);
    PERFORM set_config('app.context', context, true), set_config('app.context_seal', seal, true);
END $$;

-- A pooled session serves one tenant after another. What would act, or be read, in a later tenant's transaction is
-- refused here: statements that somebody prepared by SQL (PREPARE may replace an application's own), cursors that
-- outlive their transaction, channels, and settings that differ from the role's.
CREATE OR REPLACE FUNCTION security.require_clean_session() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    carried text := (SELECT 'another value of ' || string_agg(r.name, ', ') FROM security.session_rules AS r
                     WHERE r.role_name IN ('', session_user) AND current_setting(r.name) <> r.value);
BEGIN
    carried := concat_ws(', ', carried,
        CASE WHEN EXISTS (SELECT FROM pg_prepared_statements AS p WHERE p.from_sql) THEN 'a statement prepared by SQL' END,
        CASE WHEN EXISTS (SELECT FROM pg_cursors AS c WHERE c.is_holdable) THEN 'a cursor WITH HOLD' END,
        CASE WHEN EXISTS (SELECT FROM pg_listening_channels()) THEN 'a channel' END);
    IF carried = '' THEN
        RETURN;
    END IF;
    RAISE LOG 'medspasync context refused: role=% reason=the session carries %', session_user, carried;
    RAISE EXCEPTION 'the session carries % from an earlier transaction', carried USING ERRCODE = '55000',
        HINT = 'close this connection; docs/contracts/database.md says what a session may keep';
END $$;

-- The first statement of an application's transaction.
-- Token: v1|key id|expires (Unix seconds)|tenant uuid|actor|correlation id|purpose|hex HMAC of all before it.
-- Raises 28000 for one that is not valid. The MAC is checked before any other part of the token is believed, by way of
-- digests: how long the comparison takes tells nothing of the MAC.
CREATE OR REPLACE FUNCTION app.begin_context(token text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    part text[] := string_to_array(token, '|');
    key bytea;
    differing text;
BEGIN
    SELECT k.secret INTO key FROM security.context_keys AS k
    WHERE k.key_id = part[2] AND k.role_name = session_user AND now() >= k.not_before AND now() < k.not_after;
    IF cardinality(part) IS DISTINCT FROM 8 OR part[1] <> 'v1' OR key IS NULL
        OR sha256(convert_to(encode(extensions.hmac(convert_to(left(token, -65), 'UTF8'), key, 'sha256'), 'hex'), 'UTF8'))
            <> sha256(convert_to(part[8], 'UTF8'))
        -- A context outlives neither its expiry nor an hour, whatever was signed.
        OR part[3]::bigint NOT BETWEEN extract(epoch FROM now()) AND extract(epoch FROM now()) + 3600 THEN
        RAISE LOG 'medspasync context refused: role=% reason=token', session_user;
        RAISE EXCEPTION 'context refused' USING ERRCODE = '28000',
            HINT = 'unknown key, wrong role, expired or altered token';
    END IF;
    PERFORM security.require_clean_session();
    PERFORM security.enter_context(part[4]::uuid, part[5], part[6], part[7]);
    RETURN part[4]::uuid;
END $$;

-- The keeper's events go into the owner's trail by way of a role that has no right on anything: what the owner could have
-- put in the place of audit.write_security_event() then reads no secret.
GRANT USAGE, CREATE ON SCHEMA security TO medspasync_phi_audit;
SET LOCAL ROLE medspasync_phi_audit;
CREATE OR REPLACE FUNCTION security.record_event(
    event text, severity text, detail jsonb, actor text, tenant uuid, correlation text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM audit.write_security_event(event, severity, 'success', detail, actor, tenant, correlation);
END $$;
REVOKE ALL ON FUNCTION security.record_event(text, text, jsonb, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION security.record_event(text, text, jsonb, text, uuid, text) TO medspasync_keeper;
SET LOCAL ROLE medspasync_keeper;
REVOKE USAGE, CREATE ON SCHEMA security FROM medspasync_phi_audit;

-- Emergency access. app.enter_break_glass() accepts it from the next transaction on, when this record can no longer be
-- rolled back.
CREATE OR REPLACE FUNCTION app.open_break_glass(
    tenant uuid, person text, reason text, ticket text, minutes integer DEFAULT 60
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    until timestamptz := now() + make_interval(mins => minutes);
BEGIN
    INSERT INTO security.break_glass_openings (person, tenant_id, reason, ticket, expires_at)
    VALUES (person, tenant, reason, ticket, until);
    PERFORM security.record_event('break_glass_opened'::text, 'critical'::text,
                                  jsonb_build_object('reason', reason, 'expires_at', until), person, tenant, ticket);
    RETURN until;
END $$;

-- The first statement of a break-glass transaction, after app.open_break_glass() in an earlier one: only an opening
-- that is committed counts, else ROLLBACK would erase its trace.
CREATE OR REPLACE FUNCTION app.enter_break_glass() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    opening security.break_glass_openings;
BEGIN
    SELECT * INTO opening FROM security.break_glass_openings AS o
    WHERE o.role_name = session_user AND o.expires_at > clock_timestamp()
        AND o.opened_in IS DISTINCT FROM pg_current_xact_id_if_assigned()
    ORDER BY o.opened_at DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no emergency access is open' USING ERRCODE = '28000',
            HINT = 'SELECT app.open_break_glass(...) and COMMIT first';
    END IF;
    PERFORM security.require_clean_session();
    PERFORM security.enter_context(opening.tenant_id, opening.person, opening.ticket, opening.reason);
    RETURN opening.tenant_id;
END $$;

-- A new secret for the seal. Transactions that have begun, and those of the next five seconds, stay under the one
-- before: none loses its rows half way.
CREATE OR REPLACE FUNCTION security.rotate_context_seal() RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    from_then timestamptz := clock_timestamp() + interval '5 seconds';
BEGIN
    UPDATE security.context_seal AS s
    SET previous = CASE WHEN clock_timestamp() < s.rotated_at THEN s.previous ELSE s.secret END,
        secret = extensions.gen_random_bytes(32), rotated_at = from_then;
    PERFORM security.record_event('context_seal_rotated'::text, 'info'::text, NULL::jsonb, NULL::text, NULL::uuid, NULL::text);
    RETURN from_then;
END $$;

-- When the seal's secret became what it is.
CREATE OR REPLACE FUNCTION security.context_seal_age() RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'SELECT clock_timestamp() - s.rotated_at FROM security.context_seal AS s';

-- For the migrator, who passes the secret as a bind parameter. Two keys of one role may overlap: that is rotation.
CREATE OR REPLACE FUNCTION security.install_context_key(
    new_key_id text, for_role text, new_secret bytea, valid_until timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM security.roles WHERE name = for_role AND kind = 'app') THEN
        RAISE EXCEPTION 'role % is no application role', for_role;
    END IF;
    INSERT INTO security.context_keys (key_id, role_name, secret, not_after)
    VALUES (new_key_id, for_role, new_secret, valid_until);
    PERFORM security.record_event('context_key_installed'::text, 'info'::text,
                                  jsonb_build_object('key_id', new_key_id, 'role', for_role), NULL::text, NULL::uuid, NULL::text);
END $$;

-- What the credentials job brings from the vault (database/credentials.py). The vault is the truth: makes the context
-- keys those of the lists, one place a key: new ones are installed, changed ones replaced, all others removed, so that a
-- key that leaked is good for nothing once it is in no vault. Secrets come as bind parameters.
-- Returns each key with what was done: installed, changed, kept, removed.
CREATE OR REPLACE FUNCTION security.set_context_keys(
    for_roles text[], key_ids text[], secrets bytea[], valid_until timestamptz[]
) RETURNS TABLE (of_role text, of_key text, change text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
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
            PERFORM security.record_event('context_key_installed'::text, 'info'::text,
                jsonb_build_object('key_id', of_key, 'role', of_role, 'change', change), NULL::text, NULL::uuid, NULL::text);
        END IF;
        RETURN NEXT;
    END LOOP;
    FOR of_key, of_role IN
        DELETE FROM security.context_keys AS k WHERE k.key_id <> ALL (key_ids) RETURNING k.key_id, k.role_name
    LOOP
        change := 'removed';
        PERFORM security.record_event('context_key_removed'::text, 'info'::text,
                                      jsonb_build_object('key_id', of_key, 'role', of_role), NULL::text, NULL::uuid, NULL::text);
        RETURN NEXT;
    END LOOP;
END $$;

-- Who may call what of it. The owner: policies and trail ask for the tenant with the rights of whoever reads.
GRANT EXECUTE ON FUNCTION app.tenant(), app.verified_tenant(), security.is_identifier(text), security.context_seal_age(),
    security.install_context_key(text, text, bytea, timestamptz) TO medspasync_owner;
GRANT SELECT ON app.context, security.roles, security.break_glass_openings, security.session_rules TO medspasync_owner;
GRANT SELECT (key_id, role_name, not_before, not_after) ON security.context_keys TO medspasync_owner;
DO $$
DECLARE
    role record;
BEGIN
    FOR role IN SELECT name, kind FROM security.roles LOOP
        IF role.kind IN ('auditor', 'maintainer', 'credentials') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA security TO %I', role.name);
        END IF;
        IF role.kind IN ('auditor', 'maintainer') THEN
            EXECUTE format('GRANT SELECT ON security.roles TO %I', role.name);
        ELSIF role.kind IN ('app', 'breakglass') THEN
            EXECUTE format('GRANT SELECT ON app.context TO %I', role.name);
            EXECUTE format('GRANT EXECUTE ON FUNCTION app.tenant(), app.verified_tenant() TO %I', role.name);
        END IF;
        IF role.kind = 'app' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION app.begin_context(text) TO %I', role.name);
        ELSIF role.kind = 'breakglass' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION app.open_break_glass(uuid, text, text, text, integer), '
                           'app.enter_break_glass() TO %I', role.name);
        ELSIF role.kind = 'auditor' THEN
            EXECUTE format('GRANT SELECT ON security.break_glass_openings TO %I', role.name);
        ELSIF role.kind = 'maintainer' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION security.rotate_context_seal(), security.context_seal_age() TO %I',
                           role.name);
        ELSIF role.kind = 'credentials' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION security.set_context_keys(text[], text[], bytea[], timestamptz[]) '
                           'TO %I', role.name);
        END IF;
    END LOOP;
END $$;
RESET ROLE;

SET LOCAL ROLE medspasync_owner;
REVOKE CREATE ON SCHEMA app FROM medspasync_keeper;
RESET ROLE;
