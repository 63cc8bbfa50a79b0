-- GDPR articles 15 and 17 (S31): what is held about a person, and erasure as far as the law lets us. Both go by
-- the rules that secure_table() registered, stay within the caller's tenant, and leave a record.
CREATE TABLE IF NOT EXISTS security.gdpr_requests (
    request_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('export', 'erase')),
    actor text,
    correlation_id text,
    done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome jsonb NOT NULL
);
COMMENT ON TABLE security.gdpr_requests IS 'Answered requests: tables, row counts and reasons; none of the data';
SELECT security.guard_by_hand('security.gdpr_requests');

-- A held row as its subject may see it: sealed columns opened with the keys given, null without, no blind index.
CREATE OR REPLACE FUNCTION security.readable_row(held jsonb, rule security.protected_tables, keys jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sealed record;
    envelope bytea;
    key text;
BEGIN
    FOR sealed IN SELECT s.key AS column_name, s.value AS index_column FROM jsonb_each_text(rule.sealed_columns) AS s LOOP
        envelope := decode(substring(held ->> sealed.column_name FROM 3), 'hex');
        key := keys ->> app.key_id_of(envelope)::text;
        held := held - coalesce(sealed.index_column, '') || jsonb_build_object(
            sealed.column_name, CASE WHEN key IS NOT NULL THEN
                app.open(envelope, decode(key, 'hex'), rule.relation, sealed.column_name::name, held ->> rule.id_column)
            END);
    END LOOP;
    RETURN held;
END $$;

-- column_keys: {"<key id>": "<64 hex digits>"} as a bind parameter.
CREATE OR REPLACE FUNCTION app.gdpr_export(subject uuid, column_keys jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := security.require_tenant();
    asker app.context;
    held security.protected_tables;
    rows jsonb;
    answer jsonb := '{}';
    counts jsonb := '{}';
BEGIN
    SELECT * INTO asker FROM app.context;
    FOR held IN SELECT p.* FROM security.protected_tables AS p
                WHERE p.subject_column IS NOT NULL ORDER BY p.relation::text LOOP
        EXECUTE format('SELECT coalesce(jsonb_agg(security.readable_row(to_jsonb(t), $2, $3)), ''[]'') '
                       'FROM %s AS t WHERE t.%I = $1', held.relation, held.subject_column)
        INTO rows USING subject, held, column_keys;
        answer := answer || jsonb_build_object(held.relation::text, rows);
        counts := counts || jsonb_build_object(held.relation::text, jsonb_array_length(rows));
    END LOOP;
    -- Who touched the data is part of the answer: accounting of disclosures, 164.528.
    SELECT coalesce(jsonb_agg(jsonb_build_object('at', l.recorded_at, 'action', l.action, 'table', l.table_name,
                                                 'purpose', l.purpose, 'fields', l.changed_fields)
                              ORDER BY l.recorded_at), '[]')
    INTO rows FROM audit.hipaa_audit_logs AS l WHERE l.subject_id = subject AND l.tenant_id = tenant;
    answer := answer || jsonb_build_object('access_history', rows);

    INSERT INTO security.gdpr_requests (tenant_id, subject_id, kind, actor, correlation_id, outcome)
    VALUES (tenant, subject, 'export', asker.actor, asker.correlation_id, counts);
    INSERT INTO audit.hipaa_audit_logs (tenant_id, actor, action, subject_id, correlation_id, purpose)
    VALUES (tenant, asker.actor, 'EXPORT', subject, asker.correlation_id, asker.purpose);
    -- The caller has the data even if it rolls back; then this line is what remains.
    RAISE LOG 'medspasync gdpr export: role=% actor=% subject=%', session_user, asker.actor, subject;
    RETURN answer;
END $$;

-- Legal holds, by the migrator for whoever decides on them: of a person, of a tenant, of months of the trail.
CREATE OR REPLACE FUNCTION security.place_hold(
    reason text, until date, tenant uuid DEFAULT NULL, subject uuid DEFAULT NULL,
    from_period date DEFAULT NULL, to_period date DEFAULT NULL
) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    placed uuid;
BEGIN
    INSERT INTO security.holds (reason, until, tenant_id, subject_id, from_period, to_period)
    VALUES (reason, until, tenant, subject, date_trunc('month', from_period), date_trunc('month', coalesce(to_period, from_period)))
    RETURNING hold_id INTO placed;
    RETURN placed;
END $$;

-- However it is written: a hold is placed, looked at again by another day, released once, and never gone; each is an event.
CREATE OR REPLACE FUNCTION security.record_hold() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP NOT IN ('INSERT', 'UPDATE') OR TG_OP = 'UPDATE' AND (
        OLD.released_at IS NOT NULL
        OR (to_jsonb(NEW) - 'released_at' - 'until') IS DISTINCT FROM (to_jsonb(OLD) - 'released_at' - 'until')
        OR NEW.until > current_date + 366) THEN
        RAISE EXCEPTION '% on security.holds refused: a hold is released, or looked at again within a year', TG_OP
            USING ERRCODE = '42501';
    ELSIF TG_OP = 'INSERT' THEN
        NEW.placed_by := session_user;
        NEW.placed_at := clock_timestamp();
        PERFORM audit.write_security_event('hold_placed', 'warning', 'success',
            jsonb_build_object('hold_id', NEW.hold_id, 'reason', NEW.reason), NULL, NEW.tenant_id);
    ELSIF NEW.released_at IS NOT NULL THEN
        NEW.released_at := clock_timestamp();
        PERFORM audit.write_security_event('hold_released', 'critical', 'success', jsonb_build_object('hold_id', NEW.hold_id));
    ELSE
        PERFORM audit.write_security_event('hold_looked_at', 'info', 'success',
            jsonb_build_object('hold_id', NEW.hold_id, 'until', NEW.until));
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER recorded BEFORE INSERT OR UPDATE OR DELETE ON security.holds
    FOR EACH ROW EXECUTE FUNCTION security.record_hold();
CREATE OR REPLACE TRIGGER not_emptied BEFORE TRUNCATE ON security.holds
    FOR EACH STATEMENT EXECUTE FUNCTION security.record_hold();
ALTER TABLE security.holds ENABLE ALWAYS TRIGGER recorded;
ALTER TABLE security.holds ENABLE ALWAYS TRIGGER not_emptied;

CREATE OR REPLACE FUNCTION security.release_hold(wanted uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE security.holds SET released_at = clock_timestamp() WHERE hold_id = wanted AND released_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such hold' USING ERRCODE = '42704';
    END IF;
END $$;

-- Returns what was done to each table and why something stays. Of a person under a legal hold everything stays.
CREATE OR REPLACE FUNCTION app.gdpr_erase(subject uuid)
RETURNS TABLE (relation text, action text, rows bigint, reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid := security.require_tenant();
    asker app.context;
    held security.protected_tables;
    condition text;
    outcome jsonb := '[]';
    held_by text := (SELECT min(h.reason) FROM security.holds AS h
                     WHERE h.released_at IS NULL AND h.from_period IS NULL
                         AND coalesce(h.tenant_id, tenant) = tenant AND coalesce(h.subject_id, subject) = subject);
BEGIN
    SELECT * INTO asker FROM app.context;
    -- The registry knows no order among tables that refer to each other: deferrable foreign keys are checked late.
    SET CONSTRAINTS ALL DEFERRED;
    FOR held IN SELECT p.* FROM security.protected_tables AS p
                WHERE p.subject_column IS NOT NULL ORDER BY p.relation::text LOOP
        relation := held.relation::text;
        reason := held.retain_reason;
        condition := format('%I = $1', held.subject_column);
        IF held_by IS NOT NULL THEN
            held.on_erase := 'retain';
            held.retain_for := NULL;
            reason := 'legal hold ' || held_by;
        END IF;
        CASE held.on_erase
        WHEN 'delete' THEN
            action := 'deleted';
            EXECUTE format('DELETE FROM %s WHERE %s', held.relation, condition) USING subject;
        WHEN 'clear' THEN
            action := 'cleared';
            EXECUTE format('UPDATE %s SET %s WHERE %s', held.relation,
                           (SELECT string_agg(format('%I = NULL', c), ', ') FROM unnest(held.clear_columns) AS c),
                           condition) USING subject;
        ELSE
            IF held.retain_for IS NOT NULL THEN
                EXECUTE format('DELETE FROM %s WHERE %s AND %I < now() - $2', held.relation, condition, held.retain_from)
                USING subject, held.retain_for;
                GET DIAGNOSTICS rows = ROW_COUNT;
                IF rows > 0 THEN
                    action := 'deleted';
                    outcome := outcome || jsonb_build_object('table', relation, 'action', action, 'rows', rows);
                    RETURN NEXT;
                END IF;
            END IF;
            action := 'retained';
            EXECUTE format('SELECT count(*) FROM %s WHERE %s', held.relation, condition) INTO rows USING subject;
        END CASE;
        IF action <> 'retained' THEN
            GET DIAGNOSTICS rows = ROW_COUNT;
        END IF;
        outcome := outcome || jsonb_build_object('table', relation, 'action', action, 'rows', rows);
        RETURN NEXT;
    END LOOP;
    INSERT INTO security.gdpr_requests (tenant_id, subject_id, kind, actor, correlation_id, outcome)
    VALUES (tenant, subject, 'erase', asker.actor, asker.correlation_id, outcome);
    INSERT INTO audit.hipaa_audit_logs (tenant_id, actor, action, subject_id, correlation_id, purpose)
    VALUES (tenant, asker.actor, 'ERASE', subject, asker.correlation_id, asker.purpose);
    IF held_by IS NOT NULL THEN
        PERFORM audit.write_security_event('erasure_held', 'warning', 'denied', jsonb_build_object('reason', held_by),
                                           NULL, tenant);
    END IF;
    RAISE LOG 'medspasync gdpr erase: role=% actor=% subject=%', session_user, asker.actor, subject;
END $$;
