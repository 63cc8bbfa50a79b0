-- Checks of the trail: it is written, it cannot be unwritten, it is sealed, it is kept.

-- Changes of every protected table, and of each of its partitions, reach the trail, also in replica mode.
CREATE OR REPLACE FUNCTION security.check_audit_triggers() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s on %s', w.name, r.relation),
        CASE WHEN t.oid IS NULL THEN 'no such trigger'
             WHEN t.tgenabled <> 'A' THEN 'not ENABLE ALWAYS'
             WHEN t.tgfoid <> w.function THEN 'calls another function'
             WHEN t.tgqual IS NOT NULL THEN 'has a WHEN condition' END
    FROM security.protected_relations AS r
    CROSS JOIN (VALUES ('phi_audit_insert', 'audit.record_changes()'::regprocedure),
                       ('phi_audit_update', 'audit.record_changes()'::regprocedure),
                       ('phi_audit_delete', 'audit.record_changes()'::regprocedure),
                       ('phi_no_truncate', 'audit.refuse_truncate()'::regprocedure)) AS w (name, function)
    LEFT JOIN pg_trigger AS t ON t.tgrelid = r.relation AND t.tgname = w.name
$$;

-- 58 = before, update, delete, truncate (pg_trigger.tgtype bits 2, 8, 16, 32).
CREATE OR REPLACE FUNCTION security.check_append_only() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.relation::text,
        CASE WHEN t.oid IS NULL THEN 'trigger append_only is missing'
             WHEN t.tgenabled <> 'A' THEN 'append_only is not ENABLE ALWAYS'
             WHEN t.tgtype <> 58 OR t.tgqual IS NOT NULL OR t.tgfoid <> 'audit.refuse_change()'::regprocedure
             THEN 'append_only does not refuse UPDATE, DELETE and TRUNCATE' END
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

CREATE OR REPLACE FUNCTION security.check_chain() RETURNS TABLE (object text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s %s', v.log, to_char(v.period, 'YYYY-MM')), v.problem FROM audit.verify_audit_chain() AS v
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
        CASE WHEN r.retired_at < r.period + interval '1 month' + interval '6 years' THEN 'retired before its time' END
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
        FROM (VALUES ('pgaudit.role', 'medspasync_phi_audit'), ('pgaudit.log_parameter', 'off'),
                     ('pgaudit.log_client', 'off')) AS v (name, wanted)
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
