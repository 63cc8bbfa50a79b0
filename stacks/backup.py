"""Long-term backup of the stack's database, and the recovery targets that all of its protection adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.backup import BackupVault, BackupVaultArgs, Keep, PostgresBackup, PostgresBackupArgs
from stacks.database import Database
from stacks.outputs import Common
from stacks.settings.backup import BackupSettings, KeepSettings
from stacks.settings.database import DatabaseSettings
from stacks.settings.origin import made_from, stack_entry


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What others need of the backup vault. id, name: the vault; instance_id: the database's protection in it."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    instance_id: pulumi.Output[str]


def build_backup(settings: BackupSettings, common: Common, database: Database) -> Backup | None:
    """Build vault, policy, rights and instance; None where config has it off."""
    if not settings.enabled:
        return None
    with made_from(stack_entry("backup")):
        vault = BackupVault(
            "backup",
            BackupVaultArgs(
                resource_group_name=common.groups["data"],
                location=common.location,
                vault_name=common.names.regional("bvault"),
                redundancy=settings.redundancy,
                immutability=settings.immutability,
                soft_delete=settings.soft_delete,
                soft_delete_days=settings.soft_delete_days,
                logs=common.logs,
                protection=common.protection,
                tags=dict(common.tags),
            ),
        )
        protected = PostgresBackup(
            "backup-postgres",
            PostgresBackupArgs(
                resource_group_name=common.groups["data"],
                vault=vault.outputs,
                server_id=database.id,
                server_name=database.name,
                server_location=common.location,
                server_group_id=pulumi.Output.format(
                    "/subscriptions/{0}/resourceGroups/{1}", common.subscription_id, database.resource_group
                ),
                start=settings.start.isoformat(),
                keep=generations(settings.keep),
                depends_on=[database.settled],
            ),
        )
    return Backup(id=vault.outputs.id, name=vault.outputs.name, instance_id=protected.outputs.instance_id)


def generations(keep: KeepSettings) -> list[Keep]:
    """Generations, rarest first: Azure gives a backup to the first one that matches."""
    found = []
    if keep.yearly_years:
        found.append(Keep(name="Yearly", first_of="FirstOfYear", duration=f"P{keep.yearly_years}Y", priority=10))
    if keep.monthly_months:
        found.append(Keep(name="Monthly", first_of="FirstOfMonth", duration=f"P{keep.monthly_months}M", priority=15))
    found.append(Keep(name="Weekly", first_of=None, duration=f"P{keep.weekly_weeks * 7}D", priority=99))
    return found


@dataclass(frozen=True, kw_only=True)
class RecoveryTarget:
    """How much is lost (rpo) and how long it takes (rto) when something is; source: who says so.

    Azure promises no time for a restore, which depends on the amount of data: such a target is the drills' to show.
    """

    rpo: str
    rto: str
    source: str


def recovery_targets(database: DatabaseSettings, backup: BackupSettings) -> Mapping[str, RecoveryTarget]:
    """Targets by what goes wrong, as far as these settings provide a way back."""
    drill = "restore drill (docs/runbooks)"
    targets = {
        "data deleted or damaged": RecoveryTarget(
            rpo="5 minutes", rto="4 hours", source=f"point-in-time restore, {database.backup_days} days; {drill}"
        )
    }
    if database.high_availability == "ZoneRedundant":
        targets["zone lost"] = RecoveryTarget(
            rpo="0", rto="2 minutes", source="Azure: zone-redundant high availability"
        )
    if database.high_availability != "Disabled":
        targets["server lost"] = RecoveryTarget(rpo="0", rto="2 minutes", source="Azure: high availability")
    replica = database.replica
    if replica is not None and replica.location is not None:
        targets["region lost, replica promoted"] = RecoveryTarget(
            rpo="5 minutes", rto="1 hour", source=f"asynchronous replica in {replica.location}; {drill}"
        )
    if database.geo_redundant_backup:
        targets["region lost"] = RecoveryTarget(
            rpo="1 hour", rto="12 hours", source=f"Azure: geo-redundant backup; {drill}"
        )
    if backup.enabled:
        targets["server and its backups deleted"] = RecoveryTarget(
            rpo="7 days", rto="24 hours", source=f"weekly long-term backup; {drill}"
        )
    return targets
