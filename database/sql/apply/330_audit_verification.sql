-- Is the trail what was sealed? `python -m database verify` recomputes all of it outside the database; this is for psql and
-- for what the database itself must know before it drops a month.

-- One row a log and month: what was examined, and the first thing that is wrong. of_log, of_period: only that month.
CREATE OR REPLACE FUNCTION audit.verify_audit_chain(of_log text DEFAULT NULL, of_period date DEFAULT NULL)
RETURNS TABLE (log text, period date, seals bigint, row_count bigint, status text, problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
    state audit.chain_state;
    month record;
    seal audit.seals;
    broken text;
    found_rows bigint;
    found_digest bytea;
BEGIN
    SELECT * INTO STRICT state FROM audit.chain_state;
    FOR month IN
        SELECT m.log, m.period, to_regclass(format('audit.%I', m.log || to_char(m.period, '_YYYY_MM'))) AS partition
        FROM (SELECT s.log, s.period FROM audit.seals AS s
              UNION
              SELECT parent.relname::text, to_date(right(child.relname, 7), 'YYYY_MM')
              FROM pg_inherits AS i
              JOIN pg_class AS parent ON parent.oid = i.inhparent
              JOIN pg_class AS child ON child.oid = i.inhrelid
              WHERE i.inhparent IN ('audit.hipaa_audit_logs'::regclass, 'audit.security_logs'::regclass)) AS m
        WHERE m.log = coalesce(of_log, m.log) AND m.period = coalesce(of_period, m.period)
        ORDER BY m.log, m.period
    LOOP
        log := month.log;
        period := month.period;
        broken := audit.broken_link(log, period);
        SELECT count(*), coalesce(sum(s.row_count), 0) INTO seals, row_count
        FROM audit.seals AS s WHERE s.log = month.log AND s.period = month.period;
        IF month.partition IS NULL THEN
            broken := coalesce(broken, (
                SELECT CASE WHEN r.log IS NULL THEN 'partition is gone and no retirement is recorded'
                            WHEN r.row_count <> verify_audit_chain.row_count THEN 'retired with another number of rows'
                            WHEN r.closing_hash <> (SELECT s.hash FROM audit.seals AS s
                                                    WHERE s.log = month.log AND s.period = month.period
                                                    ORDER BY s.seq DESC LIMIT 1) THEN 'retired with another hash' END
                FROM (SELECT) AS one
                LEFT JOIN audit.retired_periods AS r ON r.log = month.log AND r.period = month.period));
        ELSE
            FOR seal IN SELECT * FROM audit.seals AS s
                        WHERE s.log = month.log AND s.period = month.period ORDER BY s.seq LOOP
                EXIT WHEN broken IS NOT NULL;
                broken := audit.broken_seal(seal);
            END LOOP;
            -- A row slipped in behind the sealer, in a range that had none, is under no seal at all.
            EXECUTE format('SELECT count(*) FROM audit.%I WHERE recorded_at >= $1 AND recorded_at < $1 + interval '
                           '''1 month'' AND (epoch <> $2 OR (xact < $3 AND xact <> ALL ($4)))', log)
            INTO found_rows USING period::timestamptz, state.epoch, state.sealed_to, state.pending;
            IF broken IS NULL AND found_rows <> row_count THEN
                broken := format('%s rows lie in the sealed range, %s are sealed', found_rows, row_count);
            END IF;
        END IF;
        problem := broken;
        status := CASE WHEN broken IS NULL THEN 'intact' ELSE 'broken' END;
        RETURN NEXT;
    END LOOP;
END $$;

-- The first of a month's seals that does not follow from the one before it, or null.
CREATE OR REPLACE FUNCTION audit.broken_link(of_log text, of_period date) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('seal %s does not follow from the one before it', s.seq)
    FROM audit.seals AS s
    LEFT JOIN audit.seals AS b ON b.log = s.log AND b.seq = s.seq - 1
    WHERE s.log = of_log AND s.period = of_period
        AND (s.hash <> audit.seal_hash(s)
             OR (b.seq IS NULL AND s.seq > 1)
             OR s.previous <> coalesce(b.hash, sha256(convert_to(s.log, 'UTF8'))))
    ORDER BY s.seq LIMIT 1
$$;

-- What is wrong with the rows under one seal, or null.
CREATE OR REPLACE FUNCTION audit.broken_seal(seal audit.seals) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN count(*) <> seal.row_count OR audit.rows_digest(l.line ORDER BY l.place) IS DISTINCT FROM seal.rows_digest
                THEN format('seal %s covered %s rows, %s found%s', seal.seq, seal.row_count, count(*),
                            CASE count(*) WHEN seal.row_count THEN ', with other content' ELSE '' END) END
    FROM audit.covered_lines(seal.log, seal.epoch, seal.from_xact, seal.to_xact, seal.from_pending, seal.to_pending, seal.period)
        WITH ORDINALITY AS l (period, line, place)
$$;

-- What the maintenance job looks at after each round: the newest seals and their links, and the rows of those made since a
-- moment, a thousand rows at most, however many there are. One row a log: its head, and what is wrong.
CREATE OR REPLACE FUNCTION audit.recent_seals(since timestamptz)
RETURNS TABLE (log text, seq bigint, hash bytea, examined bigint, problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    seal audit.seals;
    follows bytea;
    left_to_read bigint;
BEGIN
    FOREACH log IN ARRAY ARRAY['hipaa_audit_logs', 'security_logs'] LOOP
        seq := NULL;
        hash := NULL;
        examined := 0;
        problem := NULL;
        follows := NULL;
        left_to_read := 1000;
        FOR seal IN SELECT * FROM audit.seals AS s WHERE s.log = recent_seals.log ORDER BY s.seq DESC LIMIT 100 LOOP
            IF examined = 0 THEN
                seq := seal.seq;
                hash := seal.hash;
            ELSIF seal.hash IS DISTINCT FROM follows THEN
                problem := coalesce(problem, format('seal %s does not follow from the one before it', seal.seq + 1));
            END IF;
            IF seal.hash <> audit.seal_hash(seal) THEN
                problem := coalesce(problem, format('seal %s is not what was made', seal.seq));
            END IF;
            EXIT WHEN examined > 0 AND seal.sealed_at < since;
            IF seal.sealed_at >= since AND seal.row_count <= left_to_read THEN
                problem := coalesce(problem, audit.broken_seal(seal));
                left_to_read := left_to_read - seal.row_count;
            END IF;
            follows := seal.previous;
            examined := examined + 1;
        END LOOP;
        IF seq IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- How long the oldest row has waited for its seal; null when nothing waits. A row of a transaction that is still open is
-- not seen, and does not wait.
CREATE OR REPLACE FUNCTION audit.unsealed_for() RETURNS interval
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    state audit.chain_state;
    oldest timestamptz;
BEGIN
    SELECT * INTO STRICT state FROM audit.chain_state;
    SELECT min(w.recorded_at) INTO oldest FROM (
        SELECT h.recorded_at FROM audit.hipaa_audit_logs AS h WHERE h.xact >= state.sealed_to AND h.epoch = state.epoch
        UNION ALL
        SELECT h.recorded_at FROM audit.hipaa_audit_logs AS h WHERE h.xact = ANY (state.pending) AND h.epoch = state.epoch
        UNION ALL
        SELECT l.recorded_at FROM audit.security_logs AS l WHERE l.xact >= state.sealed_to AND l.epoch = state.epoch
        UNION ALL
        SELECT l.recorded_at FROM audit.security_logs AS l WHERE l.xact = ANY (state.pending) AND l.epoch = state.epoch
    ) AS w;
    RETURN clock_timestamp() - oldest;
END $$;
