"""The access matrix: role by relation, from the catalog, for the auditor."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection

# Effective rights, whatever way they came; what a policy then lets through is the column "rows".
_QUERY = """
SELECT k.name, k.kind, format('%I.%I', n.nspname, c.relname),
    ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
          WHERE has_table_privilege(r.oid, c.oid, p)),
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
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition AND n.nspname IN ('phi', 'audit', 'security')
ORDER BY k.kind, k.name, 3
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
