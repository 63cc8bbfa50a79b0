-- Checks of column encryption.

-- Every sealed column is binary and refuses plain text. Whether its values are under keys that still exist is seen in each
-- tenant's context alone: app.values_without_key(), which a rotation reports.
CREATE OR REPLACE FUNCTION security.check_sealed_columns() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s.%s', p.relation, s.key),
        CASE WHEN a.atttypid IS DISTINCT FROM 'bytea'::regtype THEN 'is not bytea'
             WHEN c.oid IS NULL THEN 'no constraint keeps plain text out'
             WHEN NOT c.convalidated THEN 'its constraint was never validated'
             WHEN pg_get_constraintdef(c.oid) <> security.sealed_constraint(s.key::name)
             THEN 'its constraint is another one' END
    FROM security.protected_tables AS p
    CROSS JOIN jsonb_each_text(p.sealed_columns) AS s
    LEFT JOIN pg_attribute AS a ON a.attrelid = p.relation AND a.attname = s.key AND NOT a.attisdropped
    LEFT JOIN pg_constraint AS c ON c.conrelid = p.relation AND c.conname = 'sealed_' || s.key
$$;

CREATE OR REPLACE FUNCTION security.check_data_keys() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s key %s', k.purpose, k.key_id),
        CASE WHEN k.state = 'active' AND k.rotate_after < now() THEN format('due for rotation since %s', k.rotate_after::date)
             WHEN k.state = 'retiring' AND k.rotate_after < now() - interval '90 days' THEN 'retiring for too long'
             WHEN k.wrapping_key !~ '^https://[^/]+/keys/[^/]+/[0-9a-f]{32}$'
             THEN 'is not wrapped by a versioned Key Vault key'
             WHEN NOT EXISTS (SELECT FROM security.wrapping_keys AS w WHERE k.wrapping_key ^@ w.prefix)
             THEN 'is wrapped by a key that is not registered' END
    FROM security.data_keys AS k WHERE k.state <> 'destroyed'
$$;

-- pgcrypto in a schema that only the owner may use: elsewhere anybody can call it with a literal key.
CREATE OR REPLACE FUNCTION security.check_pgcrypto() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'extension pgcrypto', CASE WHEN n.nspname IS DISTINCT FROM 'extensions' THEN 'not in schema extensions' END
    FROM (SELECT) AS one
    LEFT JOIN pg_extension AS e ON e.extname = 'pgcrypto'
    LEFT JOIN pg_namespace AS n ON n.oid = e.extnamespace
    UNION ALL
    SELECT format('USAGE on schema extensions: %s', r.rolname),
        CASE WHEN has_schema_privilege(r.oid, 'extensions', 'USAGE') <> (k.kind IN ('owner', 'keeper'))
             THEN 'only the owner and the keeper may use it' END
    FROM security.roles AS k JOIN pg_roles AS r ON r.rolname = k.name
    WHERE k.kind <> 'migrator'
$$;
