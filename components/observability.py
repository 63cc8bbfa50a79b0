"""Where logs and telemetry are kept: a Log Analytics workspace and Application Insights on top of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import applicationinsights, operationalinsights

from components.component import Component, Placed
from components.diagnostics import LogDestination, diagnose
from components.protection import Protection, lock_resource

NO_DAILY_CAP = -1.0
"""A workspace that has reached its daily cap drops audit records until the next day."""

PUBLIC = "Enabled"
"""Data and queries come over the public endpoints, each with an Entra identity. Off would need an Azure Monitor private
link scope; without one the apps' telemetry is lost."""

TABLE_NAMES = "tableName"
"""Where a table holds its name."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceArgs(Placed):
    """Arguments of `log_workspace`.

    workspace_name: 4 to 63 characters.
    retention_days: how long logs can be queried at full speed, 30 to 730.
    total_retention_days: by table, how long logs are kept at all: 4 to 730, or 1095, 1460, 1826, 2191, 2556, 2922,
    3288, 3653, 4018 or 4383 (Tables API, totalRetentionInDays). A table that is not named keeps ``retention_days``.
    """

    workspace_name: str
    retention_days: int
    total_retention_days: Mapping[str, int]
    protection: Protection


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs(WorkspaceArgs):
    """Arguments of `Observability`.

    app_insights_name: 1 to 260 characters.
    A sender of telemetry needs an Entra identity with the role Monitoring Metrics Publisher.
    sampling_percent: share of telemetry kept, above 0 to 100. Logs are never sampled.
    """

    app_insights_name: str
    sampling_percent: float = 100.0


@dataclass(frozen=True, kw_only=True)
class ObservabilityOutputs:
    """workspace_id, app_insights_id: ARM ids; workspace_name: the workspace's name; connection_string: secret, where
    the apps send telemetry."""

    workspace_id: pulumi.Output[str]
    workspace_name: pulumi.Output[str]
    app_insights_id: pulumi.Output[str]
    connection_string: pulumi.Output[str]


def log_workspace(
    name: str, args: WorkspaceArgs, *, parent: pulumi.Resource | None = None
) -> tuple[operationalinsights.Workspace, list[pulumi.Resource]]:
    """A workspace without local authentication that logs its own queries, and its tables with a retention of their
    own."""
    workspace = operationalinsights.Workspace(
        name,
        **args.place,
        workspace_name=args.workspace_name,
        sku=operationalinsights.WorkspaceSkuArgs(name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018),
        retention_in_days=args.retention_days,
        features=operationalinsights.WorkspaceFeaturesArgs(
            disable_local_auth=True,
            # A reader of a resource does not read its logs by that: logs need a right on the workspace.
            enable_log_access_using_only_resource_permissions=False,
            immediate_purge_data_on30_days=False,
        ),
        workspace_capping=operationalinsights.WorkspaceCappingArgs(daily_quota_gb=NO_DAILY_CAP),
        public_network_access_for_ingestion=PUBLIC,
        public_network_access_for_query=PUBLIC,
        opts=pulumi.ResourceOptions(parent=parent, protect=args.protection.protect or None),
    )
    tables: list[pulumi.Resource] = [
        # Azure's own tables cannot be deleted, only left alone.
        operationalinsights.Table(
            f"{name}-{table}",
            resource_group_name=args.resource_group_name,
            workspace_name=workspace.name,
            table_name=table,
            plan=operationalinsights.TablePlanEnum.ANALYTICS,
            retention_in_days=min(args.retention_days, days),
            total_retention_in_days=days,
            opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
        )
        for table, days in args.total_retention_days.items()
    ]
    # The audit of the audit: who queried what (LAQueryLogs), kept in the workspace itself.
    diagnose(name, workspace.id, LogDestination(workspace_id=workspace.id), parent=parent)
    lock_resource(name, workspace.id, args.protection, parent=parent)
    return workspace, tables


class Observability(Component[ObservabilityArgs, ObservabilityOutputs]):
    """A workspace without local authentication that logs its own queries, and Application Insights inside it."""

    tables: list[pulumi.Resource]
    """Tables with a retention of their own; who exports one waits for it."""

    def _declare(self, name: str, args: ObservabilityArgs) -> ObservabilityOutputs:
        workspace, self.tables = log_workspace(name, args, parent=self)
        insights = self._app_insights(name, args, workspace)
        return ObservabilityOutputs(
            workspace_id=workspace.id,
            workspace_name=workspace.name,
            app_insights_id=insights.id,
            connection_string=pulumi.Output.secret(insights.connection_string),
        )

    def _app_insights(
        self, name: str, args: ObservabilityArgs, workspace: operationalinsights.Workspace
    ) -> applicationinsights.Component:
        return applicationinsights.Component(
            f"{name}-app-insights",
            **args.place,
            resource_name_=args.app_insights_name,
            kind="web",
            application_type=applicationinsights.ApplicationType.WEB,
            flow_type=applicationinsights.FlowType.BLUEFIELD,
            request_source=applicationinsights.RequestSource.REST,
            ingestion_mode=applicationinsights.IngestionMode.LOG_ANALYTICS,
            workspace_resource_id=workspace.id,
            # False keeps the mask on: clients' addresses are stored as 0.0.0.0.
            disable_ip_masking=False,
            disable_local_auth=True,
            immediate_purge_data_on30_days=False,
            public_network_access_for_ingestion=PUBLIC,
            public_network_access_for_query=PUBLIC,
            sampling_percentage=args.sampling_percent,
            # Azure does not call them secret; in the state they would stand in plain text.
            opts=pulumi.ResourceOptions(
                parent=self, additional_secret_outputs=["connection_string", "instrumentation_key"]
            ),
        )
