-- Writing the trails: by trigger for changes, by function for everything else.

-- Statement triggers with transition tables: one context check and one INSERT a statement, however many rows. Each
-- protected table has a function of its own (audit.trail_source() writes it), which compares column by column; a
-- partition or child, whose rows come by way of its parent, shares this one.
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
        PERFORM audit.current_epoch();  -- raises, and says why, unless this transaction is a slow one
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

-- The name of a table's own function: schema and table, cut to what a name may have.
CREATE OR REPLACE FUNCTION audit.trail_name(target regclass) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN length(full_name) <= 63 THEN full_name ELSE left(full_name, 30) || '_' || md5(full_name) END
    FROM (SELECT format('trail_%s_%s', n.nspname, c.relname) AS full_name
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = target) AS named
$$;

-- The body of a table's own function. Columns are compared by their bytes: types whose equality is that of bytes as they
-- are, all others as text, so that neither a collation that takes two texts for equal nor a type without equality matters.
CREATE OR REPLACE FUNCTION audit.trail_source(target regclass, id_column name, tenant_column name, subject_column name)
RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    comparisons text;
    subject_of text := CASE WHEN subject_column IS NULL THEN 'NULL::uuid' ELSE format('%%1$s.%I', subject_column) END;
    into_log CONSTANT text := E'        INSERT INTO audit.hipaa_audit_logs (epoch, tenant_id, actor, action, table_schema, table_name,\n'
        '            row_id, subject_id, changed_fields, correlation_id, purpose)\n';
BEGIN
    SELECT string_agg(format(E'                CASE WHEN %s IS DISTINCT FROM %s THEN %L END',
                             format(by_value, 'n'), format(by_value, 'o'), c.attname), E',\n' ORDER BY c.attnum)
    INTO comparisons
    FROM (SELECT a.attname, a.attnum,
              CASE WHEN a.atttypid = ANY ('{uuid,bytea,bool,int2,int4,int8,date,timestamp,timestamptz}'::regtype[])
                   THEN format('%%s.%I', a.attname)
                   ELSE format('%%s.%I::text COLLATE "C"', a.attname) END AS by_value
          FROM pg_attribute AS a WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped) AS c;
    RETURN format(E'\n'
        'DECLARE\n'
        '    asker record;\n'
        'BEGIN\n'
        '    SELECT s.epoch, s.sealed_to, c.actor, c.correlation_id, c.purpose INTO asker\n'
        '    FROM audit.chain_state AS s LEFT JOIN app.context AS c ON true;\n'
        '    IF pg_current_xact_id() < asker.sealed_to THEN\n'
        '        PERFORM audit.current_epoch();\n'
        '    END IF;\n'
        '    IF TG_OP = ''UPDATE'' THEN\n'
        '%1$s'
        '        SELECT asker.epoch, coalesce(n.%3$I, o.%3$I), asker.actor, TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME,\n'
        '            coalesce(n.%2$I, o.%2$I)::text, coalesce(%4$s, %5$s), array_remove(ARRAY[\n%6$s], NULL),\n'
        '            asker.correlation_id, asker.purpose\n'
        '        FROM new_rows AS n FULL JOIN old_rows AS o ON n.%2$I = o.%2$I;\n'
        '    ELSIF TG_OP = ''INSERT'' THEN\n'
        '%1$s'
        '        SELECT asker.epoch, n.%3$I, asker.actor, TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, n.%2$I::text, %4$s, NULL,\n'
        '            asker.correlation_id, asker.purpose FROM new_rows AS n;\n'
        '    ELSE\n'
        '%1$s'
        '        SELECT asker.epoch, o.%3$I, asker.actor, TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, o.%2$I::text, %5$s, NULL,\n'
        '            asker.correlation_id, asker.purpose FROM old_rows AS o;\n'
        '    END IF;\n'
        '    RETURN NULL;\n'
        'END ', into_log, id_column, tenant_column, format(subject_of, 'n'), format(subject_of, 'o'), comparisons);
END $$;

-- Makes or renews a table's own function; leaves one that is right as it is.
CREATE OR REPLACE FUNCTION audit.write_trail_function(
    target regclass, id_column name, tenant_column name, subject_column name
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source text := audit.trail_source(target, id_column, tenant_column, subject_column);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = 'audit'::regnamespace
                       AND p.proname = audit.trail_name(target) AND p.prosrc = source) THEN
        EXECUTE format('CREATE OR REPLACE FUNCTION audit.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
                       'SET search_path = pg_catalog, pg_temp AS %L', audit.trail_name(target), source);
    END IF;
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

-- For applications: what only they see. Codes only; a free text field is where PHI would end up. The server vouches for
-- the role, the time and the address; the actor is what the application says.
-- 600 a minute of one kind and outcome by one role are kept; of what is beyond, one line says that it was.
CREATE OR REPLACE FUNCTION app.record_security_event(
    event text, outcome text, actor text, correlation text DEFAULT NULL, code text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    most CONSTANT integer := 600;
    since CONSTANT timestamptz := clock_timestamp() - interval '1 minute';
    lately integer;
BEGIN
    IF event NOT IN ('sign_in', 'sign_out', 'mfa', 'password_reset', 'token_rejected', 'rate_limited',
                     'access_denied') THEN
        RAISE EXCEPTION 'unknown security event %', event USING ERRCODE = '22023';
    END IF;
    IF code !~ '^[A-Za-z0-9._-]{1,64}$' THEN
        RAISE EXCEPTION 'code must be 1 to 64 of A-Z a-z 0-9 . _ -' USING ERRCODE = '22023';
    END IF;
    IF (security.is_identifier(actor) AND coalesce(security.is_identifier(correlation), true)) IS NOT TRUE THEN
        RAISE EXCEPTION 'actor and correlation id must be opaque identifiers' USING ERRCODE = '23514';
    END IF;
    SELECT count(*) INTO lately
    FROM (SELECT FROM audit.security_logs AS l
          WHERE l.db_role = session_user AND l.recorded_at > since
              AND l.event IN (record_security_event.event, 'events_limited') AND l.outcome = record_security_event.outcome
          LIMIT most + 1) AS counted;
    IF lately > most THEN
        RETURN;
    ELSIF lately = most THEN
        PERFORM audit.write_security_event('events_limited', 'critical', outcome,
                                           jsonb_build_object('event', event, 'a_minute', most));
        RETURN;
    END IF;
    PERFORM audit.write_security_event(event, CASE outcome WHEN 'success' THEN 'info' ELSE 'warning' END, outcome,
                                       CASE WHEN code IS NOT NULL THEN jsonb_build_object('code', code) END,
                                       actor, (SELECT c.tenant_id FROM app.context AS c), correlation);
END $$;
