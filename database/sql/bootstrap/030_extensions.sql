-- Extensions live in a schema of their own that only the owner and the keeper may use: pgcrypto's functions are
-- EXECUTE-able by PUBLIC and belong to the server, so the schema is the only lock we can put on them. It belongs to the
-- administrator who made it; another one leaves it as it is.
DO $$
BEGIN
    IF to_regnamespace('extensions') IS NULL THEN
        CREATE SCHEMA extensions;
        GRANT USAGE ON SCHEMA extensions TO medspasync_owner, medspasync_keeper;
    END IF;
END $$;

DO $$
DECLARE
    found_in text;
BEGIN
    SELECT n.nspname INTO found_in
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pgcrypto';
    -- Azure does not support ALTER EXTENSION ... SET SCHEMA, so moving it is not ours to do silently.
    IF found_in IS NOT NULL AND found_in <> 'extensions' THEN
        RAISE EXCEPTION 'extension pgcrypto is installed in schema %, it must be in schema extensions', found_in
            USING HINT = 'DROP EXTENSION pgcrypto, then run bootstrap again';
    END IF;
END $$;
CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA extensions;

-- The runner sets medspasync.pgaudit to "required", or to "waived" when told --without-pgaudit.
DO $$
BEGIN
    IF current_setting('medspasync.pgaudit') = 'required' THEN
        CREATE EXTENSION IF NOT EXISTS pgaudit;
    END IF;
END $$;
