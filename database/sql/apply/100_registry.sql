-- What is protected, and what counts as sensitive. secure_table() writes the first, the lint reads the rest.
CREATE TABLE IF NOT EXISTS security.protected_tables (
    relation regclass PRIMARY KEY,
    id_column name NOT NULL,
    tenant_column name NOT NULL,
    subject_column name,
    -- Who may read, add and change, remove: anybody else with a right or a policy is a finding.
    readers text[] NOT NULL DEFAULT '{}',
    writers text[] NOT NULL DEFAULT '{}',
    removers text[] NOT NULL DEFAULT '{}',
    sealed_columns jsonb NOT NULL DEFAULT '{}',
    on_erase text NOT NULL CHECK (on_erase IN ('delete', 'clear', 'retain')),
    clear_columns name[] NOT NULL DEFAULT '{}',
    retain_for interval,
    retain_from name,
    retain_reason text,
    secured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- What an erasure leaves standing has a reason that can be shown to the person who asked.
    CONSTRAINT retained_with_reason CHECK (on_erase <> 'retain' OR subject_column IS NULL OR retain_reason IS NOT NULL),
    CONSTRAINT cleared_by_name CHECK (on_erase <> 'clear' OR cardinality(clear_columns) > 0)
);
COMMENT ON TABLE security.protected_tables IS 'Tables under secure_table(): tenant, subject, sealed columns, erasure rule';
COMMENT ON COLUMN security.protected_tables.sealed_columns IS
    'Encrypted columns, each with the name of its blind index column or null';

CREATE TABLE IF NOT EXISTS security.sensitive_terms (
    pattern text PRIMARY KEY,
    reason text NOT NULL
);
COMMENT ON TABLE security.sensitive_terms IS 'Column names (regular expressions) that suggest personal data: a hint beside the finding, no condition for it';
INSERT INTO security.sensitive_terms (pattern, reason)
VALUES
    ('^(tenant|clinic|patient|client|subject)_?id$', 'row belongs to a tenant or a person'),
    ('(first|last|full|middle|maiden|patient|client)_?name', '45 CFR 164.514(b)(2)(i)(A) names'),
    ('(street|address_line|postal|zip_?code|postcode)', '45 CFR 164.514(b)(2)(i)(B) geographic'),
    ('(birth|dob$|deceased|admission|discharge)', '45 CFR 164.514(b)(2)(i)(C) dates'),
    ('(phone|mobile|fax)', '45 CFR 164.514(b)(2)(i)(D), (E) telephone and fax'),
    ('e_?mail', '45 CFR 164.514(b)(2)(i)(F) e-mail'),
    ('(ssn|social_security|national_id|passport|licen[cs]e_number)', '45 CFR 164.514(b)(2)(i)(G), (K)'),
    ('(medical_record|mrn$|health_plan|insurance|account_number)', '45 CFR 164.514(b)(2)(i)(H) to (J)'),
    ('(biometric|fingerprint|photo)', '45 CFR 164.514(b)(2)(i)(P), (Q)'),
    ('(diagnos|symptom|allerg|medication|prescription|treatment|clinical|lab_result)', 'health information')
ON CONFLICT (pattern) DO UPDATE SET reason = excluded.reason;

-- Every table is protected or exempted: what its columns are called decides nothing.
CREATE TABLE IF NOT EXISTS security.lint_exemptions (
    relation regclass PRIMARY KEY,
    reason text NOT NULL CHECK (reason ~ '[[:alpha:]]{3}'),
    expires_on date NOT NULL,
    granted_on date NOT NULL DEFAULT current_date,
    -- What it was when somebody looked at it; a trigger notes it. What was changed since is exempted no more.
    seen text,
    CONSTRAINT at_most_a_year CHECK (expires_on <= granted_on + 366)
);
COMMENT ON TABLE security.lint_exemptions IS
    'Tables, views and sequences that hold nothing to protect; an expired entry counts no more';

