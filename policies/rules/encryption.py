"""Customer-managed keys: identity, permission and encryption fit together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from facts.regions import region_name, regions
from policies.access import ENCRYPT_WITH_KEYS, may
from policies.resource import UNKNOWN, Resource, token
from policies.rule import rule
from policies.view import Stack

VAULT, IDENTITY, SERVER = "keyvault:Vault", "managedidentity:UserAssignedIdentity", "dbforpostgresql:Server"

KEY_URI = re.compile(r"^https://(?P<vault>[^.]+)\.vault\.azure\.net(?:/keys/(?P<key>[^/]+))?", re.IGNORECASE)


@dataclass(frozen=True)
class Use:
    """Where a resource type names a key and the identity that uses it.

    key: the key's URI, or its vault's where the key's name stands apart in ``name``.
    """

    key: str
    identity: str
    name: str = ""


_REDIS = "encryption.customerManagedKeyEncryption"
USES = {
    token(SERVER): (
        Use("dataEncryption.primaryKeyURI", "dataEncryption.primaryUserAssignedIdentityId"),
        Use("dataEncryption.geoBackupKeyURI", "dataEncryption.geoBackupUserAssignedIdentityId"),
    ),
    token("redisenterprise:RedisEnterprise"): (
        Use(f"{_REDIS}.keyEncryptionKeyUrl", f"{_REDIS}.keyEncryptionKeyIdentity.userAssignedIdentityResourceId"),
    ),
    token("storage:StorageAccount"): (
        Use(
            "encryption.keyVaultProperties.keyVaultUri",
            "encryption.encryptionIdentity.encryptionUserAssignedIdentity",
            "encryption.keyVaultProperties.keyName",
        ),
    ),
}


def _encrypts(resource: Resource) -> bool:
    return any(resource.has(use.key) for use in USES[resource.type])


@rule(
    "ENC-KEY-ACCESS",
    "Whatever is encrypted with a key of ours can use it: identity, permission and key fit together",
    on=list(USES),
    severity="critical",
    controls=["164.312(a)(2)(iv)", "164.308(a)(7)(ii)(C)"],
    remediation="Name a key of this stack and an identity that has get, list, wrapKey and unwrapKey in its vault.",
    source="MicrosoftDocs security-data-encryption: without the permission the server becomes inaccessible",
    where=_encrypts,
)
def key_access(resource: Resource, stack: Stack) -> Iterator[str]:
    for use in USES[resource.type]:
        if not resource.has(use.key):
            continue
        vault = _vault(resource, use, stack)
        if vault is None:
            yield f"{use.key} is no key of this stack: {resource.get(use.key)}"
            continue
        identities = stack.targets(resource, use.identity, IDENTITY)
        if not identities:
            yield f"{use.identity} is no identity of this stack"
        for identity in identities:
            if not may(ENCRYPT_WITH_KEYS, identity, vault, stack):
                yield f"{identity} may not wrap and unwrap with the keys of {vault}, which {use.key} names"


def _vault(resource: Resource, use: Use, stack: Stack) -> Resource | None:
    """The vault that holds the key, when both are in this stack."""
    match = KEY_URI.match(str(resource.get(use.key)))
    if match is None:
        return None
    name = str(resource.get(use.name) if use.name else match.group("key")).lower()
    for vault in stack.by_type(VAULT):
        if str(vault.get("vaultName")).lower() == match.group("vault").lower():
            keys = stack.holders(vault, "vaultName", "keyvault:Key", by="vaultName")
            if any(str(key.get("keyName")).lower() == name for key in keys):
                return vault
    return None


@rule(
    "ENC-GEO-KEY",
    "Geo-redundant backups have a key in the paired region, under an identity of their own",
    on=SERVER,
    severity="high",
    controls=["164.312(a)(2)(iv)", "164.308(a)(7)(ii)(B)"],
    remediation="Keep the geo key in a vault in the paired region, and use an identity made there for it.",
    source="MicrosoftDocs security-data-encryption; learn.microsoft.com/azure/reliability/regions-list",
    where=lambda server: server.has("dataEncryption.geoBackupKeyURI"),
)
def geo_key(server: Resource, stack: Stack) -> Iterator[str]:
    primary, geo = USES[server.type]
    region = region_name(server.get("location"))
    expected = regions()[region].pair if region in regions() else None
    vault = _vault(server, geo, stack)
    if vault is not None and region_name(vault.get("location")) != expected:
        yield f"the geo key's vault {vault} is in {vault.get('location')}, must be in {expected}, paired with {region}"
    for identity in stack.targets(server, geo.identity, IDENTITY):
        if region_name(identity.get("location")) != expected:
            yield f"its identity {identity} is in {identity.get('location')}, must be in {expected}, as the key is"
    identities = [next(iter(server.leaves(use.identity)), UNKNOWN) for use in (primary, geo)]
    if UNKNOWN not in identities and identities[0] == identities[1]:
        yield "the geo key is used by the primary key's identity, must be another"
