-- Tamper evidence without a lock on the writers' path. Rows carry their transaction id; the sealer takes every row
-- of transactions that are finished (below the snapshot's xmin: none of them can write any more), digests them,
-- and chains the digests. Writers never wait for each other, nothing forks, and a row that appears, changes or
-- vanishes afterwards breaks its seal. A forger who can also rewrite the seals is caught by the heads outside the
-- database: every seal is a log line, and `python -m database maintain --json` reports them for WORM storage.
CREATE TABLE IF NOT EXISTS audit.seals (
    log text NOT NULL CHECK (log IN ('hipaa_audit_logs', 'security_logs')),
    seq bigint NOT NULL CHECK (seq > 0),
    epoch integer NOT NULL,
    period date NOT NULL,
    from_xact xid8 NOT NULL,
    to_xact xid8 NOT NULL,
    row_count bigint NOT NULL CHECK (row_count > 0),
    rows_digest bytea NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (log, seq)
);
COMMENT ON TABLE audit.seals IS '164.312(c)(1): one chain a log; kept when the rows they seal are retired';

CREATE TABLE IF NOT EXISTS audit.retired_periods (
    log text NOT NULL,
    period date NOT NULL,
    row_count bigint NOT NULL,
    closing_hash bytea NOT NULL,
    export_location text NOT NULL,
    export_sha256 text NOT NULL CHECK (export_sha256 ~ '^[0-9a-f]{64}$'),
    retired_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    retired_by text NOT NULL DEFAULT session_user,
    PRIMARY KEY (log, period)
);
COMMENT ON TABLE audit.retired_periods IS 'Partitions dropped after the retention period, and where their export lies';

DO $$
DECLARE
    ledger regclass;
BEGIN
    FOREACH ledger IN ARRAY ARRAY['audit.seals', 'audit.retired_periods']::regclass[] LOOP
        PERFORM audit.guard_log(ledger);
        EXECUTE format('DROP POLICY IF EXISTS owner_writes ON %s', ledger);
        EXECUTE format('CREATE POLICY owner_writes ON %s TO medspasync_owner USING (true) WITH CHECK (true)', ledger);
        EXECUTE format('DROP POLICY IF EXISTS ledger_reads ON %s', ledger);
        EXECUTE format('CREATE POLICY ledger_reads ON %s FOR SELECT TO medspasync_auditor, medspasync_maintainer USING (true)',
                       ledger);
    END LOOP;
END $$;

-- Every relation that is append-only: the logs, their partitions and the ledgers.
CREATE OR REPLACE VIEW security.log_relations WITH (security_invoker = true) AS
SELECT c.oid::regclass AS relation
FROM pg_catalog.pg_class AS c
WHERE c.oid IN ('audit.hipaa_audit_logs'::regclass, 'audit.security_logs'::regclass, 'audit.seals'::regclass,
                'audit.retired_periods'::regclass)
UNION
SELECT i.inhrelid::regclass FROM pg_catalog.pg_inherits AS i
WHERE i.inhparent IN ('audit.hipaa_audit_logs'::regclass, 'audit.security_logs'::regclass);

-- A seal's own hash. Each part has a fixed form, so no two seals share a text.
CREATE OR REPLACE FUNCTION audit.seal_hash(seal audit.seals) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(seal.previous || convert_to(concat_ws('|', seal.log, seal.seq, seal.epoch,
        to_char(seal.period::timestamp, 'YYYY-MM-DD'), seal.from_xact, seal.to_xact, seal.row_count), 'UTF8')
        || seal.rows_digest)
$$;

-- The rows of one log in one transaction range: the text that is hashed and, in the same form, exported.
-- Nulls are left out, so that a column added later changes no digest of an older row.
CREATE OR REPLACE FUNCTION audit.sealed_lines(of_log text, of_epoch integer, from_xact xid8, to_xact xid8)
RETURNS TABLE (period date, line text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT date_trunc(''month'', r.recorded_at)::date, jsonb_strip_nulls(to_jsonb(r))::text '
        'FROM audit.%I AS r WHERE r.epoch = $1 AND r.xact >= $2 AND r.xact < $3 ORDER BY r.xact, r.%I',
        of_log, CASE of_log WHEN 'security_logs' THEN 'event_id' ELSE 'audit_id' END)
    USING of_epoch, from_xact, to_xact;
END $$;

-- The digest of lines in order: state' = sha256(state || sha256(line)), from the empty state.
CREATE OR REPLACE FUNCTION audit.add_line(state bytea, line text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT sha256(state || sha256(convert_to(line, ''UTF8'')))';
CREATE OR REPLACE AGGREGATE audit.rows_digest(text) (
    SFUNC = audit.add_line, STYPE = bytea, INITCOND = ''
);

-- Seals what is final. Returns the new seals; none when nothing was written.
CREATE OR REPLACE FUNCTION audit.seal() RETURNS SETOF audit.seals
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state audit.chain_state;
    horizon xid8;
    batch record;
    new_seal audit.seals;
    log_name text;
BEGIN
    -- Sealers queue here; writers only read this row and never wait for it.
    SELECT * INTO STRICT state FROM audit.chain_state FOR UPDATE;
    PERFORM audit.current_epoch();
    horizon := pg_snapshot_xmin(pg_current_snapshot());
    FOREACH log_name IN ARRAY ARRAY['hipaa_audit_logs', 'security_logs'] LOOP
        FOR batch IN
            SELECT l.period, count(*) AS row_count, audit.rows_digest(l.line ORDER BY l.place) AS digest
            FROM audit.sealed_lines(log_name, state.epoch, state.sealed_to, horizon)
                WITH ORDINALITY AS l (period, line, place)
            GROUP BY l.period ORDER BY l.period
        LOOP
            new_seal := audit.append_seal(log_name, state.epoch, batch.period, state.sealed_to, horizon,
                                          batch.row_count, batch.digest);
            RETURN NEXT new_seal;
        END LOOP;
    END LOOP;
    UPDATE audit.chain_state SET sealed_to = horizon, sealed_at = clock_timestamp();
END $$;

CREATE OR REPLACE FUNCTION audit.append_seal(
    of_log text, of_epoch integer, of_period date, from_x xid8, to_x xid8, of_rows bigint, digest bytea
) RETURNS audit.seals
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_seal audit.seals;
    next_seal audit.seals;
BEGIN
    SELECT * INTO last_seal FROM audit.seals WHERE log = of_log ORDER BY seq DESC LIMIT 1;
    next_seal.log := of_log;
    next_seal.seq := coalesce(last_seal.seq, 0) + 1;
    next_seal.epoch := of_epoch;
    next_seal.period := of_period;
    next_seal.from_xact := from_x;
    next_seal.to_xact := to_x;
    next_seal.row_count := of_rows;
    next_seal.rows_digest := digest;
    next_seal.previous := coalesce(last_seal.hash, sha256(convert_to(of_log, 'UTF8')));
    next_seal.hash := audit.seal_hash(next_seal);
    next_seal.sealed_at := clock_timestamp();
    INSERT INTO audit.seals SELECT next_seal.*;
    RAISE LOG 'medspasync audit seal: log=% seq=% rows=% hash=%',
        next_seal.log, next_seal.seq, next_seal.row_count, encode(next_seal.hash, 'hex');
    RETURN next_seal;
END $$;

-- After a logical restore: the old cluster's rows are final, whatever their transaction ids say. Seals the tail
-- that the dump carried unsealed and starts numbering anew. Returns false when transaction ids still go forward.
CREATE OR REPLACE FUNCTION audit.begin_epoch() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state audit.chain_state;
    batch record;
    log_name text;
    last_xact CONSTANT xid8 := '18446744073709551615';
BEGIN
    SELECT * INTO STRICT state FROM audit.chain_state FOR UPDATE;
    IF pg_current_xact_id() >= state.sealed_to THEN
        RETURN false;
    END IF;
    FOREACH log_name IN ARRAY ARRAY['hipaa_audit_logs', 'security_logs'] LOOP
        FOR batch IN
            SELECT l.period, count(*) AS row_count, audit.rows_digest(l.line ORDER BY l.place) AS digest
            FROM audit.sealed_lines(log_name, state.epoch, state.sealed_to, last_xact)
                WITH ORDINALITY AS l (period, line, place)
            GROUP BY l.period ORDER BY l.period
        LOOP
            PERFORM audit.append_seal(log_name, state.epoch, batch.period, state.sealed_to, last_xact,
                                      batch.row_count, batch.digest);
        END LOOP;
    END LOOP;
    UPDATE audit.chain_state SET epoch = epoch + 1, sealed_to = '0', sealed_at = clock_timestamp();
    PERFORM audit.write_security_event('audit_epoch_begun', 'warning', 'success',
                                       jsonb_build_object('closed_epoch', state.epoch));
    RETURN true;
END $$;
