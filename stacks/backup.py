"""Long-term backup of the stack's database, and the recovery targets that all of its protection adds up to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.backup import BackupVault, BackupVaultArgs, Keep, PostgresBackup, PostgresBackupArgs
from stacks.database import Database
from stacks.entries import leave_out, name_entry, stack_entry
from stacks.outputs import Common
from stacks.settings.backup import BackupSettings, KeepSettings
from stacks.settings.database import DatabaseSettings


def build_backup(settings: BackupSettings, common: Common, database: Database) -> pulumi.Output[str] | None:
    """Build vault, policy, rights and instance, whose id it returns; None where config has it off."""
    if not settings.enabled:
        leave_out("enabled: false", stack_entry("backup"))
        return None
    with name_entry(stack_entry("backup")):
        vault = BackupVault(
            "backup",
            BackupVaultArgs(
                **common.place("data"),
                vault_name=common.names.regional("bvault"),
                redundancy=settings.redundancy,
                immutability=settings.immutability,
                soft_delete=settings.soft_delete,
                soft_delete_days=settings.soft_delete_days,
                logs=common.logs,
                protection=common.protection,
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
                server_group_id=common.group_ids()["data"],
                start=settings.start.isoformat(),
                keep=generations(settings.keep),
                depends_on=[database.settled],
            ),
        )
    return protected.outputs.instance_id


def generations(keep: KeepSettings) -> list[Keep]:
    """Generations, rarest first: Azure gives a backup to the first one that matches."""
    found = []
    if keep.yearly_years:
        found.append(Keep(name="Yearly", first_of="FirstOfYear", duration=f"P{keep.yearly_years}Y", priority=10))
    if keep.monthly_months:
        found.append(Keep(name="Monthly", first_of="FirstOfMonth", duration=f"P{keep.monthly_months}M", priority=15))
    found.append(Keep(name="Weekly", first_of=None, duration=f"P{keep.weekly_weeks * 7}D", priority=99))
    return found


DATA_LOST = "data deleted or damaged"
BACKUPS_LOST = "server and its backups deleted"
_HOUR, _DAY = 60, 24 * 60


@dataclass(frozen=True, kw_only=True)
class RecoveryTarget:
    """Minutes of data that are lost (rpo) and that it takes (rto) when something is lost; source: who says so.

    Azure promises no time for a restore, which depends on the amount of data: such a target is the drills' to show
    (`python -m deployment drill`).
    """

    rpo: int
    rto: int
    source: str

    def as_output(self) -> dict[str, Any]:
        """As the stack's output has it."""
        return {"rpoMinutes": self.rpo, "rtoMinutes": self.rto, "source": self.source}


def recovery_targets(database: DatabaseSettings, backup: BackupSettings) -> Mapping[str, RecoveryTarget]:
    """Targets by what goes wrong, as far as these settings provide a way back."""
    drill = "restore drill (docs/runbooks)"
    targets = {
        DATA_LOST: RecoveryTarget(
            rpo=5, rto=4 * _HOUR, source=f"point-in-time restore, {database.backup_days} days; {drill}"
        )
    }
    if database.high_availability == "ZoneRedundant":
        targets["zone lost"] = RecoveryTarget(rpo=0, rto=2, source="Azure: zone-redundant high availability")
    if database.high_availability != "Disabled":
        targets["server lost"] = RecoveryTarget(rpo=0, rto=2, source="Azure: high availability")
    replica = database.replica
    if replica is not None and replica.location is not None:
        targets["region lost, replica promoted"] = RecoveryTarget(
            rpo=5, rto=_HOUR, source=f"asynchronous replica in {replica.location}; {drill}"
        )
    if database.geo_redundant_backup:
        targets["region lost"] = RecoveryTarget(
            rpo=_HOUR, rto=12 * _HOUR, source=f"Azure: geo-redundant backup; {drill}"
        )
    if backup.enabled:
        targets[BACKUPS_LOST] = RecoveryTarget(rpo=7 * _DAY, rto=_DAY, source=f"weekly long-term backup; {drill}")
    return targets


def drill_inputs(
    database: DatabaseSettings, backup: BackupSettings, instance_id: pulumi.Output[str] | None
) -> dict[str, Any]:
    """What a restore drill is measured against, as deployment/inputs.py reads it.

    instance_id: the database's protection in the backup vault, None without one.
    """
    targets = recovery_targets(database, backup)
    recovery: dict[str, Any] = {"rpoMinutes": targets[DATA_LOST].rpo, "rtoMinutes": targets[DATA_LOST].rto}
    if instance_id is not None:
        # A day more than between two copies: the next one takes its time.
        recovery["longTerm"] = {"instanceId": instance_id, "rpoMinutes": targets[BACKUPS_LOST].rpo + _DAY}
    return recovery
