"""Virtual network flow logs with traffic analytics.

They replace network security group flow logs, which Azure no longer lets anyone create
(learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview).
"""

from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import network

from components.component import Component
from components.identity import IdentityOutputs
from components.private_account import PrivateAccountArgs, private_account
from components.role_assignment import STORAGE_BLOB_DATA_CONTRIBUTOR, assign_role
from facts.log_containers import category_container

FLOWS = f"{category_container('FlowLogFlowEvent')}/"
"""Where Network Watcher puts the records of a virtual network: a container that it makes by itself
(learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview)."""


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """Arguments of `FlowLogs`.

    watcher_name, watcher_group: the region's Network Watcher, which Azure makes by itself, one per region and
    subscription; it is only referred to.
    target_id: ARM id of the virtual network.
    account: a storage account of the logs' own in the same region, whose expiry is about ``FLOWS``.
    identity: writes to that account, which needs no shared key then; it gets Storage Blob Data Contributor on it.
    workspace_id: ARM id of the workspace that traffic analytics writes to; workspace_region: its region.
    analytics_minutes: how often analytics runs; 10 costs more than 60.
    """

    location: pulumi.Input[str]
    watcher_name: str
    watcher_group: str
    flow_log_name: str
    target_id: pulumi.Input[str]
    account: PrivateAccountArgs
    identity: IdentityOutputs
    workspace_id: pulumi.Input[str]
    workspace_region: pulumi.Input[str]
    analytics_minutes: Literal[10, 60]
    tags: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class FlowLogsOutputs:
    """id: ARM id of the flow log; account_id: of the account that it writes to."""

    id: pulumi.Output[str]
    account_id: pulumi.Output[str]


class FlowLogs(Component[FlowLogsArgs, FlowLogsOutputs]):
    """Every flow of a network, recorded in an account of its own, and analysed.

    An account of its own: Network Watcher writes lifecycle rules of its own into the account that it logs to, over
    those that are there (hashicorp/terraform-provider-azurerm issue 6935, pull request 18369). So its retention is off
    and the account's one rule, which the program owns, deletes what is old enough.
    """

    def _declare(self, name: str, args: FlowLogsArgs) -> FlowLogsOutputs:
        account = private_account(f"{name}-account", args.account, parent=self)
        may_write = assign_role(
            f"{name}-writer",
            scope=account.id,
            role_id=STORAGE_BLOB_DATA_CONTRIBUTOR,
            principal_id=args.identity.principal_id,
            parent=self,
            description="Network Watcher writes flow logs.",
        )
        flow_log = network.FlowLog(
            name,
            resource_group_name=args.watcher_group,
            network_watcher_name=args.watcher_name,
            location=args.location,
            flow_log_name=args.flow_log_name,
            target_resource_id=args.target_id,
            storage_id=account.id,
            enabled=True,
            identity=network.ManagedServiceIdentityArgs(
                type=network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.identity.id]
            ),
            format=network.FlowLogFormatParametersArgs(type=network.FlowLogFormatType.JSON, version=2),
            retention_policy=network.RetentionPolicyParametersArgs(enabled=False, days=0),
            flow_analytics_configuration=network.TrafficAnalyticsPropertiesArgs(
                network_watcher_flow_analytics_configuration=network.TrafficAnalyticsConfigurationPropertiesArgs(
                    enabled=True,
                    workspace_resource_id=args.workspace_id,
                    workspace_region=args.workspace_region,
                    traffic_analytics_interval=args.analytics_minutes,
                )
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[may_write]),
        )
        return FlowLogsOutputs(id=flow_log.id, account_id=account.id)
