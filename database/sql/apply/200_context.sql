-- Who is asking, for which tenant. An application signs its context (HMAC-SHA256, docs/database.md) and presents it
-- at the start of each transaction. begin_context() checks the signature and leaves the context in a setting, under a
-- seal that only the server can make and that holds for this transaction alone; policies and trail check the seal.
-- SQL that an attacker injects can SET the setting but cannot seal it. An unset, expired, foreign, altered or left
-- over context is no tenant: no rows.
CREATE TABLE IF NOT EXISTS security.context_keys (
    key_id text PRIMARY KEY CHECK (key_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    role_name text NOT NULL REFERENCES security.roles (name),
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
    secret bytea NOT NULL
);
COMMENT ON TABLE security.context_seal IS 'What the server seals verified contexts with; random, of this database alone';
INSERT INTO security.context_seal (secret) VALUES (extensions.gen_random_bytes(32)) ON CONFLICT DO NOTHING;
-- Else the planner takes it for ten pages.
ANALYZE security.context_seal;

-- The verified context of this transaction, or no row. A view of built-in functions: the planner inlines it, where a
-- function would cost each statement four times as much (benchmarks.database). It runs with its owner's rights, since
-- its reader must not see the secret. The seal holds for one transaction of one role: now() is part of it.
CREATE OR REPLACE VIEW app.context AS
SELECT left(current_setting('app.context', true), 36)::uuid AS tenant_id,
    split_part(current_setting('app.context', true), '|', 2) AS actor,
    split_part(current_setting('app.context', true), '|', 3) AS correlation_id,
    split_part(current_setting('app.context', true), '|', 4) AS purpose
FROM security.context_seal AS s
WHERE current_setting('app.context_seal', true)
    = encode(sha256(s.secret || timestamptz_send(now())
                    || textsend(session_user || '|' || current_setting('app.context', true)) || s.secret), 'hex');

CREATE OR REPLACE FUNCTION security.enter_context(tenant uuid, actor text, correlation_id text, purpose text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context text := concat_ws('|', tenant, actor, correlation_id, purpose);
    seal bytea;
BEGIN
    -- These go into the trail: identifiers, whose characters can spell neither an e-mail address nor a name.
    IF (context ~ '^[0-9a-f-]{36}([|][A-Za-z0-9._:-]{1,128}){3}$') IS NOT TRUE THEN
        RAISE EXCEPTION 'actor, correlation id and purpose must be 1 to 128 of A-Z a-z 0-9 . _ : -' USING ERRCODE = '22023';
    END IF;
    SELECT sha256(s.secret || timestamptz_send(now()) || textsend(session_user || '|' || context) || s.secret)
    INTO STRICT seal FROM security.context_seal AS s;
    PERFORM set_config('app.context', context, true), set_config('app.context_seal', encode(seal, 'hex'), true);
END $$;

-- The first statement of an application's transaction.
-- Token: v1|key id|expires (Unix seconds)|tenant uuid|actor|correlation id|purpose|hex HMAC of all before it.
-- Raises 28000 for one that is not valid. The MAC is checked before any other part of the token is believed.
CREATE OR REPLACE FUNCTION app.begin_context(token text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part text[] := string_to_array(token, '|');
    key bytea;
BEGIN
    SELECT k.secret INTO key FROM security.context_keys AS k
    WHERE k.key_id = part[2] AND k.role_name = session_user AND now() >= k.not_before AND now() < k.not_after;
    IF cardinality(part) IS DISTINCT FROM 8 OR part[1] <> 'v1' OR key IS NULL
        OR encode(extensions.hmac(convert_to(left(token, -65), 'UTF8'), key, 'sha256'), 'hex') <> part[8]
        -- A context outlives neither its expiry nor an hour, whatever was signed.
        OR part[3]::bigint NOT BETWEEN extract(epoch FROM now()) AND extract(epoch FROM now()) + 3600 THEN
        RAISE LOG 'medspasync context refused: role=%', session_user;
        RAISE EXCEPTION 'context refused' USING ERRCODE = '28000',
            HINT = 'unknown key, wrong role, expired or altered token';
    END IF;
    PERFORM security.enter_context(part[4]::uuid, part[5], part[6], part[7]);
    RETURN part[4]::uuid;
END $$;

-- The first statement of a break-glass transaction, after app.open_break_glass() in an earlier one: only an opening
-- that is committed counts, else ROLLBACK would erase its trace.
CREATE OR REPLACE FUNCTION app.enter_break_glass() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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
    PERFORM security.enter_context(opening.tenant_id, opening.person, opening.ticket, opening.reason);
    RETURN opening.tenant_id;
END $$;

-- For the migrator, who passes the secret as a bind parameter. Two keys of one role may overlap: that is rotation.
CREATE OR REPLACE FUNCTION security.install_context_key(
    new_key_id text, for_role text, new_secret bytea, valid_until timestamptz
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM security.roles WHERE name = for_role AND kind = 'app') THEN
        RAISE EXCEPTION 'role % is no application role', for_role;
    END IF;
    INSERT INTO security.context_keys (key_id, role_name, secret, not_after)
    VALUES (new_key_id, for_role, new_secret, valid_until);
    PERFORM audit.write_security_event('context_key_installed', 'info', 'success',
                                       jsonb_build_object('key_id', new_key_id, 'role', for_role));
END $$;
