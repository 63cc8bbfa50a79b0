-- Rights on functions and logs, by kind of role: run at the end of every apply, so that a role that bootstrap added
-- since has them too. Rights on tables are secure_table()'s.
DO $$
DECLARE
    role record;
BEGIN
    FOR role IN SELECT name, kind FROM security.roles WHERE kind <> 'owner' LOOP
        IF role.kind IN ('app', 'breakglass') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA app, phi TO %I', role.name);
        END IF;
        IF role.kind = 'app' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION '
                           'app.record_security_event(text, text, text, text, text), app.data_keys(), '
                           'app.seal(text, uuid, bytea, regclass, name, text), app.key_id_of(bytea), '
                           'app.open(bytea, bytea, regclass, name, text), app.blind_index(text, uuid, bytea, text) '
                           'TO %I', role.name);
        END IF;
        IF role.kind = 'audit_marker' THEN
            EXECUTE format('GRANT USAGE ON SCHEMA audit TO %I', role.name);
            EXECUTE format('GRANT EXECUTE ON FUNCTION '
                           'audit.write_security_event(text, text, text, jsonb, text, uuid, text) TO %I', role.name);
        END IF;
        IF role.kind IN ('auditor', 'maintainer') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA audit TO %I', role.name);
            EXECUTE format('GRANT EXECUTE ON FUNCTION security.validate_hipaa_compliance(text), '
                           'audit.verify_audit_chain(text, date), audit.unsealed_for(), audit.recent_seals(timestamptz), '
                           'audit.retention(), audit.periods_past_retention() TO %I', role.name);
            EXECUTE format('GRANT SELECT ON audit.seals, audit.retired_periods, audit.chain_state, security.checks, '
                           'security.settings, security.sensitive_terms, security.schema_history, '
                           'security.protected_tables, security.lint_exemptions, security.function_exemptions, '
                           'security.privilege_snapshot, security.wrapping_keys, audit.hipaa_audit_logs, '
                           'audit.security_logs TO %I', role.name);
        END IF;
        IF role.kind = 'auditor' THEN
            EXECUTE format('GRANT SELECT ON audit.failed_sign_ins, '
                           'audit.phi_access_patterns, audit.privilege_changes, security.gdpr_requests, security.holds TO %I',
                           role.name);
        END IF;
        IF role.kind = 'maintainer' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION audit.ensure_partitions(integer), audit.seal(), '
                           'audit.begin_epoch(), audit.export_period(text, date), '
                           'audit.retire_period(text, date, bytea, text, text), security.capture_privileges() TO %I',
                           role.name);
        END IF;
    END LOOP;
END $$;

-- Keys and answers about a person are the backend's alone.
GRANT EXECUTE ON FUNCTION app.sealed_columns(), app.add_data_key(text, text, text, bytea, bytea),
    app.reseal_batch(regclass, name, uuid, bytea, uuid, bytea, integer),
    app.rebuild_blind_index(regclass, name, bytea, uuid, bytea), app.values_under_key(uuid), app.values_without_key(),
    app.destroy_data_key(uuid), app.gdpr_export(uuid, jsonb), app.gdpr_erase(uuid) TO medspasync_backend;
