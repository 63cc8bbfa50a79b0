"""Key Vaults, their access, keys and secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

import pulumi
from pulumi_azure_native import keyvault

from components.diagnostics import LogDestination, diagnose
from components.former_types import former_types
from components.key_vault_events import ExpiryEvents, alert_on_expiry
from components.private_endpoint import PrivateAccess, private_endpoint
from components.protection import Protection, lock_resource
from components.role_assignment import assign_role
from facts.roles import role_id


@dataclass(frozen=True, kw_only=True)
class VaultAccess:
    """A permission set, in both of Key Vault's authorization models; the two grant the same.

    keys, secrets: access-policy permissions; role_id: the built-in data-plane role.
    """

    keys: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    role_id: str


# Role ids: learn.microsoft.com/azure/role-based-access-control/built-in-roles/security.
READ_SECRETS = VaultAccess(secrets=("get", "list"), role_id=role_id("Key Vault Secrets User"))
"""Key Vault Secrets User: what an App Service Key Vault reference needs, and no more."""

ENCRYPT_WITH_KEYS = VaultAccess(
    keys=("get", "list", "wrapKey", "unwrapKey"), role_id=role_id("Key Vault Crypto Service Encryption User")
)
"""Key Vault Crypto Service Encryption User: what a service needs to use a customer-managed key."""


@dataclass(frozen=True, kw_only=True)
class VaultGrant:
    """One identity's access to a vault. principal_id is the identity's object id."""

    name: str
    principal_id: pulumi.Input[str]
    access: VaultAccess


@dataclass(frozen=True, kw_only=True)
class KeyVaultArgs:
    """Arguments of `KeyVault`.

    vault_name: globally unique, 3 to 24 characters, letters, digits and single hyphens.
    sku: ``premium`` keeps keys in an HSM.
    authorization: ``access-policies`` (inline, the whole list is ours) or ``rbac``; Azure ignores the other model.
    grants: who may do what; nobody else has data-plane access.
    soft_delete_days: 7 to 90, fixed at creation.
    expiry: alerts on what is about to expire in it, or has; none where left out.
    private_access: None for a vault that is reached from everywhere, with an Entra identity only: it is closed where
    this is given.
    endpoint_resource_group_name, endpoint_location: where the private endpoint is, when the vault is in another
    region than the network (a private endpoint is always where its subnet is).
    """

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    tenant_id: pulumi.Input[str]
    vault_name: pulumi.Input[str]
    sku: Literal["standard", "premium"]
    authorization: Literal["access-policies", "rbac"]
    grants: Sequence[VaultGrant]
    private_access: PrivateAccess | None
    logs: LogDestination
    protection: Protection
    soft_delete_days: int = 90
    expiry: ExpiryEvents | None = None
    endpoint_resource_group_name: pulumi.Input[str] | None = None
    endpoint_location: pulumi.Input[str] | None = None
    tags: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class KeyVaultOutputs:
    """id: ARM id; name: the vault's name; uri: ``https://<name>.vault.azure.net/``; topic_id: of the topic that
    tells of what ends, where the vault has one."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    uri: pulumi.Output[str]
    topic_id: pulumi.Output[str] | None = None


class KeyVault(pulumi.ComponentResource):
    """A vault, purge-protected, with exactly the given access, that only its private endpoint reaches where it has one.

    ``bypass: AzureServices`` stays on: PostgreSQL and Redis reach a customer-managed key as trusted services.

    granted: the resource that gives the last of the grants; reachable: the one that makes the vault's name resolve
    inside the network; last_written: what the next key or secret waits for. Azure refuses parallel writes to one
    vault, so its endpoint, the subscriptions to its events, keys and secrets are one chain (facts/types.yaml, serial).
    Who needs one of them waits for it, not for the whole component.
    """

    outputs: KeyVaultOutputs
    granted: pulumi.Resource
    reachable: pulumi.Resource | None
    last_written: list[pulumi.Resource]

    def __init__(self, name: str, args: KeyVaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("medspasync:components:KeyVault", name, None, opts)
        by_policy = args.authorization == "access-policies"
        vault = keyvault.Vault(
            name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            vault_name=args.vault_name,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=args.tenant_id,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName(args.sku)),
                enable_rbac_authorization=not by_policy,
                access_policies=[_policy(grant, args.tenant_id) for grant in args.grants] if by_policy else [],
                enable_soft_delete=True,
                soft_delete_retention_in_days=args.soft_delete_days,
                enable_purge_protection=True,
                enabled_for_deployment=False,
                enabled_for_disk_encryption=False,
                enabled_for_template_deployment=False,
                public_network_access="Disabled" if args.private_access else "Enabled",
                network_acls=keyvault.NetworkRuleSetArgs(
                    bypass=keyvault.NetworkRuleBypassOptions.AZURE_SERVICES,
                    default_action=(
                        keyvault.NetworkRuleAction.DENY if args.private_access else keyvault.NetworkRuleAction.ALLOW
                    ),
                    ip_rules=[],
                    virtual_network_rules=[],
                ),
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protection.protect or None, aliases=former_types(keyvault.Vault)
            ),
        )
        self.granted = vault
        if not by_policy:
            for grant in args.grants:
                self.granted = assign_role(
                    f"{name}-{grant.name}",
                    scope=vault.id,
                    role_id=grant.access.role_id,
                    principal_id=grant.principal_id,
                    parent=self,
                )
        self.reachable = None
        if args.private_access is not None:
            self.reachable = private_endpoint(
                name,
                resource_group_name=args.endpoint_resource_group_name or args.resource_group_name,
                location=args.endpoint_location or args.location,
                service_id=vault.id,
                group_id="vault",
                access=args.private_access,
                parent=self,
                tags=args.tags,
            )
        self.last_written = [self.reachable or vault]
        topic_id = None
        if args.expiry is not None:
            topic, self.last_written = alert_on_expiry(
                name,
                args.expiry,
                resource_group_name=args.resource_group_name,
                location=args.location,
                vault_id=vault.id,
                logs=args.logs,
                parent=self,
                tags=args.tags,
                depends_on=self.last_written,
            )
            topic_id = topic.id
        diagnose(name, vault.id, args.logs, parent=self)
        lock_resource(name, vault.id, args.protection, parent=self)
        self.outputs = KeyVaultOutputs(id=vault.id, name=vault.name, uri=vault.properties.vault_uri, topic_id=topic_id)
        self.register_outputs(vars(self.outputs))


def _policy(grant: VaultGrant, tenant_id: pulumi.Input[str]) -> keyvault.AccessPolicyEntryArgs:
    """An access policy entry. No application id: with one, App Service references fail."""
    return keyvault.AccessPolicyEntryArgs(
        tenant_id=tenant_id,
        object_id=grant.principal_id,
        permissions=keyvault.PermissionsArgs(
            keys=list(grant.access.keys), secrets=list(grant.access.secrets), certificates=[], storage=[]
        ),
    )


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
