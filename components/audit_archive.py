"""A storage account for audit records that nobody can change or delete before their time (WORM)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import storage

from components.diagnostics import LogDestination, diagnose
from components.encryption import CustomerManagedKey
from components.private_endpoint import PrivateAccess, private_endpoint
from components.protection import Protection, lock_resource


@dataclass(frozen=True, kw_only=True)
class AuditArchiveArgs:
    """Arguments of `AuditArchive`.

    account_name: globally unique, 3 to 24 lower-case letters and digits.
    redundancy: ``LRS`` one building, ``ZRS`` three zones, ``GRS`` and ``GZRS`` also the paired region, ``RA…`` readable
    there. Premium accounts cannot take exported logs.
    key: encrypts the account; Azure follows its rotations.
    containers: every container that a feed will write to. Azure's services choose the names of theirs, and a container
    that one of them makes by itself has no policy.
    retention_days: 1 to 146,000; how long a record cannot be changed or deleted.
    delete_after_days: when a record goes by itself; more than ``retention_days``.
    soft_delete_days: 1 to 365; how long a deleted record or container can be brought back.
    depends_on: what must be there first and no other argument names: the identity's access to the key.
    """

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    account_name: pulumi.Input[str]
    redundancy: Literal["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"]
    key: CustomerManagedKey
    containers: Sequence[str]
    retention_days: int
    delete_after_days: int
    soft_delete_days: int
    private_access: PrivateAccess
    logs: LogDestination
    protection: Protection
    depends_on: Sequence[pulumi.Resource] = ()
    tags: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class AuditArchiveOutputs:
    """id: the account's ARM id; name: its name; containers: ARM ids by name."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    containers: Mapping[str, pulumi.Output[str]]


