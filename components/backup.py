"""Long-term backup of a PostgreSQL flexible server in an Azure Backup vault."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import dataprotection

from components.component import Component, Placed
from components.diagnostics import LogDestination, diagnose
from components.protection import Protection, lock_resource
from components.role_assignment import assign_role
from facts.roles import role_id

# learn.microsoft.com/azure/backup, PostgreSQL flexible server: what the vault's identity needs, and where.
LONG_TERM_BACKUP_ROLE = role_id("PostgreSQL Flexible Server Long Term Retention Backup Role")
"""PostgreSQL Flexible Server Long Term Retention Backup Role, on the server."""
READER_ROLE = role_id("Reader")
"""Reader, on the server's resource group."""

_DATASOURCE = "Microsoft.DBforPostgreSQL/flexibleServers"


@dataclass(frozen=True, kw_only=True)
class BackupVaultArgs(Placed):
    """Arguments of `BackupVault`.

    redundancy: where copies are: one building, three zones, or also the paired region. Fixed once it holds a backup.
    immutability: ``Unlocked`` keeps recovery points for their time until somebody turns it off; ``Locked`` cannot be
    turned off; ``Disabled``.
    soft_delete: ``AlwaysOn`` cannot be turned off again.
    soft_delete_days: 14 to 180; how long a deleted backup can be brought back.
    """

    vault_name: pulumi.Input[str]
    redundancy: Literal["LocallyRedundant", "ZoneRedundant", "GeoRedundant"]
    immutability: Literal["Disabled", "Unlocked", "Locked"]
    soft_delete: Literal["Off", "On", "AlwaysOn"]
    soft_delete_days: int
    logs: LogDestination
    protection: Protection


@dataclass(frozen=True, kw_only=True)
class BackupVaultOutputs:
    """id: ARM id; name: the vault's name; principal_id: object id of its own identity."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    principal_id: pulumi.Output[str]


class BackupVault(Component[BackupVaultArgs, BackupVaultOutputs]):
    """A vault whose copies outlive the server, and its own resource group's members."""

    def _declare(self, name: str, args: BackupVaultArgs) -> BackupVaultOutputs:
        vault = dataprotection.BackupVault(
            name,
            **args.place,
            vault_name=args.vault_name,
            identity=dataprotection.DppIdentityDetailsArgs(type="SystemAssigned"),
            properties=dataprotection.BackupVaultArgs(
                storage_settings=[
                    dataprotection.StorageSettingArgs(
                        datastore_type=dataprotection.StorageSettingStoreTypes.VAULT_STORE,
                        type=dataprotection.StorageSettingTypes(args.redundancy),
                    )
                ],
                security_settings=dataprotection.SecuritySettingsArgs(
                    immutability_settings=dataprotection.ImmutabilitySettingsArgs(
                        state=dataprotection.ImmutabilityState(args.immutability)
                    ),
                    soft_delete_settings=dataprotection.SoftDeleteSettingsArgs(
                        state=dataprotection.SoftDeleteState(args.soft_delete),
                        retention_duration_in_days=args.soft_delete_days,
                    ),
                ),
                monitoring_settings=dataprotection.MonitoringSettingsArgs(
                    azure_monitor_alert_settings=dataprotection.AzureMonitorAlertSettingsArgs(
                        alerts_for_all_job_failures=dataprotection.AlertsState.ENABLED
                    )
                ),
                feature_settings=dataprotection.FeatureSettingsArgs(
                    cross_subscription_restore_settings=dataprotection.CrossSubscriptionRestoreSettingsArgs(
                        state=dataprotection.CrossSubscriptionRestoreState.DISABLED
                    )
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protection.protect or None),
        )
        diagnose(name, vault.id, args.logs, parent=self)
        lock_resource(name, vault.id, args.protection, parent=self)
        principal = vault.identity.apply(lambda identity: (identity.principal_id or "") if identity else "")
        return BackupVaultOutputs(id=vault.id, name=vault.name, principal_id=principal)


@dataclass(frozen=True, kw_only=True)
class Keep:
    """One generation of backups. name: ``Weekly`` ...; first_of: which backups it takes, None for all; duration:
    ISO 8601, how long they stay; priority: the lowest number that matches wins."""

    name: str
    first_of: Literal["FirstOfMonth", "FirstOfYear"] | None
    duration: str
    priority: int


@dataclass(frozen=True, kw_only=True)
class PostgresBackupArgs:
    """Arguments of `PostgresBackup`.

    vault, resource_group_name: the backup vault and its group.
    server_id, server_name, server_location, server_group_id: the server to back up, and its resource group's ARM id.
    start: ISO 8601 time of the first weekly backup, which fixes weekday and hour; from config, never from the clock.
    keep: generations; the one without ``first_of`` is the default.
    depends_on: what must be done before the first backup job.
    """

    resource_group_name: pulumi.Input[str]
    vault: BackupVaultOutputs
    server_id: pulumi.Input[str]
    server_name: pulumi.Input[str]
    server_location: pulumi.Input[str]
    server_group_id: pulumi.Input[str]
    start: str
    keep: Sequence[Keep]
    depends_on: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, kw_only=True)
class PostgresBackupOutputs:
    """instance_id: ARM id of what is protected."""

    instance_id: pulumi.Output[str]


