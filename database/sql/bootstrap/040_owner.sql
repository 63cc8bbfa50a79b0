-- As the owner: what it creates later is closed to PUBLIC, and the tables that the runner and the keeper need.
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

GRANT USAGE, CREATE ON SCHEMA app, security TO medspasync_keeper;
GRANT USAGE ON SCHEMA audit TO medspasync_keeper;
GRANT SELECT ON security.roles TO medspasync_keeper;

RESET ROLE;
