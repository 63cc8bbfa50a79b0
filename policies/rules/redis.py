"""Azure Managed Redis."""

from collections.abc import Iterator

from policies.resource import Resource
from policies.rule import rule

CLUSTER, DATABASE = "redisenterprise:RedisEnterprise", "redisenterprise:Database"


@rule(
    "REDIS-PERSISTENCE",
    "Sessions survive a restart of the cache",
    on=DATABASE,
    severity="medium",
    controls=["164.308(a)(7)(ii)(A)"],
    remediation="Set persistence.rdbEnabled or persistence.aofEnabled to true.",
    source="requirement S14",
)
def persistence(database: Resource) -> Iterator[str]:
    if not (database.get("persistence.rdbEnabled") or database.get("persistence.aofEnabled")):
        yield "neither persistence.rdbEnabled nor persistence.aofEnabled is on"
