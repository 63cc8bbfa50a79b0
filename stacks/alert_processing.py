"""What happens to alerts that are no rule of ours, and during maintenance."""

from components.alert_processing import ProcessingArgs, Window, quiet_metrics, route_alerts
from stacks.entries import name_entry, stack_entry
from stacks.outputs import Foundation
from stacks.settings.monitoring import MonitoringSettings

BACKUP_VAULT = "microsoft.dataprotection/backupvaults"
"""Azure Backup raises alerts itself: failed backups and restores, and deletion of backups (Microsoft, monitoring and
reporting solutions for Azure Backup). Nobody hears of them without an alert processing rule."""


def build_alert_processing(settings: MonitoringSettings, foundation: Foundation) -> None:
    """Backup's own alerts go to the critical channel; metric alerts are quiet in the stack's maintenance windows."""
    common = foundation.common

    def processing_args(part: str, description: str) -> ProcessingArgs:
        return ProcessingArgs(
            resource_group_name=common.groups["monitoring"],
            rule_name=common.names.regional("apr", part),
            description=description,
            scopes=list(common.group_ids().values()),
            tags=dict(common.tags),
        )

    with name_entry(stack_entry("monitoring.receivers.critical")):
        route_alerts(
            "alert-processing-backup",
            processing_args("backup", "Azure Backup's own alerts: docs/runbooks/data-recovery.md"),
            resource_type=BACKUP_VAULT,
            action_group_ids=[foundation.monitoring.action_groups["critical"]],
        )
    for window in settings.maintenance:
        with name_entry(stack_entry(f"monitoring.maintenance.{window.name}")):
            quiet_metrics(
                f"alert-processing-maintenance-{window.name}",
                processing_args(f"maintenance-{window.name}", window.reason),
                Window(days=window.days, start=window.start, end=window.end),
            )
