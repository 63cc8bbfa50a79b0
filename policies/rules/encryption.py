"""Customer-managed keys: identity, permission and encryption fit together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from facts.regions import region_name, regions
from policies.access import ENCRYPT_WITH_KEYS, IDENTITY, may, names_in, vaults_named
from policies.resource import UNKNOWN, Resource, shown_at, token
from policies.rule import rule
from policies.view import Stack

VAULT, KEY = "keyvault:Vault", "keyvault:Key"
SERVER = "dbforpostgresql:Server"

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
        vaults = _vaults(resource, use, stack)
        if not vaults:
            yield f"{use.key} is no key of this stack: {shown_at(resource.inputs, use.key)}"
            continue
        identities = stack.targets(resource, use.identity, IDENTITY)
        if not identities:
            yield f"{use.identity} is no identity of this stack"
        elif not any(may(ENCRYPT_WITH_KEYS, identity, vault, stack) for identity in identities for vault in vaults):
            yield f"{identities[0]} may not wrap and unwrap with the keys of {vaults[0]}, which {use.key} names"


def _vaults(resource: Resource, use: Use, stack: Stack) -> list[Resource]:
    """The vault that holds the key, when both are in this stack; each that it may be, where that is not known yet."""
    uri = resource.known(use.key)
    name = resource.known(use.name) if use.name else None
    if uri is UNKNOWN or name is UNKNOWN:
        keys = stack.targets(resource, use.key, KEY, by="keyUri")
        return [vault for key in keys for vault in stack.owners(key, "vaultName", VAULT)]
    match = KEY_URI.match(str(uri))
    if match is None:
        return []
    name = str(name if use.name else match.group("key")).lower()
    vaults = vaults_named(match.group("vault"), stack)
    return [vault for vault in vaults if name in names_in(vault, KEY, "keyName", stack)]


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
    # Of several, where it is not known yet which one is named, one that is right is enough.
    vaults = _vaults(server, geo, stack)
    if vaults and expected not in [region_name(vault.get("location")) for vault in vaults]:
        place = vaults[0].get("location")
        yield f"the geo key's vault {vaults[0]} is in {place}, must be in {expected}, paired with {region}"
    used = stack.targets(server, geo.identity, IDENTITY)
    if used and expected not in [region_name(identity.get("location")) for identity in used]:
        yield f"its identity {used[0]} is in {used[0].get('location')}, must be in {expected}, as the key is"
    identities = [next(iter(server.leaves(use.identity)), UNKNOWN) for use in (primary, geo)]
    if UNKNOWN not in identities and identities[0] == identities[1]:
        yield "the geo key is used by the primary key's identity, must be another"