-- The same for functions that an application's migrations make, by signature as regprocedure writes it.
CREATE TABLE IF NOT EXISTS security.function_exemptions (
    signature text PRIMARY KEY,
    reason text NOT NULL CHECK (reason ~ '[[:alpha:]]{3}'),
    expires_on date NOT NULL,
    granted_on date NOT NULL DEFAULT current_date,
    seen text,
    CONSTRAINT at_most_a_year CHECK (expires_on <= granted_on + 366)
);
COMMENT ON TABLE security.function_exemptions IS
    'Functions outside the platform''s schemas that somebody looked at; an expired entry counts no more';

-- A relation by its columns, a function by its body and options: the same text on every major version.
CREATE OR REPLACE FUNCTION security.shape_of(target oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(': ', c.relkind, (SELECT string_agg(format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
                                       FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
    FROM pg_class AS c WHERE c.oid = target
$$;
CREATE OR REPLACE FUNCTION security.body_of(target oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(sha256(convert_to(concat_ws('|', l.lanname, p.prosrc, pg_get_function_sqlbody(p.oid), p.prosecdef, p.proconfig::text,
                                              p.provolatile), 'UTF8')), 'hex')
    FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang WHERE p.oid = target
$$;
CREATE OR REPLACE FUNCTION security.note_what_is_exempted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_TABLE_NAME = 'lint_exemptions' THEN
        NEW.seen := security.shape_of(NEW.relation);
    ELSE
        NEW.seen := security.body_of(to_regprocedure(NEW.signature));
    END IF;
    RETURN NEW;
END $$;
DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['security.lint_exemptions', 'security.function_exemptions'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER noted BEFORE INSERT OR UPDATE ON %s FOR EACH ROW '
                       'EXECUTE FUNCTION security.note_what_is_exempted()', target);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER noted', target);
    END LOOP;
END $$;

-- What only the platform's functions write, for whoever calls them: the migrator, who acts as these tables' owner, does not
-- by hand. To do it nevertheless he must switch the trigger off, which is DDL.
CREATE OR REPLACE FUNCTION security.refuse_by_hand() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM security.roles AS r WHERE r.name = session_user AND r.kind = 'migrator') THEN
        RAISE EXCEPTION '% on %.% refused: it is not changed by hand', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = '42501';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION security.guard_by_hand(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER not_by_hand BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION security.refuse_by_hand()', target);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER not_by_hand', target);
END $$;

-- Whom an erasure, and what a retirement, must leave alone: litigation, an investigation, a regulator's request.
CREATE TABLE IF NOT EXISTS security.holds (
    hold_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid,
    subject_id uuid,
    -- Months of the trail, inclusive.
    from_period date,
    to_period date,
    reason text NOT NULL CHECK (reason ~ '^[A-Za-z0-9._:/-]{3,128}$'),
    placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    placed_by text NOT NULL DEFAULT session_user,
    until date NOT NULL,
    released_at timestamptz,
    CONSTRAINT holds_something CHECK (num_nonnulls(tenant_id, subject_id, from_period) > 0),
    CONSTRAINT whole_range CHECK ((from_period IS NULL) = (to_period IS NULL) AND from_period <= to_period)
);
COMMENT ON TABLE security.holds IS 'Legal holds; reason: a case or file number, never a name. until: when it is looked at again';

-- Protected tables with every partition and inheritance child: a policy on a parent says nothing of its children.
CREATE OR REPLACE VIEW security.protected_relations WITH (security_invoker = true) AS
WITH RECURSIVE family AS (
    SELECT p.relation::oid AS relation, p.relation::oid AS root FROM security.protected_tables AS p
    UNION
    SELECT i.inhrelid, f.root FROM family AS f JOIN pg_catalog.pg_inherits AS i ON i.inhparent = f.relation
)
SELECT f.relation::regclass AS relation, f.root::regclass AS root, f.relation <> f.root AS is_child
FROM family AS f;
