"""How records get into an archive: exports of a workspace's tables, and logs sent there directly.

Azure chooses the names of the containers (facts/log_containers.py), which are made in advance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor, operationalinsights

EXPORTED_TABLES = "tableNames[]"
ARCHIVED_CATEGORIES = "logs[].category"
"""Where an export holds its tables, and a diagnostic setting its log categories."""


@dataclass(frozen=True, kw_only=True)
class ArchiveTarget:
    """An archive and what must be in place before records arrive (its containers' policies)."""

    account_id: pulumi.Input[str]
    ready: Sequence[pulumi.Resource]


def export_tables(
    name: str,
    *,
    workspace_id: pulumi.Input[str],
    tables: Sequence[str],
    target: ArchiveTarget,
    parent: pulumi.Resource,
) -> operationalinsights.DataExport:
    """Copy what arrives in tables of a Log Analytics workspace from now on; the account is in the same region.

    A table that Azure cannot export is accepted and silently left out (learn.microsoft.com/azure/azure-monitor/logs,
    data export, unsupported tables). About $0.10 a GB.
    """
    parts = pulumi.Output.from_input(workspace_id).apply(lambda identifier: identifier.split("/"))
    return operationalinsights.DataExport(
        f"{name}-export",
        resource_group_name=parts.apply(lambda found: found[4]),
        workspace_name=parts.apply(lambda found: found[8]),
        data_export_name=name,
        resource_id=target.account_id,
        table_names=list(tables),
        enable=True,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(target.ready)),
    )


def archive_categories(
    name: str,
    *,
    resource_id: pulumi.Input[str],
    categories: Sequence[str],
    target: ArchiveTarget,
    parent: pulumi.Resource,
) -> monitor.DiagnosticSetting:
    """Send log categories of a resource straight to the archive, for those that no table export covers."""
    return monitor.DiagnosticSetting(
        f"{name}-to-archive",
        name="to-archive",
        resource_uri=resource_id,
        storage_account_id=target.account_id,
        logs=[monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in categories],
        metrics=[],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(target.ready)),
    )


def archive_activity_log(
    name: str, *, categories: Sequence[str], target: ArchiveTarget, parent: pulumi.Resource
) -> monitor.SubscriptionDiagnosticSetting:
    """Send the subscription's activity log (who changed what in Azure) straight to the archive."""
    return monitor.SubscriptionDiagnosticSetting(
        f"{name}-activity-log",
        name=name,
        storage_account_id=target.account_id,
        logs=[monitor.SubscriptionLogSettingsArgs(category=category, enabled=True) for category in categories],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(target.ready)),
    )
