"""Key vaults: one for each app's secrets, one for the database job's, one for encryption keys, and one in the paired
region for geo backups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi

from components.encryption import CustomerManagedKey
from components.identity import IdentityOutputs
from components.key_vault import ENCRYPT_WITH_KEYS, READ_SECRETS, KeyVault, KeyVaultArgs, VaultAccess, VaultGrant
from components.key_vault_contents import VaultKeyArgs, vault_key
from components.key_vault_events import ALERT_NAMES, ExpiryAlert, ExpiryEvents
from stacks.catalogues.vault_events import VAULT_EVENTS, vault_events
from stacks.entries import Entry, Part, leave_out, name_entry, name_parts, stack_entry
from stacks.outputs import Foundation
from stacks.settings.jobs import installs_credentials
from stacks.settings.model import Settings

ENCRYPTION = "encryption"
GEO_ENCRYPTION = "geo-encryption"
DATABASE_CREDENTIALS = "database-credentials"

Holds = Literal["secrets", "keys"]
_ACCESS: Mapping[Holds, VaultAccess] = {"secrets": READ_SECRETS, "keys": ENCRYPT_WITH_KEYS}


@dataclass(frozen=True, kw_only=True)
class EncryptionKey(CustomerManagedKey):
    """A key of the stack's own.

    granted: what to wait for before the key is used: the identity's access. Not the whole vault, whose private
    endpoint and diagnostics nobody who encrypts needs.
    """

    granted: pulumi.Resource


@dataclass(frozen=True, kw_only=True)
class Vaults:
    """apps: each app's vault; database: what the job that brings credentials into the database reads, and nothing else,
    since an access policy covers a whole vault; None without that job; key_vaults: vaults of encryption keys (``keys``,
    ``geo``); keys: encryption keys by use (``postgres``, ``archive``, ``redis``); geo_key: the one in the paired
    region, where geo-redundant backup is on."""

    apps: Mapping[str, KeyVault]
    key_vaults: Mapping[str, KeyVault]
    database: KeyVault | None
    keys: Mapping[str, EncryptionKey]
    geo_key: EncryptionKey | None


def key_uses(settings: Settings) -> list[str]:
    """What this stack encrypts with keys of its own."""
    redis = settings.cache is not None and settings.cache.customer_managed_key
    return ["postgres", "archive", *(["redis"] if redis else [])]


def build_vaults(settings: Settings, foundation: Foundation) -> Vaults:
    """Every vault of the stack, each with exactly one identity's access."""
    names, identities = foundation.common.names, foundation.identities
    apps = {}
    for app, app_settings in settings.apps.items():
        with name_entry(stack_entry(f"apps.{app}")):
            apps[app] = _vault(
                app,
                settings,
                foundation,
                vault_name=app_settings.vault_name or names.vault(app),
                reader=identities.apps[app],
                holds="secrets",
            )
    database = None
    if installs_credentials(settings.database_job, settings.apps):
        with name_entry(stack_entry("databaseJob")):
            database = _vault(
                "database",
                settings,
                foundation,
                vault_name=names.vault("database"),
                reader=identities.duties[DATABASE_CREDENTIALS],
                holds="secrets",
            )
    key_vaults, geo_key = {}, None
    with name_entry(stack_entry("vaults.keys")):
        identity = identities.duties[ENCRYPTION]
        key_vaults["keys"] = vault = _vault(
            "keys", settings, foundation, vault_name=names.vault("keys"), reader=identity, holds="keys"
        )
        keys = {use: _keys(use, settings, foundation, vault, identity) for use in key_uses(settings)}
        if GEO_ENCRYPTION in identities.duties:
            # Azure wants the key of a geo-redundant backup in the paired region, under an identity of its own.
            identity = identities.duties[GEO_ENCRYPTION]
            key_vaults["geo"] = vault = _vault(
                "keys-geo",
                settings,
                foundation,
                vault_name=names.vault("geo"),
                reader=identity,
                holds="keys",
                location=settings.platform.paired_location,
                group="paired",
            )
            geo_key = _keys("postgres-geo", settings, foundation, vault, identity, group="paired")
    return Vaults(apps=apps, database=database, key_vaults=key_vaults, keys=keys, geo_key=geo_key)


