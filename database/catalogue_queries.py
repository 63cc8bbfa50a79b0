"""The queries behind :mod:`database.catalogue`: PostgreSQL's catalogue and nothing else."""

# ruff: noqa: E501, S608 (SQL statements stay on one line; they are composed of constants)

_ACL = """(SELECT json_agg(json_build_array(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END,
                                        a.privilege_type, a.is_grantable) ORDER BY 1, 2)
           FROM aclexplode({acl}) AS a)"""

_OF_RELATION = "coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner))"

# Everything in the platform's three schemas, and the tables of phi, of which the program picks its own.
RELATIONS = f"""
SELECT c.oid, n.nspname AS schema, c.oid::regclass::text AS name, pg_get_userbyid(c.relowner) AS owner,
    (SELECT i.inhparent::regclass::text FROM pg_inherits AS i WHERE i.inhrelid = c.oid LIMIT 1) AS parent,
    {_ACL.format(acl=_OF_RELATION)} AS acl,
    concat_ws(' ', c.relkind, c.relpersistence, 'rls', c.relrowsecurity, c.relforcerowsecurity, c.reloptions::text,
        (SELECT t.reloptions::text FROM pg_class AS t WHERE t.oid = c.reltoastrelid), c.relreplident,
        (SELECT amname FROM pg_am WHERE oid = c.relam), c.relispartition, pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid),
        (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits AS i WHERE i.inhrelid = c.oid),
        CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
        (SELECT concat_ws(',', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle)
         FROM pg_sequence AS s WHERE s.seqrelid = c.oid)) AS definition
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (n.nspname IN ('app', 'audit', 'security') OR (n.nspname = 'phi' AND c.relkind IN ('r', 'p')))
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
"""

# Columns, constraints, indexes, triggers, policies, rules. "plain": an index that neither refuses rows nor computes.
PARTS = f"""
WITH ours AS (
    SELECT c.oid, n.nspname AS schema FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('app', 'audit', 'security', 'phi')
)
SELECT o.oid, 'column' AS kind, a.attname::text AS name, false AS plain,
    concat_ws(' ', CASE WHEN o.schema <> 'phi' THEN a.attnum END, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
        a.attgenerated, a.attstorage, a.attcompression, a.attstattarget,
        -- Options that begin with pg_ are a server's own (releases of November 2026).
        (SELECT string_agg(x, ',' ORDER BY x) FROM unnest(a.attoptions) AS x WHERE NOT x ^@ 'pg_'), (SELECT collname FROM pg_collation WHERE oid = a.attcollation), pg_get_expr(d.adbin, d.adrelid)) AS definition,
    {_ACL.format(acl="a.attacl")} AS acl
FROM ours AS o JOIN pg_attribute AS a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = o.oid AND d.adnum = a.attnum
UNION ALL
SELECT o.oid, 'constraint', k.conname, false,
    concat_ws(' ', pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred, k.conislocal), NULL
FROM ours AS o JOIN pg_constraint AS k ON k.conrelid = o.oid WHERE k.contype IN ('c', 'p', 'u', 'f', 'x')
UNION ALL
SELECT o.oid, 'index', i.indexrelid::regclass::text, NOT i.indisunique AND i.indexprs IS NULL AND i.indpred IS NULL,
    concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisunique, i.indislive), NULL
FROM ours AS o JOIN pg_index AS i ON i.indrelid = o.oid
UNION ALL
SELECT o.oid, 'trigger', CASE WHEN t.tgisinternal THEN 'internal' ELSE t.tgname END, false,
    concat_ws(' ', CASE WHEN NOT t.tgisinternal THEN pg_get_triggerdef(t.oid) END, t.tgtype, t.tgenabled), NULL
FROM ours AS o JOIN pg_trigger AS t ON t.tgrelid = o.oid WHERE NOT t.tgisinternal OR t.tgenabled <> 'O'
UNION ALL
SELECT o.oid, 'policy', q.polname, false,
    concat_ws(' ', q.polcmd, q.polpermissive,
        (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END, ',' ORDER BY pg_get_userbyid(r))
         FROM unnest(q.polroles) AS r),
        'using', pg_get_expr(q.polqual, q.polrelid), 'check', pg_get_expr(q.polwithcheck, q.polrelid)), NULL
FROM ours AS o JOIN pg_policy AS q ON q.polrelid = o.oid
UNION ALL
SELECT o.oid, 'rule', w.rulename, false, concat_ws(' ', pg_get_ruledef(w.oid), w.ev_enabled), NULL
FROM ours AS o JOIN pg_rewrite AS w ON w.ev_class = o.oid WHERE w.rulename <> '_RETURN' OR w.ev_enabled <> 'O'
ORDER BY 1, 2, 3, 5
"""

