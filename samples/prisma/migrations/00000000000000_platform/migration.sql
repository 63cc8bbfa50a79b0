-- For `prisma migrate dev` and `diff`, which replay migrations in an empty shadow database: what later migrations call of the
-- platform, doing nothing. In a database of the platform all of it is there, and nothing happens here.
DO $$
BEGIN
    IF to_regnamespace('security') IS NULL THEN
        CREATE SCHEMA security;
        CREATE FUNCTION security.secure_table(
            target regclass, tenant_column name, id_column name DEFAULT 'id', subject_column name DEFAULT NULL,
            readers text[] DEFAULT '{}', writers text[] DEFAULT '{}', removers text[] DEFAULT '{}',
            sealed_columns jsonb DEFAULT '{}', on_erase text DEFAULT 'retain', clear_columns name[] DEFAULT '{}',
            retain_for interval DEFAULT NULL, retain_from name DEFAULT NULL, retain_reason text DEFAULT NULL
        ) RETURNS void LANGUAGE sql AS '';
        CREATE FUNCTION security.forget_dropped_tables() RETURNS SETOF text LANGUAGE sql AS 'SELECT NULL::text WHERE false';
    END IF;
    IF to_regnamespace('phi') IS NULL THEN
        CREATE SCHEMA phi;
    END IF;
END $$;
