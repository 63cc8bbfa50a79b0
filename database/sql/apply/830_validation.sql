-- One statement for the auditor: SELECT * FROM validate_hipaa_compliance().
CREATE TABLE IF NOT EXISTS security.checks (
    check_id text PRIMARY KEY,
    control text NOT NULL,
    title text NOT NULL,
    -- Text: a column of type regproc would stop a major upgrade in place (check `portability`).
    function text NOT NULL,
    -- What to think of a check that found nothing to examine: 'pass' where that is a lawful state.
    when_empty text NOT NULL CHECK (when_empty IN ('pass', 'fail'))
);
COMMENT ON TABLE security.checks IS 'The checks of validate_hipaa_compliance() and the controls they bear on';
INSERT INTO security.checks (check_id, control, title, function, when_empty)
VALUES
    ('rls-forced', '164.312(a)(1)', 'Row level security is on and forced', 'security.check_rls_forced', 'fail'),
    ('tenant-policy', '164.312(a)(1)', 'Policies are those registered', 'security.check_tenant_policy', 'fail'),
    ('ownership', '164.312(a)(1)', 'Everything belongs to the owner role', 'security.check_ownership', 'fail'),
    ('roles', '164.312(a)(2)(i)', 'Roles have no way past the policies', 'security.check_roles', 'fail'),
    ('table-rights', '164.308(a)(4)(ii)(C)', 'Table rights are those registered', 'security.check_table_rights', 'fail'),
    ('public', '164.308(a)(4)(ii)(B)', 'PUBLIC has nothing', 'security.check_public', 'fail'),
    ('definer-functions', '164.312(a)(1)', 'Definer functions are pinned', 'security.check_definer_functions', 'fail'),
    ('schema-rights', '164.308(a)(4)(ii)(B)', 'Only the owner creates', 'security.check_schema_rights', 'fail'),
    ('other-roles', '164.312(a)(1)', 'Nobody else walks past the policies', 'security.check_other_roles', 'pass'),
    ('foreign-code', '164.312(c)(1)', 'No code that nobody looked at', 'security.check_foreign_code', 'fail'),
    ('columns', '164.312(b)', 'Tables are as registered', 'security.check_columns', 'fail'),
    ('large-objects', '164.312(a)(1)', 'There is no large object', 'security.check_large_objects', 'fail'),
    ('portability', '164.308(a)(7)(ii)(C)', 'The server can be upgraded in place', 'security.check_portability', 'fail'),
    ('holds', '164.316(b)(2)(i)', 'Legal holds are looked at', 'security.check_holds', 'pass'),
    ('views', '164.312(a)(1)', 'Views read with their reader''s rights', 'security.check_views', 'fail'),
    ('unprotected-tables', '164.308(a)(1)(ii)(A)', 'Every table is protected or exempted', 'security.check_unprotected_tables', 'fail'),
    ('tenant-index', '164.312(a)(1)', 'Tenant columns are indexed', 'security.check_tenant_index', 'fail'),
    ('context-keys', '164.312(d)', 'Context keys are bound and current', 'security.check_context_keys', 'pass'),
    ('audit-triggers', '164.312(b)', 'Changes of PHI reach the trail', 'security.check_audit_triggers', 'fail'),
    ('append-only', '164.312(c)(1)', 'The trail is append-only', 'security.check_append_only', 'fail'),
    ('partitions', '164.312(b)', 'The trail has room for the coming months', 'security.check_partitions', 'fail'),
    ('chain', '164.312(c)(2)', 'The newest seals hold', 'security.check_chain', 'pass'),
    ('sealing', '164.312(c)(1)', 'The trail is sealed in time', 'security.check_sealing', 'fail'),
    ('retention', '164.316(b)(2)(i)', 'The trail is kept six years', 'security.check_retention', 'fail'),
    ('read-audit', '164.312(b)', 'Reads of PHI are logged', 'security.check_read_audit', 'fail'),
    ('log-contents', '164.312(a)(1)', 'The log holds no parameters and no rows', 'security.check_log_contents', 'fail'),
    ('sealed-columns', '164.312(a)(2)(iv)', 'Sealed columns refuse plain text', 'security.check_sealed_columns', 'pass'),
    ('data-keys', '164.312(a)(2)(iv)', 'Data keys are wrapped and rotated', 'security.check_data_keys', 'pass'),
    ('pgcrypto', '164.312(a)(2)(iv)', 'pgcrypto is out of reach', 'security.check_pgcrypto', 'fail')
ON CONFLICT (check_id) DO UPDATE SET control = excluded.control, title = excluded.title,
    function = excluded.function, when_empty = excluded.when_empty;

-- A problem that begins with "warn: " is a warning. detail names the first five problems.
CREATE OR REPLACE FUNCTION security.validate_hipaa_compliance(only_check text DEFAULT NULL)
RETURNS TABLE (check_id text, control text, status text, examined bigint, detail text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    check_row security.checks;
    failed bigint;
    warned bigint;
    problems text[];
BEGIN
    FOR check_row IN SELECT * FROM security.checks AS c
                     WHERE c.check_id = coalesce(only_check, c.check_id) ORDER BY c.check_id LOOP
        EXECUTE format(
            'SELECT count(*), count(problem) FILTER (WHERE problem !~ ''^warn: ''), '
            'count(problem) FILTER (WHERE problem ~ ''^warn: ''), '
            '(array_agg(object || '': '' || problem ORDER BY object) FILTER (WHERE problem IS NOT NULL))[:5] '
            'FROM %s()', check_row.function::regproc)
        INTO examined, failed, warned, problems;
        check_id := check_row.check_id;
        control := check_row.control;
        status := CASE WHEN failed > 0 THEN 'fail' WHEN warned > 0 THEN 'warn'
                       WHEN examined = 0 THEN check_row.when_empty ELSE 'pass' END;
        detail := check_row.title || CASE
            WHEN examined = 0 THEN '; examined nothing'
            WHEN problems IS NULL THEN format('; %s examined', examined)
            ELSE format('; %s of %s examined: %s', failed + warned, examined, array_to_string(problems, '; ')) END;
        RETURN NEXT;
    END LOOP;
END $$;
