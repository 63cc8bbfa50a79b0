"""Key Vaults and their access; what is in one: key_vault_contents.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import keyvault

from components.component import Component, Placed
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
class KeyVaultArgs(Placed):
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


@dataclass(frozen=True, kw_only=True)
class KeyVaultOutputs:
    """id: ARM id; name: the vault's name; uri: ``https://<name>.vault.azure.net/``; topic_id: of the topic that
    tells of what ends, where the vault has one."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    uri: pulumi.Output[str]
    topic_id: pulumi.Output[str] | None = None


class KeyVault(Component[KeyVaultArgs, KeyVaultOutputs]):
    """A vault, purge-protected, with exactly the given access, that only its private endpoint reaches where it has one.

    ``bypass: AzureServices`` stays on: PostgreSQL and Redis reach a customer-managed key as trusted services.

    granted: the resource that gives the last of the grants; reachable: the one that makes the vault's name resolve
    inside the network; last_written: what the next key or secret waits for. Azure refuses parallel writes to one
    vault, so its endpoint, the subscriptions to its events, keys and secrets are one chain (facts/types.yaml, serial).
    Who needs one of them waits for it, not for the whole component.
    """

    granted: pulumi.Resource
    reachable: pulumi.Resource | None
    last_written: list[pulumi.Resource]

    def _declare(self, name: str, args: KeyVaultArgs) -> KeyVaultOutputs:
        by_policy = args.authorization == "access-policies"
        vault = keyvault.Vault(
            name,
            **args.place,
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
            place = args.place | {
                "resource_group_name": args.endpoint_resource_group_name or args.resource_group_name,
                "location": args.endpoint_location or args.location,
            }
            self.reachable = private_endpoint(name, vault.id, "vault", args.private_access, place=place, parent=self)
        self.last_written = [self.reachable or vault]
        topic_id = None
        if args.expiry is not None:
            topic, self.last_written = alert_on_expiry(
                name,
                args.expiry,
                place=args.place,
                vault_id=vault.id,
                logs=args.logs,
                parent=self,
                depends_on=self.last_written,
            )
            topic_id = topic.id
        diagnose(name, vault.id, args.logs, parent=self)
        lock_resource(name, vault.id, args.protection, parent=self)
        return KeyVaultOutputs(id=vault.id, name=vault.name, uri=vault.properties.vault_uri, topic_id=topic_id)


def _policy(grant: VaultGrant, tenant_id: pulumi.Input[str]) -> keyvault.AccessPolicyEntryArgs:
    """An access policy entry. No application id: with one, App Service references fail."""
    return keyvault.AccessPolicyEntryArgs(
        tenant_id=tenant_id,
        object_id=grant.principal_id,
        permissions=keyvault.PermissionsArgs(
            keys=list(grant.access.keys), secrets=list(grant.access.secrets), certificates=[], storage=[]
        ),
    )
