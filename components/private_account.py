"""A storage account that nobody reaches but through its private endpoint and Azure's own services."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import storage

from components.component import Placed
from components.diagnostics import LogDestination, diagnose
from components.encryption import CustomerManagedKey
from components.private_endpoint import PrivateAccess, private_endpoint
from components.protection import Protection, lock_resource
from components.storage_account import closed_account, two_layers

Redundancy = Literal["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"]


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """When what is in the account goes by itself.

    name: of the lifecycle rule; days: after its last change; prefix: of the blobs that it is about, container first;
    every blob where it is left out.
    """

    name: str
    days: int
    prefix: str | None = None


@dataclass(frozen=True, kw_only=True)
class PrivateAccountArgs(Placed):
    """Arguments of `private_account`.

    account_name: globally unique, 3 to 24 lower-case letters and digits.
    redundancy: ``LRS`` one building, ``ZRS`` three zones, ``GRS`` and ``GZRS`` also the paired region, ``RA…`` readable
    there. Premium accounts cannot take exported logs.
    key: encrypts the account; Azure follows its rotations.
    expiry: the account's one lifecycle rule.
    soft_delete_days: 1 to 365; how long a deleted blob or container can be brought back.
    depends_on: what must be there first and no other argument names: the identity's access to the key.
    """

    account_name: pulumi.Input[str]
    redundancy: Redundancy
    key: CustomerManagedKey
    expiry: Expiry
    soft_delete_days: int
    private_access: PrivateAccess
    logs: LogDestination
    protection: Protection
    depends_on: Sequence[pulumi.Resource] = ()


def private_account(name: str, args: PrivateAccountArgs, *, parent: pulumi.Resource) -> storage.StorageAccount:
    """An account for logs: no shared keys, no public access, our key over Azure's own encryption, one expiry."""
    account = storage.StorageAccount(
        name,
        **args.place,
        account_name=args.account_name,
        sku=storage.SkuArgs(name=storage.SkuName(f"Standard_{args.redundancy}")),
        **closed_account(),
        allowed_copy_scope=storage.AllowedCopyScope.PRIVATE_LINK,
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
        opts=pulumi.ResourceOptions(
            parent=parent, protect=args.protection.protect or None, depends_on=list(args.depends_on)
        ),
    )
    kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=args.soft_delete_days, allow_permanent_delete=False)
    storage.BlobServiceProperties(
        f"{name}-blobs",
        resource_group_name=args.resource_group_name,
        account_name=account.name,
        blob_services_name="default",
        # What Azure takes where it is absent, and shows at each refresh (pulumi/pulumi-azure-native#1700).
        cors=storage.CorsRulesArgs(cors_rules=[]),
        delete_retention_policy=kept,
        container_delete_retention_policy=kept,
        # Logs are only ever added to: there is nothing to keep older versions of.
        is_versioning_enabled=False,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    storage.ManagementPolicy(
        f"{name}-lifecycle",
        resource_group_name=args.resource_group_name,
        account_name=account.name,
        management_policy_name="default",
        policy=storage.ManagementPolicySchemaArgs(rules=[_expiry(args.expiry)]),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    private_endpoint(name, account.id, "blob", args.private_access, place=args.place, parent=parent)
    blobs_id = pulumi.Output.concat(account.id, "/blobServices/default")
    diagnose(name, blobs_id, args.logs, parent=parent)
    lock_resource(name, account.id, args.protection, parent=parent)
    return account


def _encryption(key: CustomerManagedKey) -> storage.EncryptionArgs:
    """Our key, without version so that Azure follows rotations, over a second layer of Azure's own."""
    parts = pulumi.Output.from_input(key.uri).apply(lambda uri: uri.split("/keys/"))
    return storage.EncryptionArgs(
        key_source=storage.KeySource.MICROSOFT_KEYVAULT,
        key_vault_properties=storage.KeyVaultPropertiesArgs(
            key_vault_uri=parts.apply(lambda found: found[0]), key_name=parts.apply(lambda found: found[1])
        ),
        encryption_identity=storage.EncryptionIdentityArgs(encryption_user_assigned_identity=key.identity_id),
        **two_layers(),
    )


def _expiry(expiry: Expiry) -> storage.ManagementPolicyRuleArgs:
    """Deletion by age."""
    return storage.ManagementPolicyRuleArgs(
        name=expiry.name,
        type=storage.RuleType.LIFECYCLE,
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["appendBlob", "blockBlob"], prefix_match=[expiry.prefix] if expiry.prefix else None
            ),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    delete=storage.DateAfterModificationArgs(days_after_modification_greater_than=expiry.days)
                )
            ),
        ),
    )
