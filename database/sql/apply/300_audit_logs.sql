-- The two trails. Monthly partitions, append-only for everybody, no value of a protected column in any of them:
-- field names, identifiers and codes only.
CREATE TABLE IF NOT EXISTS audit.chain_state (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch integer NOT NULL DEFAULT 1,
    sealed_to xid8 NOT NULL DEFAULT '0',
    -- Of the transactions below sealed_to, those that were open when it was sealed: theirs is the next round.
    pending xid8[] NOT NULL DEFAULT '{}',
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE audit.chain_state IS 'Up to which transactions the trails are sealed; epoch counts logical restores';
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM audit.chain_state) THEN
        INSERT INTO audit.chain_state DEFAULT VALUES;
    END IF;
END $$;
SELECT security.guard_by_hand('audit.chain_state');

-- The epoch for a new row. After a logical restore transaction ids start anew, below what is sealed: rows written
-- then would claim a place in the sealed past, so writing waits for audit.begin_epoch().
CREATE OR REPLACE FUNCTION audit.current_epoch() RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state audit.chain_state;
BEGIN
    SELECT * INTO STRICT state FROM audit.chain_state;
    IF pg_current_xact_id() < state.sealed_to AND pg_current_xact_id() <> ALL (state.pending) THEN
        RAISE EXCEPTION 'the audit chain ends at transaction %, after this one', state.sealed_to
            USING HINT = 'restored from a dump? run: python -m database restored';
    END IF;
    RETURN state.epoch;
END $$;

CREATE TABLE IF NOT EXISTS audit.hipaa_audit_logs (
    audit_id bigint GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    epoch integer NOT NULL DEFAULT audit.current_epoch(),
    tenant_id uuid,
    -- actor, correlation_id and purpose come from app.context, which security.enter_context() has checked.
    actor text,
    db_role text NOT NULL DEFAULT session_user,
    client_addr inet DEFAULT inet_client_addr(),
    backend_pid integer NOT NULL DEFAULT pg_backend_pid(),
    action text NOT NULL CHECK (action IN ('INSERT', 'UPDATE', 'DELETE', 'EXPORT', 'ERASE')),
    table_schema text,
    table_name text,
    row_id text,
    subject_id uuid,
    changed_fields text[],
    correlation_id text,
    purpose text,
    outcome text NOT NULL DEFAULT 'success' CHECK (outcome IN ('success', 'denied')),
    PRIMARY KEY (xact, audit_id, recorded_at)
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE audit.hipaa_audit_logs IS '164.312(b): who changed, exported or erased which PHI row, when, from where';
CREATE INDEX IF NOT EXISTS hipaa_audit_logs_subject
    ON audit.hipaa_audit_logs (subject_id, recorded_at) WHERE subject_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS audit.security_logs (
    event_id bigint GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    epoch integer NOT NULL DEFAULT audit.current_epoch(),
    tenant_id uuid,
    actor text CHECK (actor ~ '^[A-Za-z0-9._:-]{1,128}$'),
    db_role text NOT NULL DEFAULT session_user,
    client_addr inet DEFAULT inet_client_addr(),
    backend_pid integer NOT NULL DEFAULT pg_backend_pid(),
    event text NOT NULL CHECK (event ~ '^[a-z_]{1,64}$'),
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    outcome text NOT NULL CHECK (outcome IN ('success', 'denied', 'failure')),
    correlation_id text CHECK (correlation_id ~ '^[A-Za-z0-9._:-]{1,128}$'),
    detail jsonb,
    PRIMARY KEY (xact, event_id, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX IF NOT EXISTS security_logs_by_role ON audit.security_logs (db_role, recorded_at);
COMMENT ON TABLE audit.security_logs IS '164.308(a)(5)(ii)(C), 164.308(a)(1)(ii)(D): sign-ins, privileges, keys, emergency access';

CREATE OR REPLACE FUNCTION audit.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% on %.% refused: the trail is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = '42501';
END $$;

-- Guards one log or partition. Row triggers alone let TRUNCATE through, a parent's statement triggers say nothing
-- of a partition, and ALWAYS holds under session_replication_role = replica.
CREATE OR REPLACE FUNCTION audit.guard_log(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', target);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', target);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
END $$;

DO $$
DECLARE
    log_name text;
BEGIN
    FOREACH log_name IN ARRAY ARRAY['hipaa_audit_logs', 'security_logs'] LOOP
        PERFORM audit.guard_log(format('audit.%I', log_name)::regclass);
        EXECUTE format('DROP POLICY IF EXISTS owner_writes ON audit.%I', log_name);
        -- What a row says of its writer is so: nobody writes one in another's name.
        EXECUTE format('CREATE POLICY owner_writes ON audit.%I TO medspasync_owner USING (true) '
                       'WITH CHECK (db_role = session_user AND backend_pid = pg_backend_pid() AND xact = pg_current_xact_id())',
                       log_name);
        EXECUTE format('DROP POLICY IF EXISTS auditor_reads ON audit.%I', log_name);
        EXECUTE format('CREATE POLICY auditor_reads ON audit.%I FOR SELECT TO medspasync_auditor, medspasync_maintainer USING (true)',
                       log_name);
    END LOOP;
END $$;

-- Makes this month's partitions and those of the months after it, two years at most: each costs every seal and check
-- something. Returns the names of new ones.
CREATE OR REPLACE FUNCTION audit.ensure_partitions(months_ahead integer DEFAULT 12) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
    log_name text;
    period date;
    partition text;
BEGIN
    IF months_ahead NOT BETWEEN 1 AND 24 THEN
        RAISE EXCEPTION 'months_ahead is %, allowed are 1 to 24', months_ahead USING ERRCODE = '22023';
    END IF;
    FOREACH log_name IN ARRAY ARRAY['hipaa_audit_logs', 'security_logs'] LOOP
        FOR period IN SELECT date_trunc('month', now())::date + make_interval(months => n)
                      FROM generate_series(0, months_ahead) AS n LOOP
            partition := format('%s_%s', log_name, to_char(period, 'YYYY_MM'));
            IF to_regclass(format('audit.%I', partition)) IS NULL THEN
                -- Attached, not made as a partition: that would wait for every writer, and hold up all who come after it.
                EXECUTE format('CREATE TABLE audit.%I (LIKE audit.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, log_name);
                EXECUTE format('ALTER TABLE audit.%I ATTACH PARTITION audit.%I FOR VALUES FROM (%L) TO (%L)',
                               log_name, partition, period::timestamptz, (period + interval '1 month')::timestamptz);
                PERFORM audit.guard_log(format('audit.%I', partition)::regclass);
                RETURN NEXT partition;
            END IF;
        END LOOP;
    END LOOP;
END $$;
SELECT audit.ensure_partitions();
