"""What is in a Key Vault: secrets and keys, written through ARM one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

import pulumi
from pulumi_azure_native import keyvault

from components.former_types import former_types
from components.key_vault import KeyVault


@dataclass(frozen=True, kw_only=True)
class VaultSecretArgs:
    """Arguments of `vault_secret`.

    expires_on: from config, never from the clock, or every run would differ.
    content_type: what the value is, for whoever rotates it.
    enabled: a disabled secret stays in the vault and nobody can read its current version.
    """

    resource_group_name: pulumi.Input[str]
    vault_name: pulumi.Input[str]
    secret_name: str
    value: pulumi.Input[str]
    content_type: str
    expires_on: date | None
    enabled: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)


def vault_secret(name: str, args: VaultSecretArgs, vault: KeyVault) -> keyvault.Secret:
    """A secret, written through ARM, so that no line of sight to the vault is needed.

    Retained on delete: the provider deletes over the data plane, which a deployer can neither reach nor should.
    """
    secret = keyvault.Secret(
        name,
        resource_group_name=args.resource_group_name,
        vault_name=args.vault_name,
        secret_name=args.secret_name,
        properties=keyvault.SecretPropertiesArgs(
            value=pulumi.Output.secret(args.value),
            content_type=args.content_type,
            attributes=keyvault.SecretAttributesArgs(
                enabled=args.enabled, expires=_seconds(args.expires_on) if args.expires_on else None
            ),
        ),
        tags=dict(args.tags) or None,
        opts=pulumi.ResourceOptions(
            parent=vault,
            retain_on_delete=True,
            depends_on=vault.last_written,
            aliases=former_types(keyvault.Secret),
        ),
    )
    vault.last_written = [secret]
    return secret


@dataclass(frozen=True, kw_only=True)
class VaultKeyArgs:
    """Arguments of `vault_key`.

    hardware: keep the key in an HSM (needs a premium vault).
    size: 2048, 3072 or 4096 bits.
    expires_on: when the first version ends; from config, never from the clock. Azure gives an expiry to the versions
    that it makes itself only, and neither rotates nor tells of a version without one
    (learn.microsoft.com/azure/key-vault/keys/how-to-configure-key-rotation, key rotation policy).
    expires_after, rotate_before: ISO 8601 durations; Azure makes a new version ``rotate_before`` the expiry.
    rotates: False for a key whose user names a version and would stay on it. Azure then makes no other version, so that
    its events, which are about the newest one, are about the one in use, and tells ``rotate_before`` the expiry.
    operations: what the key may be used for.
    """

    resource_group_name: pulumi.Input[str]
    vault_name: pulumi.Input[str]
    key_name: str
    hardware: bool
    size: Literal[2048, 3072, 4096]
    expires_on: date
    expires_after: str
    rotate_before: str
    rotates: bool = True
    operations: tuple[Literal["wrapKey", "unwrapKey", "encrypt", "decrypt"], ...] = ("wrapKey", "unwrapKey")
    protect: bool = False


# What ARM takes when it makes a key. In one that exists it changes nothing of it: it answers as if done, or with 400
# KeyCreationParametersDidNotMatchExistingKey (learn.microsoft.com/rest/api/keyvault/keyvault/keys/create-if-not-exist;
# Azure/bicep#8283).
_FIXED = ("kty", "keySize", "keyOps")


def vault_key(name: str, args: VaultKeyArgs, vault: KeyVault) -> keyvault.Key:
    """A wrapping key that rotates itself, or tells in time that it must be replaced.

    ARM makes a key once and never changes it: an update does nothing, or is refused. So the engine is told
    to replace a key whose type, size or operations change. It then refuses: a protected key cannot be
    replaced, and another one cannot be made under a name that is taken. Give the changed key a name of its own.
    """
    key = keyvault.Key(
        name,
        resource_group_name=args.resource_group_name,
        vault_name=args.vault_name,
        key_name=args.key_name,
        properties=keyvault.KeyPropertiesArgs(
            kty=keyvault.JsonWebKeyType.RS_A_HSM if args.hardware else keyvault.JsonWebKeyType.RSA,
            key_size=args.size,
            key_ops=[keyvault.JsonWebKeyOperation(operation) for operation in args.operations],
            attributes=keyvault.KeyAttributesArgs(enabled=True, expires=_seconds(args.expires_on)),
            rotation_policy=keyvault.RotationPolicyArgs(
                attributes=keyvault.KeyRotationPolicyAttributesArgs(expiry_time=args.expires_after),
                lifetime_actions=_lifetime_actions(args),
            ),
        ),
        opts=pulumi.ResourceOptions(
            aliases=former_types(keyvault.Key),
            parent=vault,
            retain_on_delete=True,
            protect=args.protect or None,
            replace_on_changes=[f"properties.{name}" for name in _FIXED],
            # Each version that Azure makes has an end of its own. The rotation policy comes back in Azure's own words:
            # compared, it would replace a protected key, and so stop every `up`. Rule KV-KEY-ROTATION judges it.
            ignore_changes=["properties.attributes.expires", "properties.rotationPolicy"],
            depends_on=vault.last_written,
        ),
    )
    vault.last_written = [key]
    return key


def _lifetime_actions(args: VaultKeyArgs) -> list[keyvault.LifetimeActionArgs]:
    """Rotate, and tell where that did not happen; or tell only."""
    rotate, notify = keyvault.KeyRotationPolicyActionType.ROTATE, keyvault.KeyRotationPolicyActionType.NOTIFY
    wanted = [(rotate, args.rotate_before), (notify, "P30D")] if args.rotates else [(notify, args.rotate_before)]
    return [
        keyvault.LifetimeActionArgs(
            action=keyvault.ActionArgs(type=kind), trigger=keyvault.TriggerArgs(time_before_expiry=before)
        )
        for kind, before in wanted
    ]


def _seconds(day: date) -> int:
    """Midnight UTC of ``day`` in Unix seconds, as Key Vault counts."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
