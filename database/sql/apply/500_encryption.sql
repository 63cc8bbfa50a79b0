-- Column encryption. A data key of 32 random bytes belongs to one tenant and one purpose; the database keeps it
-- wrapped by a Key Vault key and never sees the wrapping key. The application unwraps it with its identity and
-- passes it as a bind parameter: into SQL text, logs, settings or plain-text state it never goes.
CREATE TABLE IF NOT EXISTS security.data_keys (
    key_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('column', 'index')),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retiring', 'destroyed')),
    algorithm text NOT NULL CHECK (algorithm IN ('RSA-OAEP-256', 'A256KW')),
    wrapping_key text NOT NULL,
    -- The shortest wrapping, A256KW, of 32 bytes is 40 bytes long: a bare key does not fit here.
    wrapped bytea CHECK (octet_length(wrapped) >= 40),
    check_value bytea NOT NULL CHECK (octet_length(check_value) = 8),
    created_at timestamptz NOT NULL DEFAULT now(),
    rotate_after timestamptz NOT NULL DEFAULT now() + interval '1 year',
    CHECK ((state = 'destroyed') = (wrapped IS NULL))
);
COMMENT ON TABLE security.data_keys IS '164.312(a)(2)(iv): data keys, wrapped by a Key Vault key; destroying one shreds its data';
CREATE UNIQUE INDEX IF NOT EXISTS data_keys_one_active
    ON security.data_keys (tenant_id, purpose) WHERE state = 'active';
-- To destroy one is to destroy what it sealed.
SELECT security.guard_by_hand('security.data_keys');

