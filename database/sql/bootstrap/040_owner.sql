-- As the owner: what it creates later is closed to PUBLIC, and the tables that the runner needs.
-- This session is an administrator's, whatever role it acts as: code that the owner put at one of these tables could take
-- that role back (RESET ROLE), and give itself any other. So none may be there.
DO $$
DECLARE
    name text;
    code text;
BEGIN
    FOREACH name IN ARRAY ARRAY['security.schema_history', 'security.settings'] LOOP
        CONTINUE WHEN to_regclass(name) IS NULL;
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', name);
        SELECT CASE WHEN c.relkind <> 'r' THEN 'it is no plain table' WHEN c.relrowsecurity THEN 'a policy'
                    WHEN EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid) THEN 'a trigger'
                    WHEN EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = c.oid) THEN 'a rule'
                    WHEN EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.atttypid >= 16384) THEN 'a type'
                    WHEN EXISTS (SELECT FROM pg_depend AS d
                                 WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND d.refobjid >= 16384
                                     AND (d.objid IN (SELECT k.oid FROM pg_constraint AS k WHERE k.conrelid = c.oid)
                                          OR d.objid IN (SELECT f.oid FROM pg_attrdef AS f WHERE f.adrelid = c.oid)
                                          OR d.objid IN (SELECT i.indexrelid FROM pg_index AS i WHERE i.indrelid = c.oid)))
                    THEN 'a function in a default, a constraint or an index' END
        INTO code FROM pg_class AS c WHERE c.oid = name::regclass;
        IF code IS NOT NULL THEN
            RAISE EXCEPTION '% is not as the platform made it: %', name, code
                USING HINT = 'treat as tampering: docs/runbooks/audit-trail.md';
        END IF;
    END LOOP;
END $$;

SET LOCAL ROLE medspasync_owner;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;

CREATE TABLE IF NOT EXISTS security.schema_history (
    phase text NOT NULL CHECK (phase IN ('bootstrap', 'apply')),
    file text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by text NOT NULL DEFAULT session_user,
    duration interval NOT NULL,
    PRIMARY KEY (phase, file)
);
COMMENT ON TABLE security.schema_history IS 'What the runner has executed, with the SHA-256 of each file';

CREATE TABLE IF NOT EXISTS security.settings (
    name text PRIMARY KEY,
    value text NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE security.settings IS 'Decisions that the checks go by';
INSERT INTO security.settings (name, value, reason)
VALUES ('pgaudit', current_setting('medspasync.pgaudit'),
        'required: reads are logged by pgaudit; waived: this server has none, and reads are not logged'),
    ('app_passwords', jsonb_path_exists(current_setting('medspasync.roles')::jsonb, '$[*] ? (@.password == true)')::text,
        'true: applications sign in by password, which the credentials role sets; false: by Entra')
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

GRANT USAGE, CREATE ON SCHEMA app TO medspasync_keeper;

RESET ROLE;
