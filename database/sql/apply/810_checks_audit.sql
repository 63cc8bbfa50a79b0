-- Checks of the trail: it is written, it cannot be unwritten, it is sealed, it is kept.

-- Changes of every protected table, and of each of its partitions, reach the trail, also in replica mode: the triggers are
-- those that its entry asks for, of that type, with that function and those arguments, and no other is in their way.
CREATE OR REPLACE FUNCTION security.check_audit_triggers() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s on %s', t.trigger, r.relation), t.problem
    FROM security.protected_relations AS r
    JOIN security.protected_tables AS p ON p.relation = r.root
    CROSS JOIN LATERAL security.trigger_problems(r.relation, p, r.is_child) AS t
$$;

-- 58 = before, update, delete, truncate (pg_trigger.tgtype bits 2, 8, 16, 32).
CREATE OR REPLACE FUNCTION security.check_append_only() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.relation::text,
        CASE WHEN t.oid IS NULL THEN 'trigger append_only is missing'
             WHEN t.tgenabled <> 'A' THEN 'append_only is not ENABLE ALWAYS'
             WHEN t.tgtype <> 58 OR t.tgqual IS NOT NULL OR t.tgfoid <> 'audit.refuse_change()'::regprocedure
             THEN 'append_only does not refuse UPDATE, DELETE and TRUNCATE'
             WHEN EXISTS (SELECT FROM pg_trigger AS o WHERE o.tgrelid = l.relation AND o.oid <> t.oid
                              AND o.tgfoid <> 'security.refuse_by_hand()'::regprocedure) THEN 'has another trigger' END
    FROM security.log_relations AS l
    LEFT JOIN pg_trigger AS t ON t.tgrelid = l.relation AND t.tgname = 'append_only'
$$;

-- Without next month's partition every change of PHI would be refused on the first of it.
CREATE OR REPLACE FUNCTION security.check_partitions() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
    SELECT w.name, CASE WHEN to_regclass('audit.' || w.name) IS NULL THEN 'partition is missing' END
    FROM (SELECT log || to_char(date_trunc('month', now()) + make_interval(months => n), '_YYYY_MM') AS name
          FROM unnest(ARRAY['hipaa_audit_logs', 'security_logs']) AS log
          CROSS JOIN generate_series(0, 2) AS n) AS w
$$;

-- The seals of the last day. The whole chain is recomputed outside the database, by `python -m database verify`: what the
-- database says of itself proves little.
CREATE OR REPLACE FUNCTION security.check_chain() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s, %s seals', s.log, s.examined), s.problem FROM audit.recent_seals(now() - interval '1 day') AS s
$$;

-- The sealer runs every few minutes; an hour without it is an hour in which tampering leaves no trace here.
CREATE OR REPLACE FUNCTION security.check_sealing() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'oldest row without a seal',
        CASE WHEN audit.unsealed_for() > interval '1 hour' THEN format('waits since %s', audit.unsealed_for()) END
$$;

CREATE OR REPLACE FUNCTION security.check_retention() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('audit_retention = %s', s.value),
        CASE WHEN s.value::interval < interval '6 years' THEN 'shorter than 6 years' END
    FROM security.settings AS s WHERE s.name = 'audit_retention'
    UNION ALL
    SELECT format('%s %s', r.log, r.period),
        -- By the clock, not by what the entry says of itself.
        CASE WHEN least(r.retired_at, now()) < r.period + interval '1 month' + interval '6 years' THEN 'retired before its time'
             WHEN EXISTS (SELECT FROM security.holds AS h
                          WHERE r.period BETWEEN h.from_period AND h.to_period AND h.placed_at < r.retired_at
                              AND coalesce(h.released_at, 'infinity') > r.retired_at)
             THEN 'retired under a legal hold' END
    FROM audit.retired_periods AS r
$$;

-- Reads leave no trace by trigger: pgaudit logs them, by what pgaudit.role may read. Parameters stay out of the log:
-- they carry keys and PHI.
CREATE OR REPLACE FUNCTION security.check_read_audit() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.object, w.problem
    FROM security.settings AS s
    CROSS JOIN LATERAL (
        SELECT 'pgaudit', 'warn: waived on this server, reads are not logged' WHERE s.value = 'waived'
        UNION ALL
        SELECT 'extension pgaudit', CASE WHEN NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pgaudit')
                                         THEN 'not installed' END
        WHERE s.value <> 'waived'
        UNION ALL
        SELECT format('%s = %s', v.name, coalesce(current_setting(v.name, true), '(unset)')),
            CASE WHEN current_setting(v.name, true) IS DISTINCT FROM v.wanted THEN format('must be %s', v.wanted) END
        -- log_rows waits for the end of a statement, and a cursor, an error or a time-out never reaches it: no line at all.
        FROM (VALUES ('pgaudit.role', 'medspasync_phi_audit'), ('pgaudit.log_parameter', 'off'),
                     ('pgaudit.log_client', 'off'), ('pgaudit.log_rows', 'off'), ('pgaudit.log_relation', 'on'),
                     ('pgaudit.log_statement', 'on')) AS v (name, wanted)
        WHERE s.value <> 'waived'
        UNION ALL
        SELECT format('pgaudit.log has %s', c), CASE WHEN NOT c = ANY (
            string_to_array(replace(lower(coalesce(current_setting('pgaudit.log', true), '')), ' ', ''), ','))
            THEN 'class is not logged' END
        FROM unnest(ARRAY['ddl', 'role', 'write', 'misc']) AS c
        WHERE s.value <> 'waived'
        UNION ALL
        SELECT format('%s readable by medspasync_phi_audit', p.relation),
            CASE WHEN NOT has_table_privilege('medspasync_phi_audit', p.relation, 'SELECT') THEN 'reads are not logged' END
        FROM security.protected_tables AS p
    ) AS w (object, problem)
    WHERE s.name = 'pgaudit'
$$;

-- What PostgreSQL itself would write of parameters and rows.
CREATE OR REPLACE FUNCTION security.check_log_contents() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s = %s', v.name, current_setting(v.name)),
        CASE WHEN current_setting(v.name) <> v.wanted THEN format('must be %s: %s', v.wanted, v.reason) END
    FROM (VALUES ('log_parameter_max_length', '0', 'slow statements would show bind parameters'),
                 ('log_parameter_max_length_on_error', '0', 'failing statements would show bind parameters'),
                 ('log_error_verbosity', 'terse', 'DETAIL shows the row that failed'),
                 ('log_statement', 'none', 'passwords show in clear; pgaudit logs the same and redacts')) AS v (name, wanted, reason)
$$;
