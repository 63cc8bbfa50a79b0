-- Retention. 164.316(b)(2)(i) keeps documentation six years; that audit records count as documentation is this
-- platform's policy choice, not the rule's words. The setting may be longer, never shorter.
INSERT INTO security.settings (name, value, reason)
VALUES ('audit_retention', '6 years', 'policy choice after 164.316(b)(2)(i); longer is allowed, shorter is refused')
ON CONFLICT (name) DO NOTHING;

CREATE OR REPLACE FUNCTION audit.retention() RETURNS interval
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept interval;
BEGIN
    SELECT s.value::interval INTO STRICT kept FROM security.settings AS s WHERE s.name = 'audit_retention';
    IF kept < interval '6 years' THEN
        RAISE EXCEPTION 'audit_retention is %, at least 6 years are kept', kept;
    END IF;
    RETURN kept;
END $$;

-- Months whose last row is past retention and that no hold keeps, oldest first.
CREATE OR REPLACE FUNCTION audit.periods_past_retention() RETURNS TABLE (log text, period date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT parent.relname::text, to_date(right(child.relname, 7), 'YYYY_MM')
    FROM pg_inherits AS i
    JOIN pg_class AS parent ON parent.oid = i.inhparent
    JOIN pg_class AS child ON child.oid = i.inhrelid
    WHERE i.inhparent IN ('audit.hipaa_audit_logs'::regclass, 'audit.security_logs'::regclass)
        AND to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month' + audit.retention() <= now()
        AND NOT EXISTS (SELECT FROM security.holds AS h
                        WHERE h.released_at IS NULL
                            AND to_date(right(child.relname, 7), 'YYYY_MM') BETWEEN h.from_period AND h.to_period)
    ORDER BY 2, 1
$$;

-- What an export of a month must hold: every sealed row, under the seal that vouches for it.
CREATE OR REPLACE FUNCTION audit.export_period(of_log text, of_period date)
RETURNS TABLE (seq bigint, line text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.seq, l.line
    FROM audit.seals AS s
    CROSS JOIN LATERAL audit.covered_lines(s.log, s.epoch, s.from_xact, s.to_xact, s.from_pending, s.to_pending, s.period)
        WITH ORDINALITY AS l (period, line, place)
    WHERE s.log = of_log AND s.period = of_period
    ORDER BY s.seq, l.place
$$;

-- Drops one exported month. Refused before its time, with a broken chain, with unsealed rows, or when the caller
-- cannot name the hash that its export ends with.
CREATE OR REPLACE FUNCTION audit.retire_period(
    of_log text, of_period date, closing bytea, location text, export_digest text
) RETURNS void
-- Dropping waits for every open reader and writer, and all who come after wait for it: not for long. The next run tries again.
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '3s'
AS $$
DECLARE
    partition text := of_log || to_char(of_period, '_YYYY_MM');
    verdict record;
    in_partition bigint;
    last_hash bytea;
BEGIN
    IF NOT EXISTS (SELECT FROM audit.periods_past_retention() AS p WHERE p.log = of_log AND p.period = of_period) THEN
        RAISE EXCEPTION '% of % is not past its retention of %, or a legal hold keeps it', of_log, of_period, audit.retention();
    END IF;
    SELECT * INTO verdict FROM audit.verify_audit_chain(of_log, of_period) AS v;
    IF verdict.status IS DISTINCT FROM 'intact' THEN
        RAISE EXCEPTION '% of % cannot be retired: %', of_log, of_period, verdict.problem;
    END IF;
    EXECUTE format('SELECT count(*) FROM audit.%I WHERE recorded_at >= $1 AND recorded_at < $1 + interval ''1 month''',
                   of_log) INTO in_partition USING of_period::timestamptz;
    IF in_partition <> verdict.row_count THEN
        RAISE EXCEPTION '% of % has % rows that are not sealed', of_log, of_period, in_partition - verdict.row_count;
    END IF;
    SELECT s.hash INTO last_hash FROM audit.seals AS s
    WHERE s.log = of_log AND s.period = of_period ORDER BY s.seq DESC LIMIT 1;
    IF closing IS DISTINCT FROM last_hash THEN
        RAISE EXCEPTION 'the export of % of % does not end with its last seal', of_log, of_period;
    END IF;
    -- A month without a row has nothing to vouch for.
    IF last_hash IS NOT NULL THEN
        INSERT INTO audit.retired_periods (log, period, row_count, closing_hash, export_location, export_sha256)
        VALUES (of_log, of_period, verdict.row_count, last_hash, location, export_digest);
    END IF;
    EXECUTE format('ALTER TABLE audit.%I DETACH PARTITION audit.%I', of_log, partition);
    EXECUTE format('DROP TABLE audit.%I', partition);
    PERFORM audit.write_security_event('audit_period_retired', 'warning', 'success',
                                       jsonb_build_object('log', of_log, 'period', of_period, 'rows', in_partition));
END $$;
