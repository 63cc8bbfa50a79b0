"""Where the engine keeps its state: one container for each stack, every version kept, no shared key."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import storage

from bootstrap.alarms import STATE
from bootstrap.shared import KEPT, Shared
from components.diagnostics import diagnose
from components.protection import lock_resource
from components.storage_account import closed_account, two_layers

DELETED_DAYS = 90
"""How long what was deleted can be brought back."""
VERSION_DAYS = 400
"""How long older versions of a state are kept: a year of changes, and a month to notice."""


def build_state_store(
    shared: Shared, stacks: Sequence[str]
) -> tuple[pulumi.Output[str], Mapping[str, pulumi.Output[str]]]:
    """The account's id, and the id of each stack's container. The engine's lock is a blob in it."""
    private = shared.access.get("blob")
    account = storage.StorageAccount(
        "state",
        resource_group_name=shared.group,
        location=shared.location,
        account_name=f"st{shared.short}state{shared.suffix}",
        sku=storage.SkuArgs(name=storage.SkuName.STANDARD_GZRS),
        **closed_account(),
        allowed_copy_scope=storage.AllowedCopyScope.AAD,
        public_network_access=(
            storage.PublicNetworkAccess.DISABLED if private else storage.PublicNetworkAccess.ENABLED
        ),
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY if private else storage.DefaultAction.ALLOW,
            bypass=storage.Bypass.NONE,
            ip_rules=[],
            virtual_network_rules=[],
        ),
        encryption=storage.EncryptionArgs(
            key_source=storage.KeySource.MICROSOFT_STORAGE,
            **two_layers(),
        ),
        tags=shared.tags,
        opts=pulumi.ResourceOptions(protect=KEPT.protect),
    )
    deleted = storage.DeleteRetentionPolicyArgs(enabled=True, days=DELETED_DAYS)
    storage.BlobServiceProperties(
        "state-blobs",
        resource_group_name=shared.group,
        account_name=account.name,
        blob_services_name="default",
        delete_retention_policy=deleted,
        container_delete_retention_policy=deleted,
        is_versioning_enabled=True,
    )
    storage.ManagementPolicy(
        "state-lifecycle",
        resource_group_name=shared.group,
        account_name=account.name,
        management_policy_name="default",
        policy=storage.ManagementPolicySchemaArgs(rules=[_old_versions()]),
    )
    containers = {stack: _container(shared, account, stack) for stack in stacks}
    shared.reach_privately("state", "blob", account.id)
    diagnose("state", pulumi.Output.concat(account.id, "/blobServices/default"), shared.logs, parent=None)
    lock_resource("state", account.id, KEPT, parent=None)
    shared.alarms.watch("state", STATE, account.id)
    pulumi.export("stateAccount", account.name)
    return account.id, containers


def _container(shared: Shared, account: storage.StorageAccount, stack: str) -> pulumi.Output[str]:
    return storage.BlobContainer(
        f"state-{stack}",
        resource_group_name=shared.group,
        account_name=account.name,
        container_name=f"state-{stack}",
        default_encryption_scope="$account-encryption-key",
        deny_encryption_scope_override=False,
        public_access=storage.PublicAccess.NONE,
        opts=pulumi.ResourceOptions(retain_on_delete=True),
    ).id


def _old_versions() -> storage.ManagementPolicyRuleArgs:
    return storage.ManagementPolicyRuleArgs(
        name="delete-old-versions",
        type=storage.RuleType.LIFECYCLE,
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"]),
            actions=storage.ManagementPolicyActionArgs(
                version=storage.ManagementPolicyVersionArgs(
                    delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=VERSION_DAYS)
                )
            ),
        ),
    )
