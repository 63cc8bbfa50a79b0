"""Azure Managed Redis."""

from collections.abc import Iterator

from policies.rule import must, rule
from policies.view import Resource

CLUSTER, DATABASE = "redisenterprise:RedisEnterprise", "redisenterprise:Database"


@rule(
    "REDIS-TLS",
    "The cache refuses TLS below 1.2",
    on=CLUSTER,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set minimumTlsVersion to 1.2.",
    source="PSRule AZR-000301",
)
def minimum_tls(cluster: Resource) -> Iterator[str]:
    yield from must(cluster, "minimumTlsVersion", "1.2", "1.3")


@rule(
    "REDIS-ENCRYPTED-CLIENTS",
    "The cache speaks to clients over TLS only",
    on=DATABASE,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set clientProtocol to Encrypted.",
    source="Azure Policy 'Only secure connections to your Azure Cache for Redis should be enabled'",
)
def encrypted_clients(database: Resource) -> Iterator[str]:
    yield from must(database, "clientProtocol", "Encrypted")


@rule(
    "REDIS-ENTRA-ONLY",
    "Only Entra identities sign in to the cache; access keys are off",
    on=DATABASE,
    severity="critical",
    controls=["164.312(d)", "164.312(a)(2)(i)"],
    remediation="Set accessKeysAuthentication to Disabled and assign the access policy to each app's identity.",
    source="PSRule AZR-000496; Azure Verified Modules leave keys on",
)
def entra_only(database: Resource) -> Iterator[str]:
    yield from must(database, "accessKeysAuthentication", "Disabled")


@rule(
    "REDIS-PRIVATE",
    "The cache has no public address",
    on=CLUSTER,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Set publicNetworkAccess to Disabled and give it a private endpoint.",
    source="Azure Policy 'Azure Cache for Redis should disable public network access'",
)
def private_cache(cluster: Resource) -> Iterator[str]:
    yield from must(cluster, "publicNetworkAccess", "Disabled")


@rule(
    "REDIS-HIGH-AVAILABILITY",
    "The cache has a replica in another zone",
    on=CLUSTER,
    severity="medium",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Set highAvailability to Enabled.",
    source="PSRule AZR-000162; Managed Redis with high availability spreads over zones by itself",
)
def high_availability(cluster: Resource) -> Iterator[str]:
    yield from must(cluster, "highAvailability", "Enabled")


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
