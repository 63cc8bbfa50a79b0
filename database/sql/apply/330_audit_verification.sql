-- Is the trail what was sealed? One row a log and month: what was examined, and the first thing that is wrong.
CREATE OR REPLACE FUNCTION audit.verify_audit_chain()
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
    sealed_rows bigint;
    previous_hash bytea;
    chain_problems jsonb := '{}';
BEGIN
    SELECT * INTO STRICT state FROM audit.chain_state;

    -- The links, over the whole chain: a seal removed, added or altered anywhere shows here.
    FOREACH log IN ARRAY ARRAY['hipaa_audit_logs', 'security_logs'] LOOP
        previous_hash := sha256(convert_to(log, 'UTF8'));
        sealed_rows := 0;
        FOR seal IN SELECT * FROM audit.seals AS s WHERE s.log = verify_audit_chain.log ORDER BY s.seq LOOP
            sealed_rows := sealed_rows + 1;
            IF seal.seq <> sealed_rows OR seal.previous <> previous_hash OR seal.hash <> audit.seal_hash(seal) THEN
                chain_problems := jsonb_set(chain_problems, ARRAY[log || seal.period],
                                            to_jsonb(format('seal %s does not follow from the one before it', seal.seq)));
            END IF;
            previous_hash := seal.hash;
        END LOOP;
    END LOOP;

    FOR month IN
        SELECT m.log, m.period, to_regclass(format('audit.%I', m.log || to_char(m.period, '_YYYY_MM'))) AS partition
        FROM (SELECT s.log, s.period FROM audit.seals AS s
              UNION
              SELECT parent.relname::text, to_date(right(child.relname, 7), 'YYYY_MM')
              FROM pg_inherits AS i
              JOIN pg_class AS parent ON parent.oid = i.inhparent
              JOIN pg_class AS child ON child.oid = i.inhrelid
              WHERE i.inhparent IN ('audit.hipaa_audit_logs'::regclass, 'audit.security_logs'::regclass)) AS m
        ORDER BY m.log, m.period
    LOOP
        log := month.log;
        period := month.period;
        broken := chain_problems ->> (log || period);
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
                SELECT count(*), audit.rows_digest(l.line ORDER BY l.place)
                INTO found_rows, found_digest
                FROM audit.sealed_lines(seal.log, seal.epoch, seal.from_xact, seal.to_xact)
                    WITH ORDINALITY AS l (period, line, place)
                WHERE l.period = seal.period;
                IF found_rows <> seal.row_count OR found_digest IS DISTINCT FROM seal.rows_digest THEN
                    broken := format('seal %s covered %s rows, %s found%s', seal.seq, seal.row_count, found_rows,
                                     CASE found_rows WHEN seal.row_count THEN ', with other content' ELSE '' END);
                END IF;
            END LOOP;
            -- A row slipped in behind the sealer, in a range that had none, is under no seal at all.
            EXECUTE format('SELECT count(*) FROM audit.%I WHERE recorded_at >= $1 AND recorded_at < $1 + interval '
                           '''1 month'' AND (epoch < $2 OR (epoch = $2 AND xact < $3))', log)
            INTO found_rows USING period::timestamptz, state.epoch, state.sealed_to;
            IF broken IS NULL AND found_rows <> row_count THEN
                broken := format('%s rows lie in the sealed range, %s are sealed', found_rows, row_count);
            END IF;
        END IF;
        problem := broken;
        status := CASE WHEN broken IS NULL THEN 'intact' ELSE 'broken' END;
        RETURN NEXT;
    END LOOP;
END $$;

-- How long the oldest row has waited for its seal; null when nothing waits.
CREATE OR REPLACE FUNCTION audit.unsealed_for() RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT clock_timestamp() - min(w.recorded_at)
    FROM audit.chain_state AS s
    CROSS JOIN LATERAL (
        SELECT h.recorded_at FROM audit.hipaa_audit_logs AS h WHERE h.epoch = s.epoch AND h.xact >= s.sealed_to
        UNION ALL
        SELECT l.recorded_at FROM audit.security_logs AS l WHERE l.epoch = s.epoch AND l.xact >= s.sealed_to
    ) AS w
$$;
