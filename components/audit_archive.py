"""A storage account for audit records that nobody can change or delete before their time (WORM)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from components.component import Component
from components.private_account import PrivateAccountArgs, private_account


@dataclass(frozen=True, kw_only=True)
class AuditArchiveArgs:
    """Arguments of `AuditArchive`.

    account: the account; its expiry is later than ``retention_days``.
    containers: every container that a feed will write to. Azure's services choose the names of theirs, and a container
    that one of them makes by itself has no policy.
    retention_days: 1 to 146,000; how long a record cannot be changed or deleted.
    """

    account: PrivateAccountArgs
    containers: Sequence[str]
    retention_days: int


@dataclass(frozen=True, kw_only=True)
class AuditArchiveOutputs:
    """id: the account's ARM id; name: its name; containers: ARM ids by name."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    containers: Mapping[str, pulumi.Output[str]]


class AuditArchive(Component[AuditArchiveArgs, AuditArchiveOutputs]):
    """An account of append-only containers: no shared keys, no public access, our key over Azure's own encryption.

    The policies are unlocked: they hold, but an owner can remove them. Locking is an action and cannot be undone.
    ``policies`` is what a feed waits for: what arrived before its container's policy would be unprotected.
    """

    policies: Sequence[pulumi.Resource]

    def _declare(self, name: str, args: AuditArchiveArgs) -> AuditArchiveOutputs:
        account = private_account(name, args.account, parent=self)
        made = {container: self._worm_container(name, args, account.name, container) for container in args.containers}
        self.policies = [policy for _, policy in made.values()]
        return AuditArchiveOutputs(
            id=account.id,
            name=account.name,
            containers={container: blobs.id for container, (blobs, _) in made.items()},
        )

    def _worm_container(
        self, name: str, args: AuditArchiveArgs, account_name: pulumi.Output[str], container: str
    ) -> tuple[storage.BlobContainer, pulumi.Resource]:
        """A container and its time-based retention.

        Both are retained on delete: records outlive the entry that fed them, the provider cannot delete a policy
        (pulumi/pulumi-azure-native#2156), and an account with unlocked policies takes its containers with it.
        """
        blobs = storage.BlobContainer(
            f"{name}-{container}",
            resource_group_name=args.account.resource_group_name,
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
            resource_group_name=args.account.resource_group_name,
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