class PostgresBackup(Component[PostgresBackupArgs, PostgresBackupOutputs]):
    """A weekly full backup of one server, kept by generations.

    Azure checks the vault's rights when the instance is made, and role assignments take minutes to spread. They are
    made as soon as the server has an id, the instance after the last operation on the server, which on a new server
    is many minutes later. Where that is still too early, the deployment fails and a second run succeeds.
    """

    def _declare(self, name: str, args: PostgresBackupArgs) -> PostgresBackupOutputs:
        rights = [
            assign_role(
                f"{name}-{right}",
                scope=scope,
                role_id=role,
                principal_id=args.vault.principal_id,
                parent=self,
            )
            for right, scope, role in (
                ("backs-up-server", args.server_id, LONG_TERM_BACKUP_ROLE),
                ("reads-group", args.server_group_id, READER_ROLE),
            )
        ]
        policy = dataprotection.BackupPolicy(
            f"{name}-policy",
            resource_group_name=args.resource_group_name,
            vault_name=args.vault.name,
            # Azure refuses to change a policy: another content is another policy, made before the old one goes.
            backup_policy_name=f"postgres-{_digest(args.start, args.keep)}",
            properties=dataprotection.BackupPolicyArgs(
                object_type="BackupPolicy",
                datasource_types=[_DATASOURCE],
                policy_rules=[_weekly(args.start, args.keep), *(_retention(keep) for keep in args.keep)],
            ),
            # The vault's lock would refuse the delete of the old one, in every `up` from then on. It costs nothing.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        instance = dataprotection.BackupInstance(
            f"{name}-instance",
            resource_group_name=args.resource_group_name,
            vault_name=args.vault.name,
            backup_instance_name=args.server_name,
            properties=dataprotection.BackupInstanceArgs(
                object_type="BackupInstance",
                friendly_name=args.server_name,
                # Both name the server: Az.DataProtection and azurerm send the set for this workload, too.
                data_source_info=dataprotection.DatasourceArgs(object_type="Datasource", **_source(args)),
                data_source_set_info=dataprotection.DatasourceSetArgs(object_type="DatasourceSet", **_source(args)),
                policy_info=dataprotection.PolicyInfoArgs(policy_id=policy.id),
                identity_details=dataprotection.IdentityDetailsArgs(use_system_assigned_identity=True),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*rights, *args.depends_on]),
        )
        return PostgresBackupOutputs(instance_id=instance.id)


def _source(args: PostgresBackupArgs) -> dict[str, pulumi.Input[str]]:
    """What is backed up."""
    return {
        "datasource_type": _DATASOURCE,
        "resource_id": args.server_id,
        "resource_name": args.server_name,
        "resource_location": args.server_location,
        "resource_type": _DATASOURCE,
        "resource_uri": args.server_id,
    }


def _digest(start: str, generations: Sequence[Keep]) -> str:
    """Eight characters that change with the policy's content."""
    return hashlib.sha256(repr((start, list(generations))).encode()).hexdigest()[:8]


def _store() -> dataprotection.DataStoreInfoBaseArgs:
    return dataprotection.DataStoreInfoBaseArgs(
        object_type="DataStoreInfoBase", data_store_type=dataprotection.DataStoreTypes.VAULT_STORE
    )


def _tag(keep: Keep) -> str:
    """The default generation must be called so."""
    return keep.name if keep.first_of else "Default"


def _weekly(start: str, generations: Sequence[Keep]) -> dataprotection.AzureBackupRuleArgs:
    """A full backup every week, each marked with the generations it belongs to."""
    return dataprotection.AzureBackupRuleArgs(
        object_type="AzureBackupRule",
        name="BackupWeekly",
        backup_parameters=dataprotection.AzureBackupParamsArgs(object_type="AzureBackupParams", backup_type="Full"),
        data_store=_store(),
        trigger=dataprotection.ScheduleBasedTriggerContextArgs(
            object_type="ScheduleBasedTriggerContext",
            schedule=dataprotection.BackupScheduleArgs(repeating_time_intervals=[f"R/{start}/P1W"], time_zone="UTC"),
            tagging_criteria=[_marking(keep) for keep in generations],
        ),
    )


def _marking(keep: Keep) -> dataprotection.TaggingCriteriaArgs:
    return dataprotection.TaggingCriteriaArgs(
        is_default=keep.first_of is None,
        tagging_priority=keep.priority,
        tag_info=dataprotection.RetentionTagArgs(tag_name=_tag(keep)),
        criteria=(
            [
                dataprotection.ScheduleBasedBackupCriteriaArgs(
                    object_type="ScheduleBasedBackupCriteria",
                    absolute_criteria=[dataprotection.AbsoluteMarker(keep.first_of)],
                )
            ]
            if keep.first_of
            else None
        ),
    )


def _retention(keep: Keep) -> dataprotection.AzureRetentionRuleArgs:
    return dataprotection.AzureRetentionRuleArgs(
        object_type="AzureRetentionRule",
        name=_tag(keep),
        is_default=keep.first_of is None,
        lifecycles=[
            dataprotection.SourceLifeCycleArgs(
                delete_after=dataprotection.AbsoluteDeleteOptionArgs(
                    object_type="AbsoluteDeleteOption", duration=keep.duration
                ),
                source_data_store=_store(),
                target_data_store_copy_settings=[],
            )
        ],
    )
