"""Flow logs: every flow of the network, written without a shared key, analysed in the workspace."""

from __future__ import annotations

import pytest

from assurance.record import Mode, Record
from stacks.network import build_flow_logs
from stacks.settings.network import FlowLogSettings
from tests.harness import MODES, only, record
from tests.stacks import layers
from tests.stacks.settings.sections import read


def build(**flow_logs: object) -> None:
    build_flow_logs(
        read(FlowLogSettings, flow_logs),
        layers.common(),
        layers.network(),
        identity=layers.identity("flow-logs"),
        key=layers.encryption_key("archive"),
    )


@pytest.fixture(scope="module", params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_the_whole_network_is_logged_and_analysed(built: Record) -> None:
    log = only(built, "network:FlowLog")
    assert log.inputs["enabled"] is True
    assert "enabledFilteringCriteria" not in log.inputs
    assert log.inputs["format"] == {"type": "JSON", "version": 2}
    analytics = log.inputs["flowAnalyticsConfiguration"]["networkWatcherFlowAnalyticsConfiguration"]
    assert analytics == {
        "enabled": True,
        "workspaceResourceId": layers.WORKSPACE,
        "workspaceRegion": "eastus2",
        "trafficAnalyticsInterval": 60,
    }
    assert log.inputs["targetResourceId"] == layers.VNET


def test_flows_have_an_account_of_their_own(built: Record) -> None:
    """Network Watcher would write its retention over the lifecycle rules of an account that it shares."""
    log, account = only(built, "network:FlowLog"), only(built, "storage:StorageAccount")
    assert account.urn in log.propertyDependencies["storageId"]
    assert log.inputs["retentionPolicy"] == {"enabled": False, "days": 0}
    assert built.of_type("storage:BlobContainer") == []
    (rule,) = only(built, "storage:ManagementPolicy").inputs["policy"]["rules"]
    assert rule["definition"]["filters"]["prefixMatch"] == ["insights-logs-flowlogflowevent/"]
    assert rule["definition"]["actions"]["baseBlob"]["delete"] == {"daysAfterModificationGreaterThan": 90}
    assert account.inputs["publicNetworkAccess"] == "Disabled"
    assert account.inputs["allowSharedKeyAccess"] is False


def test_the_watcher_is_only_referred_to(built: Record) -> None:
    log = only(built, "network:FlowLog")
    assert log.inputs["resourceGroupName"] == "NetworkWatcherRG"
    assert log.inputs["networkWatcherName"] == "NetworkWatcher_eastus2"
    assert built.of_type("network:NetworkWatcher") == []


def test_the_identity_may_write_before_the_log_exists(built: Record) -> None:
    log, account = only(built, "network:FlowLog"), only(built, "storage:StorageAccount")
    (grant,) = [
        each
        for each in built.of_type("authorization:RoleAssignment")
        if account.urn in each.propertyDependencies["scope"]
    ]
    assert grant.urn in log.dependencies
    assert log.inputs["identity"]["type"] == "UserAssigned"
    if built.mode == "deployed":
        (identity,) = log.inputs["identity"]["userAssignedIdentities"]
        (writer,) = [each for each in built if each.id == identity]
        assert grant.inputs["principalId"] == writer.outputs["principalId"]
        assert grant.inputs["roleDefinitionId"].endswith("/ba92f5b4-2d11-453d-a403-e96b0029c9fe")


def test_flow_log_takes_retention_and_interval_from_settings() -> None:
    made = record(lambda: build(retentionDays=365, analyticsMinutes=10, redundancy="LRS"))
    log = only(made, "network:FlowLog")
    (rule,) = only(made, "storage:ManagementPolicy").inputs["policy"]["rules"]
    assert rule["definition"]["actions"]["baseBlob"]["delete"] == {"daysAfterModificationGreaterThan": 365}
    assert only(made, "storage:StorageAccount").inputs["sku"] == {"name": "Standard_LRS"}
    analytics = log.inputs["flowAnalyticsConfiguration"]["networkWatcherFlowAnalyticsConfiguration"]
    assert analytics["trafficAnalyticsInterval"] == 10