class AuditArchive(pulumi.ComponentResource):
    """An account of append-only containers: no shared keys, no public access, our key over Azure's own encryption.

    The policies are unlocked: they hold, but an owner can remove them. Locking is an action and cannot be undone.
    ``policies`` is what a feed waits for: what arrived before its container's policy would be unprotected.
    """

    outputs: AuditArchiveOutputs
    policies: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: AuditArchiveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("medspasync:components:AuditArchive", name, None, opts)
        account = storage.StorageAccount(
            name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            account_name=args.account_name,
            kind=storage.Kind.STORAGE_V2,
            sku=storage.SkuArgs(name=storage.SkuName(f"Standard_{args.redundancy}")),
            access_tier=storage.AccessTier.HOT,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allowed_copy_scope=storage.AllowedCopyScope.PRIVATE_LINK,
            is_local_user_enabled=False,
            is_sftp_enabled=False,
            enable_nfs_v3=False,
            enable_https_traffic_only=True,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            public_network_access=storage.PublicNetworkAccess.DISABLED,
            # Azure Monitor delivers logs as a trusted service: the one way in besides the private endpoint.
            network_rule_set=storage.NetworkRuleSetArgs(
                default_action=storage.DefaultAction.DENY,
                bypass=storage.Bypass.AZURE_SERVICES,
                ip_rules=[],
                virtual_network_rules=[],
            ),
            identity=storage.IdentityArgs(
                type=storage.IdentityType.USER_ASSIGNED, user_assigned_identities=[args.key.identity_id]
            ),
            encryption=_encryption(args.key),
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protection.protect or None, depends_on=list(args.depends_on)
            ),
        )
        kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=args.soft_delete_days)
        storage.BlobServiceProperties(
            f"{name}-blobs",
            resource_group_name=args.resource_group_name,
            account_name=account.name,
            blob_services_name="default",
            delete_retention_policy=kept,
            container_delete_retention_policy=kept,
            # Records are only ever appended to: there is nothing to keep older versions of.
            is_versioning_enabled=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        storage.ManagementPolicy(
            f"{name}-lifecycle",
            resource_group_name=args.resource_group_name,
            account_name=account.name,
            management_policy_name="default",
            policy=storage.ManagementPolicySchemaArgs(rules=[_expiry(args.delete_after_days)]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        made = {container: self._worm_container(name, args, account.name, container) for container in args.containers}
        self.policies = [policy for _, policy in made.values()]
        private_endpoint(
            name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            service_id=account.id,
            group_id="blob",
            access=args.private_access,
            parent=self,
            tags=args.tags,
        )
        blobs_id = pulumi.Output.concat(account.id, "/blobServices/default")
        diagnose(name, blobs_id, args.logs, parent=self)
        lock_resource(name, account.id, args.protection, parent=self)
        self.outputs = AuditArchiveOutputs(
            id=account.id,
            name=account.name,
            containers={container: blobs.id for container, (blobs, _) in made.items()},
        )
        self.register_outputs(vars(self.outputs))

    def _worm_container(
        self, name: str, args: AuditArchiveArgs, account_name: pulumi.Output[str], container: str
    ) -> tuple[storage.BlobContainer, pulumi.Resource]:
        """A container and its time-based retention.

        Both are retained on delete: records outlive the entry that fed them, the provider cannot delete a policy
        (pulumi/pulumi-azure-native#2156), and an account with unlocked policies takes its containers with it.
        """
        blobs = storage.BlobContainer(
            f"{name}-{container}",
            resource_group_name=args.resource_group_name,
            account_name=account_name,
            container_name=container,
            # What Azure takes where they are absent, and shows at each refresh (pulumi/pulumi-azure-native#627).
            default_encryption_scope="$account-encryption-key",
            deny_encryption_scope_override=False,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        policy = storage.BlobContainerImmutabilityPolicy(
            f"{name}-{container}-worm",
            resource_group_name=args.resource_group_name,
            account_name=account_name,
            container_name=blobs.name,
            immutability_policy_name="default",
            immutability_period_since_creation_in_days=args.retention_days,
            # Azure Monitor writes by appending: to append blobs, and to block blobs in some feeds.
            allow_protected_append_writes_all=True,
            # Azure takes a change only with the policy's ETag (azure-rest-api-specs pull request 29632), which the
            # provider does not send (pulumi/pulumi-azure-native#2156): whoever lengthens it does so over ARM.
            opts=pulumi.ResourceOptions(
                parent=self, retain_on_delete=True, ignore_changes=["immutability_period_since_creation_in_days"]
            ),
        )
        return blobs, policy


def _encryption(key: CustomerManagedKey) -> storage.EncryptionArgs:
    """Our key, without version so that Azure follows rotations, over a second layer of Azure's own."""
    parts = pulumi.Output.from_input(key.uri).apply(lambda uri: uri.split("/keys/"))
    return storage.EncryptionArgs(
        key_source=storage.KeySource.MICROSOFT_KEYVAULT,
        key_vault_properties=storage.KeyVaultPropertiesArgs(
            key_vault_uri=parts.apply(lambda found: found[0]), key_name=parts.apply(lambda found: found[1])
        ),
        encryption_identity=storage.EncryptionIdentityArgs(encryption_user_assigned_identity=key.identity_id),
        require_infrastructure_encryption=True,
        services=storage.EncryptionServicesArgs(
            blob=storage.EncryptionServiceArgs(enabled=True, key_type=storage.KeyType.ACCOUNT),
            file=storage.EncryptionServiceArgs(enabled=True, key_type=storage.KeyType.ACCOUNT),
        ),
    )


def _expiry(days: int) -> storage.ManagementPolicyRuleArgs:
    """Deletion by age. No cheaper tiers: Azure cannot move append blobs, which most records are, to one."""
    return storage.ManagementPolicyRuleArgs(
        name="delete-after-retention",
        type=storage.RuleType.LIFECYCLE,
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(blob_types=["appendBlob", "blockBlob"]),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    delete=storage.DateAfterModificationArgs(days_after_modification_greater_than=days)
                )
            ),
        ),
    )
