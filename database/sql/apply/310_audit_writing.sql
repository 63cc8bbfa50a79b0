-- Writing the trails: by trigger for changes, by function for everything else.

-- Statement triggers with transition tables: one context check and one INSERT a statement, however many rows.
-- TG_ARGV: id column, tenant column, subject column or ''.
CREATE OR REPLACE FUNCTION audit.record_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    id_column text := TG_ARGV[0];
    tenant_column text := TG_ARGV[1];
    subject_column text := TG_ARGV[2];
    asker record;
BEGIN
    -- One look for both: where the chain stands, and who asks (nulls without a context).
    SELECT s.epoch, s.sealed_to, c.actor, c.correlation_id, c.purpose INTO asker
    FROM audit.chain_state AS s LEFT JOIN app.context AS c ON true;
    IF pg_current_xact_id() < asker.sealed_to THEN
        PERFORM audit.current_epoch();  -- raises, and says why
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO audit.hipaa_audit_logs (epoch, tenant_id, actor, action, table_schema, table_name, row_id, subject_id,
                                            changed_fields, correlation_id, purpose)
        SELECT asker.epoch, (coalesce(n.new, o.old) ->> tenant_column)::uuid, asker.actor,
            TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME,
            coalesce(n.new, o.old) ->> id_column, (coalesce(n.new, o.old) ->> subject_column)::uuid,
            -- A row whose id changed has no counterpart on the other side: every field counts as changed.
            ARRAY(SELECT f.key FROM jsonb_each(coalesce(n.new, o.old)) AS f
                  WHERE f.value IS DISTINCT FROM CASE WHEN n.new IS NOT NULL THEN o.old -> f.key END),
            asker.correlation_id, asker.purpose
        FROM (SELECT to_jsonb(r) AS new FROM new_rows AS r) AS n
        FULL JOIN (SELECT to_jsonb(r) AS old FROM old_rows AS r) AS o ON n.new ->> id_column = o.old ->> id_column;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO audit.hipaa_audit_logs (epoch, tenant_id, actor, action, table_schema, table_name, row_id, subject_id,
                                            correlation_id, purpose)
        SELECT asker.epoch, (n.new ->> tenant_column)::uuid, asker.actor, TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME,
            n.new ->> id_column, (n.new ->> subject_column)::uuid, asker.correlation_id, asker.purpose
        FROM (SELECT to_jsonb(r) AS new FROM new_rows AS r) AS n;
    ELSE
        INSERT INTO audit.hipaa_audit_logs (epoch, tenant_id, actor, action, table_schema, table_name, row_id, subject_id,
                                            correlation_id, purpose)
        SELECT asker.epoch, (o.old ->> tenant_column)::uuid, asker.actor, TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME,
            o.old ->> id_column, (o.old ->> subject_column)::uuid, asker.correlation_id, asker.purpose
        FROM (SELECT to_jsonb(r) AS old FROM old_rows AS r) AS o;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit.refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE on %.% refused: it would bypass policies and the trail', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = '42501';
END $$;

-- For the platform's own functions. The log line reaches Log Analytics even when the transaction rolls back.
CREATE OR REPLACE FUNCTION audit.write_security_event(
    event text, severity text, outcome text, detail jsonb DEFAULT NULL, actor text DEFAULT NULL,
    tenant uuid DEFAULT NULL, correlation text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO audit.security_logs (tenant_id, actor, event, severity, outcome, correlation_id, detail)
    VALUES (tenant, actor, event, severity, outcome, correlation, detail);
    RAISE LOG 'medspasync security event: event=% severity=% outcome=% role=% detail=%',
        event, severity, outcome, session_user, coalesce(detail::text, '-');
END $$;

-- For applications: what only they see. Codes only; a free text field is where PHI would end up.
CREATE OR REPLACE FUNCTION app.record_security_event(
    event text, outcome text, actor text, correlation text DEFAULT NULL, code text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF event NOT IN ('sign_in', 'sign_out', 'mfa', 'password_reset', 'token_rejected', 'rate_limited',
                     'access_denied') THEN
        RAISE EXCEPTION 'unknown security event %', event USING ERRCODE = '22023';
    END IF;
    IF code !~ '^[A-Za-z0-9._-]{1,64}$' THEN
        RAISE EXCEPTION 'code must be 1 to 64 of A-Z a-z 0-9 . _ -' USING ERRCODE = '22023';
    END IF;
    PERFORM audit.write_security_event(event, CASE outcome WHEN 'success' THEN 'info' ELSE 'warning' END, outcome,
                                       CASE WHEN code IS NOT NULL THEN jsonb_build_object('code', code) END,
                                       actor, (SELECT c.tenant_id FROM app.context AS c), correlation);
END $$;

-- Emergency access. app.enter_break_glass() accepts it from the next transaction on, when this record can no longer be
-- rolled back.
CREATE OR REPLACE FUNCTION app.open_break_glass(
    tenant uuid, person text, reason text, ticket text, minutes integer DEFAULT 60
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    until timestamptz := now() + make_interval(mins => minutes);
BEGIN
    INSERT INTO security.break_glass_openings (person, tenant_id, reason, ticket, expires_at)
    VALUES (person, tenant, reason, ticket, until);
    PERFORM audit.write_security_event('break_glass_opened', 'critical', 'success',
                                       jsonb_build_object('reason', reason, 'expires_at', until), person, tenant, ticket);
    RETURN until;
END $$;
