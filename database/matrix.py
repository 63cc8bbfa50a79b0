"""The access matrix: role by relation and by function, from the catalog, for the auditor."""

from dataclasses import dataclass

from psycopg import Connection

# Effective rights, whatever way they came; what a policy then lets through is the column "rows".
_QUERY = """
SELECT k.name, k.kind, format('%I.%I', n.nspname, c.relname),
    ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
          WHERE has_table_privilege(r.oid, c.oid, p))
    || ARRAY(SELECT p || ' of some columns' FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p
             WHERE has_any_column_privilege(r.oid, c.oid, p) AND NOT has_table_privilege(r.oid, c.oid, p)),
    CASE WHEN r.rolsuper OR r.rolbypassrls THEN 'all'
         WHEN NOT c.relrowsecurity THEN 'all'
         WHEN NOT EXISTS (SELECT FROM pg_policy AS q WHERE q.polrelid = c.oid AND q.polpermissive
                          AND (0 = ANY (q.polroles) OR r.oid = ANY (q.polroles))) THEN 'none'
         WHEN EXISTS (SELECT FROM pg_policy AS q WHERE q.polrelid = c.oid AND NOT q.polpermissive
                      AND q.polname = 'tenant_isolation' AND q.polroles = '{0}') THEN 'tenant of the context'
         ELSE 'all' END
FROM security.roles AS k
JOIN pg_roles AS r ON r.rolname = k.name
CROSS JOIN pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND (n.nspname IN ('phi', 'app', 'audit', 'security')
         OR c.oid IN (SELECT p.relation FROM security.protected_tables AS p))
ORDER BY k.kind, k.name, 3
"""

# Every function that anybody but its owner may call runs with its owner's rights: they are the ways in by name.
_FUNCTIONS = """
SELECT k.name, k.kind,
    array_agg(f.signature ORDER BY f.signature)
FROM security.roles AS k
JOIN pg_roles AS r ON r.rolname = k.name
CROSS JOIN pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
CROSS JOIN LATERAL (SELECT format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS signature) AS f
WHERE n.nspname IN ('phi', 'app', 'audit', 'security') AND k.kind <> 'owner'
    AND has_function_privilege(r.oid, p.oid, 'EXECUTE') AND has_schema_privilege(r.oid, n.oid, 'USAGE')
GROUP BY k.name, k.kind ORDER BY k.kind, k.name
"""


@dataclass(frozen=True)
class Access:
    """What one role may do with one relation. ``rows``: none, tenant of the context, or all. The owner's rights are
    used through functions only, in the caller's context."""

    role: str
    kind: str
    relation: str
    commands: tuple[str, ...]
    rows: str


def access_matrix(connection: Connection[tuple]) -> list[Access]:
    """Every pair of platform role and relation where the role has any right."""
    found = [Access(row[0], row[1], row[2], tuple(row[3]), row[4]) for row in connection.execute(_QUERY).fetchall()]
    return [access for access in found if access.commands]


@dataclass(frozen=True)
class Calls:
    """What one role may call; the owner, who may call everything, is left out."""

    role: str
    kind: str
    functions: tuple[str, ...]


def function_matrix(connection: Connection[tuple]) -> list[Calls]:
    """Every platform role that may call a function of the platform's schemas."""
    return [Calls(row[0], row[1], tuple(row[2])) for row in connection.execute(_FUNCTIONS).fetchall()]