-- Which Key Vault keys may wrap: the first one used is registered by itself, others by the migrator (INSERT). A data key
-- wrapped by anybody else's would be an outage, or a key that somebody else can open.
CREATE TABLE IF NOT EXISTS security.wrapping_keys (
    prefix text PRIMARY KEY CHECK (prefix ~ '^https://[^/]+/keys/[^/]+/$'),
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    registered_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE security.wrapping_keys IS 'Key Vault keys, without version, that data keys may be wrapped by';

-- 8 bytes that tell a wrong key from the right one and nothing else about it.
CREATE OR REPLACE FUNCTION security.key_check_value(key bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT substring(extensions.hmac('medspasync key check'::bytea, key, 'sha256') FROM 1 FOR 8) $$;

CREATE OR REPLACE FUNCTION security.require_tenant() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := (SELECT c.tenant_id FROM app.context AS c);
BEGIN
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'no valid context' USING ERRCODE = '28000', HINT = 'call app.begin_context() first';
    END IF;
    RETURN tenant;
END $$;

-- Refuses a key that is not the registered one: sealing with a wrong key would lose the data.
CREATE OR REPLACE FUNCTION security.require_key(wanted uuid, key bytea, for_purpose text, states text[]) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    known security.data_keys;
BEGIN
    SELECT * INTO known FROM security.data_keys AS k
    WHERE k.key_id = wanted AND k.tenant_id = security.require_tenant() AND k.purpose = for_purpose
        AND k.state = ANY (states);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such % key in state % for this tenant', for_purpose, array_to_string(states, ' or ')
            USING ERRCODE = '42704';
    END IF;
    IF octet_length(key) IS DISTINCT FROM 32 OR security.key_check_value(key) <> known.check_value THEN
        RAISE EXCEPTION 'the key given is not the key registered under this id' USING ERRCODE = '22023';
    END IF;
END $$;

-- Envelope: 0x01, 16 bytes of key id, OpenPGP message. The plain text is prefixed with the hash of its place, so a
-- value copied to another row or column does not open. The key is random: stretching it (S2K) would add nothing.
-- The key's row stays locked to the end of the transaction: app.destroy_data_key() waits for what is sealed under it and
-- not yet committed. So a value is stored in the transaction that sealed it.
CREATE OR REPLACE FUNCTION app.seal(plaintext text, key_id uuid, key bytea, target regclass, column_name name, row_id text)
RETURNS bytea
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF plaintext IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM security.data_keys AS k WHERE k.key_id = seal.key_id FOR KEY SHARE;
    PERFORM security.require_key(key_id, key, 'column', '{active}');
    RETURN '\x01'::bytea || uuid_send(key_id) || extensions.pgp_sym_encrypt_bytea(
        security.place(target, column_name, row_id) || convert_to(plaintext, 'UTF8'), encode(key, 'hex'),
        'cipher-algo=aes256, compress-algo=0, s2k-mode=1, s2k-digest-algo=sha256');
END $$;

CREATE OR REPLACE FUNCTION security.place(target regclass, column_name name, row_id text) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(convert_to(concat_ws('|', n.nspname, c.relname, column_name, row_id), 'UTF8'))
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = target
$$;

CREATE OR REPLACE FUNCTION app.key_id_of(sealed bytea) RETURNS uuid
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT encode(substring(sealed FROM 2 FOR 16), 'hex')::uuid $$;

CREATE OR REPLACE FUNCTION app.open(sealed bytea, key bytea, target regclass, column_name name, row_id text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    opened bytea;
BEGIN
    IF sealed IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM security.require_key(app.key_id_of(sealed), key, 'column', '{active,retiring}');
    opened := extensions.pgp_sym_decrypt_bytea(substring(sealed FROM 18), encode(key, 'hex'));
    IF substring(opened FROM 1 FOR 32) <> security.place(target, column_name, row_id) THEN
        RAISE EXCEPTION 'the value was sealed for another place' USING ERRCODE = '22023';
    END IF;
    RETURN convert_from(substring(opened FROM 33), 'UTF8');
END $$;

-- Equality search on a sealed column: a keyed hash of the normalised value. The field name is hashed with it, so
-- that equal values in two fields do not show as equal.
CREATE OR REPLACE FUNCTION app.blind_index(plaintext text, key_id uuid, key bytea, field text) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM security.require_key(key_id, key, 'index', '{active,retiring}');
    RETURN extensions.hmac(convert_to(concat_ws('|', field, lower(btrim(normalize(plaintext, NFKC)))), 'UTF8'),
                           key, 'sha256');
END $$;

-- The application's side of the keys: what to unwrap, and where a new one goes. Adding one retires its predecessor.
CREATE OR REPLACE FUNCTION app.data_keys()
RETURNS TABLE (key_id uuid, purpose text, state text, algorithm text, wrapping_key text, wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.key_id, k.purpose, k.state, k.algorithm, k.wrapping_key, k.wrapped
    FROM security.data_keys AS k
    WHERE k.tenant_id = (SELECT security.require_tenant()) AND k.state <> 'destroyed'
    ORDER BY k.purpose, k.state, k.created_at DESC
$$;

CREATE OR REPLACE FUNCTION app.add_data_key(
    for_purpose text, with_algorithm text, by_wrapping_key text, wrapped_key bytea, check_bytes bytea
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := security.require_tenant();
    vault_key text := substring(by_wrapping_key FROM '^https://[^/]+/keys/[^/]+/');
    replaced boolean := EXISTS (SELECT FROM security.data_keys AS k
                                WHERE k.tenant_id = tenant AND k.purpose = for_purpose AND k.state = 'active');
    why text := (SELECT c.purpose FROM app.context AS c);
    added uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM security.wrapping_keys AS w WHERE w.prefix = vault_key) THEN
        IF vault_key IS NULL OR EXISTS (SELECT FROM security.wrapping_keys) THEN
            RAISE EXCEPTION 'no data key may be wrapped by %', by_wrapping_key USING ERRCODE = '42501',
                HINT = 'as the migrator: INSERT INTO security.wrapping_keys (prefix) VALUES (''https://<vault>/keys/<name>/'')';
        END IF;
        INSERT INTO security.wrapping_keys (prefix) VALUES (vault_key);
    END IF;
    UPDATE security.data_keys SET state = 'retiring'
    WHERE tenant_id = tenant AND purpose = for_purpose AND state = 'active';
    INSERT INTO security.data_keys (tenant_id, purpose, algorithm, wrapping_key, wrapped, check_value)
    VALUES (tenant, for_purpose, with_algorithm, by_wrapping_key, wrapped_key, check_bytes)
    RETURNING key_id INTO added;
    -- The database cannot tell whose key is wrapped in there: one that takes another's place outside a rotation is an alert.
    PERFORM audit.write_security_event('data_key_added',
        CASE WHEN replaced AND why IS DISTINCT FROM 'key-rotation' THEN 'critical' ELSE 'info' END, 'success',
        jsonb_build_object('purpose', for_purpose, 'key_id', added, 'replaced', replaced), NULL, tenant);
    RETURN added;
END $$;