# of_table: the relation whose trigger calls it, where it is a trail function.
FUNCTIONS = f"""
SELECT p.oid::regprocedure::text AS signature, p.proname::text AS name, pg_get_userbyid(p.proowner) AS owner,
    (SELECT min(t.tgrelid::regclass::text) FROM pg_trigger AS t WHERE t.tgfoid = p.oid) AS of_table,
    {_ACL.format(acl="coalesce(p.proacl, acldefault('f', p.proowner))")} AS acl,
    CASE p.prokind WHEN 'a' THEN (
        SELECT concat_ws(' ', g.aggkind, g.aggnumdirectargs, g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn,
                         g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn, g.aggfinalmodify, g.aggsortop,
                         g.aggtranstype::regtype, g.agginitval, p.proparallel, p.prosecdef, p.proconfig::text)
        FROM pg_aggregate AS g WHERE g.aggfnoid = p.oid)
    ELSE pg_get_functiondef(p.oid) END AS definition, p.prosrc AS source
FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('app', 'audit', 'security')
"""

# The trail functions of tables, by the trigger that calls them and the name that audit.trail_name() gives them.
TRAILS = """
SELECT DISTINCT p.proname::text AS name, t.tgrelid AS of_table FROM pg_trigger AS t
JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS s ON s.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT format('trail_%s_%s', s.nspname, c.relname) AS full_name) AS f
WHERE n.nspname = 'audit' AND t.tgname IN ('phi_audit_insert', 'phi_audit_update', 'phi_audit_delete')
    AND p.proname = CASE WHEN length(f.full_name) <= 63 THEN f.full_name ELSE left(f.full_name, 30) || '_' || md5(f.full_name) END
"""

_OF_SCHEMA = """(SELECT array_agg(x) FROM unnest(n.nspacl) AS x
    WHERE n.nspname NOT IN ('public', 'extensions') OR split_part(x::text, '=', 1) <> pg_get_userbyid(n.nspowner))"""

# Schemas (the owner of public and extensions differs from server to server), types, default rights of the platform's roles.
OTHERS = f"""
SELECT format('schema %s', n.nspname) AS name, '' AS definition,
    CASE WHEN n.nspname IN ('public', 'extensions') THEN 'the server''s' ELSE pg_get_userbyid(n.nspowner) END AS owner,
    {_ACL.format(acl=_OF_SCHEMA)} AS acl
FROM pg_namespace AS n WHERE n.nspname IN ('app', 'audit', 'security', 'phi', 'extensions', 'public')
UNION ALL
SELECT format('type %s', t.oid::regtype), concat_ws(' ', t.typtype, t.typbasetype::regtype, t.typnotnull, t.typdefault), pg_get_userbyid(t.typowner), NULL
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname IN ('app', 'audit', 'security') AND t.typtype IN ('d', 'e', 'r', 'm', 'p')
UNION ALL
SELECT format('default rights of %s%s on %s', pg_get_userbyid(d.defaclrole),
              CASE WHEN d.defaclnamespace <> 0 THEN format(' in %s', d.defaclnamespace::regnamespace) END, d.defaclobjtype),
    '', pg_get_userbyid(d.defaclrole), {_ACL.format(acl="d.defaclacl")}
FROM pg_default_acl AS d
WHERE pg_get_userbyid(d.defaclrole) ^@ 'medspasync_'
    OR d.defaclnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('app', 'audit', 'security', 'phi'))
"""
