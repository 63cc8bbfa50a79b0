"""Key vaults: one for each app's secrets, one for encryption keys, and one in the paired region for geo backups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.identity import IdentityOutputs
from components.key_vault import (
    ENCRYPT_WITH_KEYS,
    READ_SECRETS,
    KeyVault,
    KeyVaultArgs,
    VaultAccess,
    VaultGrant,
    VaultKeyArgs,
    vault_key,
)
from stacks.outputs import Common, Identities, Network
from stacks.settings.model import Settings
from stacks.settings.origin import Origin, made_from
from stacks.settings.vaults import VaultSettings

ENCRYPTION = "encryption"
GEO_ENCRYPTION = "geo-encryption"


@dataclass(frozen=True, kw_only=True)
class EncryptionKey:
    """A customer-managed key and the identity that may use it.

    uri: versionless, so that a new version is picked up without a deployment; versioned_uri: for the services that
    take nothing else; identity: the user-assigned identity with get, list, wrapKey and unwrapKey.
    granted: what to wait for before the key is used: the identity's access. Not the whole vault, whose private
    endpoint and diagnostics nobody who encrypts needs.
    """

    uri: pulumi.Output[str]
    versioned_uri: pulumi.Output[str]
    identity: IdentityOutputs
    granted: pulumi.Resource


@dataclass(frozen=True, kw_only=True)
class Vaults:
    """apps: each app's vault; key_vaults: vaults of encryption keys (``keys``, ``geo``); keys: encryption keys by use
    (``postgres``, ``archive``, ``redis``); geo_key: the one in the paired region, where geo-redundant backup is on."""

    apps: Mapping[str, KeyVault]
    key_vaults: Mapping[str, KeyVault]
    keys: Mapping[str, EncryptionKey]
    geo_key: EncryptionKey | None


def key_uses(settings: Settings) -> list[str]:
    """What this stack encrypts with keys of its own."""
    redis = settings.cache is not None and settings.cache.customer_managed_key
    return ["postgres", "archive", *(["redis"] if redis else [])]


def build_vaults(settings: Settings, common: Common, network: Network, identities: Identities) -> Vaults:
    """Every vault of the stack, each with exactly one identity's access."""
    stack_file = f"Pulumi.{pulumi.get_stack()}.yaml"
    apps = {}
    for app, app_settings in settings.apps.items():
        with made_from(Origin(stack_file, f"medspasync:apps.{app}")):
            apps[app] = _vault(
                f"vault-{app}",
                settings.vaults,
                common,
                network,
                vault_name=app_settings.vault_name or common.names.vault(app),
                reader=identities.apps[app],
                access=READ_SECRETS,
            )
    with made_from(Origin(stack_file, "medspasync:vaults.keys")):
        identity = identities.duties[ENCRYPTION]
        vault = _vault(
            "vault-keys",
            settings.vaults,
            common,
            network,
            vault_name=common.names.vault("keys"),
            reader=identity,
            access=ENCRYPT_WITH_KEYS,
        )
        keys = {
            use: _key(f"key-{use}", use, settings, common.groups["data"], vault, identity) for use in key_uses(settings)
        }
        if GEO_ENCRYPTION not in identities.duties:
            return Vaults(apps=apps, key_vaults={"keys": vault}, keys=keys, geo_key=None)
        geo_vault, geo_key = _geo_key(settings, common, network, identities)
    return Vaults(apps=apps, key_vaults={"keys": vault, "geo": geo_vault}, keys=keys, geo_key=geo_key)


def _geo_key(
    settings: Settings, common: Common, network: Network, identities: Identities
) -> tuple[KeyVault, EncryptionKey]:
    """Azure wants the key of a geo-redundant backup in the paired region, under an identity of its own."""
    identity = identities.duties[GEO_ENCRYPTION]
    vault = _vault(
        "vault-keys-geo",
        settings.vaults,
        common,
        network,
        vault_name=common.names.vault("geo"),
        reader=identity,
        access=ENCRYPT_WITH_KEYS,
        location=settings.platform.paired_location,
        group="paired",
    )
    return vault, _key("key-postgres-geo", "postgres-geo", settings, common.groups["paired"], vault, identity)


def _vault(
    name: str,
    settings: VaultSettings,
    common: Common,
    network: Network,
    *,
    vault_name: pulumi.Input[str],
    reader: IdentityOutputs,
    access: VaultAccess,
    location: str | None = None,
    group: str = "data",
) -> KeyVault:
    return KeyVault(
        name,
        KeyVaultArgs(
            resource_group_name=common.groups[group],
            location=location or common.location,
            endpoint_resource_group_name=common.groups["data"],
            endpoint_location=common.location,
            tenant_id=common.tenant_id,
            vault_name=vault_name,
            sku=settings.sku,
            authorization=settings.authorization,
            grants=[VaultGrant(name="reader", principal_id=reader.principal_id, access=access)],
            private_access=network.private_access("vault"),
            logs=common.logs,
            protection=common.protection,
            soft_delete_days=settings.soft_delete_days,
            tags=dict(common.tags),
        ),
    )


def _key(
    name: str,
    key_name: str,
    settings: Settings,
    group: pulumi.Output[str],
    vault: KeyVault,
    identity: IdentityOutputs,
) -> EncryptionKey:
    key = vault_key(
        name,
        VaultKeyArgs(
            resource_group_name=group,
            vault_name=vault.outputs.name,
            key_name=key_name,
            hardware=settings.vaults.sku == "premium",
            size=settings.vaults.keys.size,
            expires_after=settings.vaults.keys.expires_after,
            rotate_before=settings.vaults.keys.rotate_before,
            protect=settings.protection.protect,
        ),
        parent=vault,
    )
    return EncryptionKey(uri=key.key_uri, versioned_uri=key.key_uri_with_version, identity=identity, granted=vault.granted)
