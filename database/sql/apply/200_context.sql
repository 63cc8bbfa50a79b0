-- Who is asking, for which tenant. An application signs its context (HMAC-SHA256, docs/database.md) and sends it
-- at the start of each transaction; every policy and every audit row verifies it. SQL that an attacker injects
-- can SET app.context but cannot sign one; an unset, expired, foreign or altered context is no tenant: no rows.
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

-- Token: v1|key id|expires (Unix seconds)|tenant uuid|actor|correlation id|purpose|hex HMAC of all before it.
-- Returns nulls when there is no valid context. The MAC is checked before any part of the token is believed.
CREATE OR REPLACE FUNCTION app.context(
    OUT tenant_id uuid, OUT actor text, OUT correlation_id text, OUT purpose text
)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    token text := current_setting('app.context', true);
    part text[];
    key bytea;
BEGIN
    IF token IS NULL OR token = '' THEN
        -- Only an opening of an earlier, committed transaction counts: else ROLLBACK would erase its trace.
        IF pg_has_role(session_user, 'medspasync_breakglass', 'MEMBER') THEN
            SELECT o.tenant_id, o.person, o.ticket, o.reason
            INTO tenant_id, actor, correlation_id, purpose
            FROM security.break_glass_openings AS o
            WHERE o.role_name = session_user AND o.expires_at > clock_timestamp()
                AND o.opened_in IS DISTINCT FROM pg_current_xact_id_if_assigned()
            ORDER BY o.opened_at DESC LIMIT 1;
        END IF;
        RETURN;
    END IF;
    part := string_to_array(token, '|');
    IF cardinality(part) <> 8 OR part[1] <> 'v1' THEN
        RETURN;
    END IF;
    SELECT k.secret INTO key FROM security.context_keys AS k
    WHERE k.key_id = part[2] AND k.role_name = session_user AND now() >= k.not_before AND now() < k.not_after;
    IF key IS NULL
        OR encode(extensions.hmac(convert_to(left(token, -65), 'UTF8'), key, 'sha256'), 'hex') <> part[8]
        -- A context outlives neither its expiry nor an hour, whatever was signed.
        OR part[3]::bigint NOT BETWEEN extract(epoch FROM now()) AND extract(epoch FROM now()) + 3600 THEN
        RETURN;
    END IF;
    tenant_id := part[4]::uuid;
    actor := part[5];
    correlation_id := part[6];
    purpose := part[7];
END $$;

-- Not SECURITY DEFINER and without SET, so that the planner inlines it into the policies' sub-select.
CREATE OR REPLACE FUNCTION app.current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS 'SELECT (app.context()).tenant_id';

-- The first statement of a transaction. Raises 28000 for a context that is not valid, instead of empty results.
CREATE OR REPLACE FUNCTION app.begin_context(token text) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid;
BEGIN
    PERFORM set_config('app.context', token, true);
    tenant := (app.context()).tenant_id;
    IF tenant IS NULL THEN
        RAISE LOG 'medspasync context refused: role=%', session_user;
        RAISE EXCEPTION 'context refused' USING ERRCODE = '28000',
            HINT = 'unknown key, wrong role, expired or altered token';
    END IF;
    RETURN tenant;
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
