-- Tamper evidence without a lock on the writers' path. Rows carry their transaction id; a round of the sealer takes every
-- row of transactions that have ended since the round before, digests them by log and month, and chains the digests.
-- What a transaction that is still open wrote, or will write, is a later round's: a session that is left open keeps back
-- its own rows and nobody else's. Writers never wait for each other, nothing forks, and a row that appears, changes or
-- vanishes afterwards breaks its seal. A forger who can also rewrite the seals is caught by the heads outside the
-- database: every seal is a log line, and `python -m database maintain --json` reports them for WORM storage.
CREATE TABLE IF NOT EXISTS audit.seals (
    log text NOT NULL CHECK (log IN ('hipaa_audit_logs', 'security_logs')),
    seq bigint NOT NULL CHECK (seq > 0),
    epoch integer NOT NULL,
    period date NOT NULL,
    -- Which rows: those of transactions from from_xact on and below to_xact, without to_pending, which were open then, and
    -- with what has ended of from_pending, which were open at the round before.
    from_xact xid8 NOT NULL,
    to_xact xid8 NOT NULL,
    from_pending xid8[] NOT NULL DEFAULT '{}',
    to_pending xid8[] NOT NULL DEFAULT '{}',
    row_count bigint NOT NULL CHECK (row_count > 0),
    rows_digest bytea NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    -- When the round before was, and this one: what it covers was written in between, but for slow transactions.
    since timestamptz NOT NULL,
    sealed_at timestamptz NOT NULL,
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
        PERFORM audit.guard_log(ledger), security.guard_by_hand(ledger);
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

-- A seal's own hash. Each part has a fixed form, so no two seals share a text. Times are microseconds since 1970.
CREATE OR REPLACE FUNCTION audit.seal_hash(seal audit.seals) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(seal.previous || convert_to(concat_ws('|', seal.log, seal.seq, seal.epoch,
        to_char(seal.period::timestamp, 'YYYY-MM-DD'), seal.from_xact, seal.to_xact,
        array_to_string(seal.from_pending, ','), array_to_string(seal.to_pending, ','), seal.row_count,
        (extract(epoch FROM seal.since) * 1000000)::bigint, (extract(epoch FROM seal.sealed_at) * 1000000)::bigint), 'UTF8')
        || seal.rows_digest)
$$;

-- The rows of one log that one round covers, in order: the text that is hashed and, in the same form, exported. Nulls are
-- left out, so that a column added later changes no digest of an older row. of_period: only that month's, which is how a
-- seal is looked at again without a look into every other month.
CREATE OR REPLACE FUNCTION audit.covered_lines(
    of_log text, of_epoch integer, from_xact xid8, to_xact xid8, from_pending xid8[], to_pending xid8[],
    of_period date DEFAULT NULL
) RETURNS TABLE (period date, line text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off
AS $$
DECLARE
    id name := CASE of_log WHEN 'security_logs' THEN 'event_id' ELSE 'audit_id' END;
    in_month text := CASE WHEN of_period IS NULL THEN '' ELSE format(
        'AND r.recorded_at >= %L AND r.recorded_at < %L', of_period::timestamptz, (of_period + interval '1 month')::timestamptz) END;
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT date_trunc(''month'', r.recorded_at)::date, jsonb_strip_nulls(to_jsonb(r))::text FROM ('
        '  SELECT r.* FROM audit.%1$I AS r '
        '  WHERE r.xact >= $2 AND r.xact < $3 AND r.epoch = $1 AND r.xact <> ALL ($5) %2$s '
        '  UNION ALL '
        '  SELECT r.* FROM audit.%1$I AS r '
        '  WHERE r.xact = ANY ($4) AND r.xact < $2 AND r.epoch = $1 AND r.xact <> ALL ($5) %2$s '
        ') AS r ORDER BY r.xact, r.%3$I', of_log, in_month, id)
    USING of_epoch, from_xact, to_xact, from_pending, to_pending;
END $$;

-- The digest of lines in order: state' = sha256(state || sha256(line)), from the empty state.
CREATE OR REPLACE FUNCTION audit.add_line(state bytea, line text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT sha256(state || sha256(convert_to(line, ''UTF8'')))';
CREATE OR REPLACE AGGREGATE audit.rows_digest(text) (
    SFUNC = audit.add_line, STYPE = bytea, INITCOND = ''
);

-- Seals what one round covers, from the state to a set of transactions that have ended. One seal for each log and month
-- with a row in it.
CREATE OR REPLACE FUNCTION audit.seal_round(state audit.chain_state, to_xact xid8, to_pending xid8[]) RETURNS SETOF audit.seals
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    batch record;
    last_seal audit.seals;
    seal audit.seals;
    log_name text;
    at CONSTANT timestamptz := clock_timestamp();
BEGIN
    FOREACH log_name IN ARRAY ARRAY['hipaa_audit_logs', 'security_logs'] LOOP
        FOR batch IN
            SELECT l.period, count(*) AS row_count, audit.rows_digest(l.line ORDER BY l.place) AS digest
            FROM audit.covered_lines(log_name, state.epoch, state.sealed_to, to_xact, state.pending, to_pending)
                WITH ORDINALITY AS l (period, line, place)
            GROUP BY l.period ORDER BY l.period
        LOOP
            SELECT * INTO last_seal FROM audit.seals WHERE log = log_name ORDER BY seq DESC LIMIT 1;
            seal := ROW(log_name, coalesce(last_seal.seq, 0) + 1, state.epoch, batch.period, state.sealed_to, to_xact,
                        state.pending, to_pending, batch.row_count, batch.digest,
                        coalesce(last_seal.hash, sha256(convert_to(log_name, 'UTF8'))), NULL, state.sealed_at, at);
            seal.hash := audit.seal_hash(seal);
            INSERT INTO audit.seals SELECT seal.*;
            RAISE LOG 'medspasync audit seal: log=% seq=% rows=% hash=%',
                seal.log, seal.seq, seal.row_count, encode(seal.hash, 'hex');
            RETURN NEXT seal;
        END LOOP;
    END LOOP;
    UPDATE audit.chain_state AS c SET sealed_to = seal_round.to_xact, pending = seal_round.to_pending, sealed_at = at;
END $$;

-- Seals what is final. Returns the new seals; none when nothing was written.
CREATE OR REPLACE FUNCTION audit.seal() RETURNS SETOF audit.seals
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state audit.chain_state;
    ended pg_snapshot;
    open_ones xid8[];
BEGIN
    -- Sealers queue here; writers only read this row and never wait for it.
    SELECT * INTO STRICT state FROM audit.chain_state FOR UPDATE;
    PERFORM audit.current_epoch();
    ended := pg_current_snapshot();
    open_ones := ARRAY(SELECT pg_snapshot_xip(ended));
    -- A snapshot does not list its own transaction, which may write on after this.
    IF pg_current_xact_id() < pg_snapshot_xmax(ended) THEN
        open_ones := open_ones || pg_current_xact_id();
    END IF;
    RETURN QUERY SELECT * FROM audit.seal_round(state, pg_snapshot_xmax(ended), open_ones);
END $$;

-- After a logical restore: the old cluster's rows are final, whatever their transaction ids say. Seals the tail
-- that the dump carried unsealed and starts numbering anew. Returns false when transaction ids still go forward.
CREATE OR REPLACE FUNCTION audit.begin_epoch() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    state audit.chain_state;
    next_xact CONSTANT xid8 := pg_current_xact_id();
    last_xact CONSTANT xid8 := '18446744073709551615';
    from_another_server boolean;
BEGIN
    SELECT * INTO STRICT state FROM audit.chain_state;
    -- The writer of a row has ended, or is open now, or its id belongs to another server: this one's own id is the newest
    -- but for those that began after it, which are younger than this look.
    from_another_server := next_xact < state.sealed_to AND next_xact <> ALL (state.pending)
        OR EXISTS (SELECT FROM audit.hipaa_audit_logs AS l WHERE l.xact > next_xact AND l.epoch = state.epoch
                       AND l.xact >= pg_snapshot_xmax(pg_current_snapshot()))
        OR EXISTS (SELECT FROM audit.security_logs AS l WHERE l.xact > next_xact AND l.epoch = state.epoch
                       AND l.xact >= pg_snapshot_xmax(pg_current_snapshot()));
    IF NOT from_another_server THEN
        RETURN false;
    END IF;
    -- Nobody writes under the old epoch any more.
    LOCK TABLE audit.hipaa_audit_logs, audit.security_logs IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO STRICT state FROM audit.chain_state FOR UPDATE;
    PERFORM audit.seal_round(state, last_xact, '{}');
    UPDATE audit.chain_state SET epoch = epoch + 1, sealed_to = '0', pending = '{}', sealed_at = clock_timestamp();
    PERFORM audit.write_security_event('audit_epoch_begun', 'critical', 'success',
                                       jsonb_build_object('closed_epoch', state.epoch));
    RETURN true;
END $$;
