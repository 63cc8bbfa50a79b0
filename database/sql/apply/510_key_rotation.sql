-- Rotation: seal anew what lies under a retiring key, rebuild a blind index, destroy a key that nothing needs.
-- All of it runs in the tenant's context and changes rows like any other writer: under the policies, in the trail.

CREATE OR REPLACE FUNCTION security.require_sealed_column(target regclass, column_name name)
RETURNS security.protected_tables
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    registered security.protected_tables;
BEGIN
    SELECT * INTO registered FROM security.protected_tables AS p
    WHERE p.relation = target AND p.sealed_columns ? column_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'column % of % is not a sealed column', column_name, target USING ERRCODE = '42704';
    END IF;
    RETURN registered;
END $$;

-- What a rotation goes through.
CREATE OR REPLACE FUNCTION app.sealed_columns() RETURNS TABLE (relation text, column_name text, index_column text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.relation::text, s.key, s.value FROM security.protected_tables AS p CROSS JOIN jsonb_each_text(p.sealed_columns) AS s
    ORDER BY p.relation::text, s.key
$$;

-- Seals up to batch_size values anew. Returns how many; call until 0. Interrupted, it goes on where it stopped.
CREATE OR REPLACE FUNCTION app.reseal_batch(
    target regclass, column_name name, old_key_id uuid, old_key bytea, new_key_id uuid, new_key bytea,
    batch_size integer DEFAULT 500
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    registered security.protected_tables := security.require_sealed_column(target, column_name);
    id name := registered.id_column;
    done integer;
BEGIN
    PERFORM security.require_tenant();
    EXECUTE format(
        'UPDATE %1$s AS t SET %2$I = app.seal(app.open(t.%2$I, $1, %1$L, %2$L, t.%3$I::text), $2, $3, %1$L, %2$L, t.%3$I::text) '
        'WHERE t.%3$I IN (SELECT c.%3$I FROM %1$s AS c WHERE substring(c.%2$I FROM 2 FOR 16) = uuid_send($4) '
        'LIMIT $5 FOR UPDATE)', target, column_name, id)
    USING old_key, new_key_id, new_key, old_key_id, batch_size;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END $$;

-- One statement for the tenant's whole table: half an index would miss rows.
CREATE OR REPLACE FUNCTION app.rebuild_blind_index(
    target regclass, column_name name, column_key bytea, index_key_id uuid, index_key bytea
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    registered security.protected_tables := security.require_sealed_column(target, column_name);
    index_column name := registered.sealed_columns ->> column_name;
    done integer;
BEGIN
    PERFORM security.require_tenant();
    IF index_column IS NULL THEN
        RAISE EXCEPTION 'column % of % has no blind index', column_name, target USING ERRCODE = '42704';
    END IF;
    EXECUTE format(
        'UPDATE %1$s AS t SET %2$I = app.blind_index(app.open(t.%3$I, $1, %1$L, %3$L, t.%4$I::text), $2, $3, %3$L) '
        'WHERE t.%3$I IS NOT NULL', target, index_column, column_name, registered.id_column)
    USING column_key, index_key_id, index_key;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END $$;

-- Values of this tenant still sealed under a key.
CREATE OR REPLACE FUNCTION app.values_under_key(wanted uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place record;
    under_key bigint;
    total bigint := 0;
BEGIN
    PERFORM security.require_tenant();
    FOR place IN SELECT p.relation, s.key AS column_name
                 FROM security.protected_tables AS p CROSS JOIN jsonb_each(p.sealed_columns) AS s LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE substring(%I FROM 2 FOR 16) = uuid_send($1)',
                       place.relation, place.column_name) INTO under_key USING wanted;
        total := total + under_key;
    END LOOP;
    RETURN total;
END $$;

-- Values of this tenant whose key is not there, or cannot be opened any more: none, unless something was lost.
CREATE OR REPLACE FUNCTION app.values_without_key() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := security.require_tenant();
    place record;
    without_key bigint;
    total bigint := 0;
BEGIN
    FOR place IN SELECT p.relation, s.key AS column_name
                 FROM security.protected_tables AS p CROSS JOIN jsonb_each(p.sealed_columns) AS s LOOP
        EXECUTE format('SELECT count(*) FROM %1$s AS t WHERE t.%2$I IS NOT NULL AND NOT EXISTS (SELECT FROM security.data_keys AS k '
                       'WHERE k.tenant_id = $1 AND uuid_send(k.key_id) = substring(t.%2$I FROM 2 FOR 16) AND k.wrapped IS NOT NULL)',
                       place.relation, place.column_name) INTO without_key USING tenant;
        total := total + without_key;
    END LOOP;
    RETURN total;
END $$;

-- The lock waits for transactions that sealed something under the key and have not ended (app.seal() holds the other side
-- of it); the count comes after, in a snapshot of its own, and so sees what they stored.
CREATE OR REPLACE FUNCTION app.destroy_data_key(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := security.require_tenant();
    found_state text;
    under_key bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a key is destroyed in READ COMMITTED only: an older snapshot does not show every value'
            USING ERRCODE = '25001';
    END IF;
    SELECT k.state INTO found_state FROM security.data_keys AS k
    WHERE k.key_id = wanted AND k.tenant_id = tenant FOR UPDATE;
    IF found_state IS DISTINCT FROM 'retiring' THEN
        RAISE EXCEPTION 'only a retiring key of this tenant can be destroyed' USING ERRCODE = '55000';
    END IF;
    under_key := app.values_under_key(wanted);
    IF under_key > 0 THEN
        RAISE EXCEPTION '% values are still sealed under this key', under_key
            USING ERRCODE = '55000', HINT = 'reseal them first';
    END IF;
    UPDATE security.data_keys SET state = 'destroyed', wrapped = NULL WHERE key_id = wanted;
    PERFORM audit.write_security_event('data_key_destroyed', 'warning', 'success',
                                       jsonb_build_object('key_id', wanted), NULL, tenant);
END $$;