def _vault(
    part: str,
    settings: Settings,
    foundation: Foundation,
    *,
    vault_name: pulumi.Input[str],
    reader: IdentityOutputs,
    holds: Holds,
    location: str | None = None,
    group: str = "data",
) -> KeyVault:
    common = foundation.common
    expiry = _expiry(part, holds, settings, foundation)
    with name_parts(*(Part(Entry(VAULT_EVENTS, alert.name), ALERT_NAMES, alert.name) for alert in expiry.alerts)):
        return KeyVault(
            f"vault-{part}",
            KeyVaultArgs(
                **common.place(group, location),
                endpoint_resource_group_name=common.groups["data"],
                endpoint_location=common.location,
                tenant_id=common.tenant_id,
                vault_name=vault_name,
                sku=settings.vaults.sku,
                authorization=settings.vaults.authorization,
                grants=[VaultGrant(name="reader", principal_id=reader.principal_id, access=_ACCESS[holds])],
                private_access=foundation.network.private_access("vault"),
                logs=common.logs,
                protection=common.protection,
                soft_delete_days=settings.vaults.soft_delete_days,
                expiry=expiry,
            ),
        )


VERSIONED = ("redis",)
"""Uses that name a version of their key: Azure Managed Redis takes no other URL, so the key does not rotate itself."""


def _versioned_keys(part: str, settings: Settings) -> list[str]:
    """Names of the keys in a vault whose user names a version, by generation; the last one is in use."""
    uses = [use for use in key_uses(settings) if use in VERSIONED] if part == "keys" else []
    return [f"{use}-{key_id}" for use in uses for key_id in settings.vaults.keys]


def _expiry(part: str, holds: Holds, settings: Settings, foundation: Foundation) -> ExpiryEvents:
    """The catalogue's alerts on what such a vault holds: on no key that nobody uses any more."""
    versioned = _versioned_keys(part, settings)
    if part == "keys" and not versioned:
        for name, entry in vault_events().items():
            if entry.keys == "versioned":
                leave_out("nothing in this stack names a version of its key", Entry(VAULT_EVENTS, name))
    never = {"rotating": versioned, "versioned": (), None: versioned[:-1]}
    return ExpiryEvents(
        topic_name=foundation.common.names.regional("evgt", part),
        alerts=[
            ExpiryAlert(
                name=name,
                event=entry.event,
                severity=entry.severity,
                description=f"{entry.summary} Runbook: docs/runbooks/{entry.runbook}.md",
                action_group_id=foundation.monitoring.action_groups[entry.channel],
                only=versioned[-1:] if entry.keys == "versioned" else (),
                never=never[entry.keys],
            )
            for name, entry in vault_events().items()
            if entry.about == holds and (entry.keys != "versioned" or versioned)
        ],
    )


def _keys(
    use: str,
    settings: Settings,
    foundation: Foundation,
    vault: KeyVault,
    identity: IdentityOutputs,
    *,
    group: str = "data",
) -> EncryptionKey:
    """Every generation of the key for ``use``; the last one encrypts, the others stay for old backups."""
    for key_id, generation in settings.vaults.keys.items():
        with name_entry(stack_entry(f"vaults.keys.{key_id}")):
            key = vault_key(
                f"key-{use}-{key_id}",
                VaultKeyArgs(
                    resource_group_name=foundation.common.groups[group],
                    vault_name=vault.outputs.name,
                    key_name=f"{use}-{key_id}",
                    hardware=generation.hardware,
                    size=generation.size,
                    expires_on=settings.vaults.key_expires_on(key_id),
                    expires_after=generation.expires_after,
                    rotate_before=generation.rotate_before,
                    rotates=use not in VERSIONED,
                    protect=settings.protection.protect,
                ),
                vault,
            )
    versioned = key.key_uri_with_version
    return EncryptionKey(uri=key.key_uri, versioned_uri=versioned, identity_id=identity.id, granted=vault.granted)
