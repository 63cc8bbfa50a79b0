"""Diagnostic settings: where a resource's logs and metrics go."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor


@dataclass(frozen=True, kw_only=True)
class LogDestination:
    """Where diagnostic logs are sent.

    workspace_id: ARM id of the Log Analytics workspace.
    """

    workspace_id: pulumi.Input[str]


def diagnose(
    name: str,
    resource_id: pulumi.Input[str],
    destination: LogDestination,
    *,
    parent: pulumi.Resource | None,
    log_groups: Sequence[str] = ("allLogs",),
    log_categories: Sequence[str] = (),
    metrics: bool = True,
) -> monitor.DiagnosticSetting:
    """Send a resource's logs and metrics to the workspace.

    log_groups: category groups the resource type supports, ``allLogs`` or ``audit``; none for a type without groups.
    log_categories: single categories, for types that have no group. Groups and categories exclude each other.
    metrics: whether the type emits platform metrics (``AllMetrics``).
    Logs go to resource-specific tables (``Dedicated``). Retention is the workspace's own: the retention policy inside
    a diagnostic setting is retired by Azure and is never sent.
    """
    logs = [monitor.DiagnosticsLogSettingsArgs(category_group=group, enabled=True) for group in log_groups]
    logs += [monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in log_categories]
    return monitor.DiagnosticSetting(
        f"{name}-diagnostics",
        name="to-workspace",
        resource_uri=resource_id,
        workspace_id=destination.workspace_id,
        log_analytics_destination_type="Dedicated",
        logs=logs,
        metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)] if metrics else [],
        opts=pulumi.ResourceOptions(parent=parent),
    )
