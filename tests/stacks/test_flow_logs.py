"""Flow logs: every flow of the network, written without a shared key, analysed in the workspace."""

from __future__ import annotations

import pytest

from assurance.record import Mode, Record
from components.identity import Identity, IdentityArgs
from stacks.network import build_flow_logs, build_network
from tests.harness import MODES, only, record
from tests.stacks.network_stack import FULL, WORKSPACE, common, network_settings

STORAGE = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
    "/providers/Microsoft.Storage/storageAccounts/stflows"
)


def build(**flow_logs: object) -> None:
    settings = network_settings({**FULL, "flowLogs": flow_logs})
    identity = Identity("flows", IdentityArgs(resource_group_name="rg", location="eastus2", identity_name="id-flows"))
    assert settings.flow_logs is not None
    build_flow_logs(
        settings.flow_logs,
        common(),
        build_network(settings, common()),
        storage_id=STORAGE,
        identity=identity.outputs,
    )


@pytest.fixture(scope="module", params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_the_whole_network_is_logged_and_analysed(built: Record) -> None:
    log = only(built, "network:FlowLog")
    assert log.inputs["enabled"] is True
    assert "enabledFilteringCriteria" not in log.inputs
    assert log.inputs["storageId"] == STORAGE
    assert log.inputs["retentionPolicy"] == {"enabled": True, "days": 90}
    assert log.inputs["format"] == {"type": "JSON", "version": 2}
    analytics = log.inputs["flowAnalyticsConfiguration"]["networkWatcherFlowAnalyticsConfiguration"]
    assert analytics == {
        "enabled": True,
        "workspaceResourceId": WORKSPACE,
        "workspaceRegion": "eastus2",
        "trafficAnalyticsInterval": 60,
    }
    (network,) = (built.by_urn[urn] for urn in log.propertyDependencies["targetResourceId"])
    assert network.type == "azure-native:network:VirtualNetwork"


def test_the_watcher_is_only_referred_to(built: Record) -> None:
    log = only(built, "network:FlowLog")
    assert log.inputs["resourceGroupName"] == "NetworkWatcherRG"
    assert log.inputs["networkWatcherName"] == "NetworkWatcher_eastus2"
    assert built.of_type("network:NetworkWatcher") == []


def test_the_identity_may_write_before_the_log_exists(built: Record) -> None:
    log, grant = only(built, "network:FlowLog"), only(built, "authorization:RoleAssignment")
    assert grant.inputs["scope"] == STORAGE
    assert grant.urn in log.dependencies
    assert log.inputs["identity"]["type"] == "UserAssigned"
    if built.mode == "deployed":
        identity = only(built, "managedidentity:UserAssignedIdentity")
        assert log.inputs["identity"]["userAssignedIdentities"] == [identity.id]
        assert grant.inputs["principalId"] == identity.outputs["principalId"]
        assert grant.inputs["roleDefinitionId"].endswith("/ba92f5b4-2d11-453d-a403-e96b0029c9fe")


def test_flow_log_takes_retention_and_interval_from_settings() -> None:
    log = only(
        record(lambda: build(retentionDays=365, analyticsMinutes=10)),
        "network:FlowLog",
    )
    assert log.inputs["retentionPolicy"]["days"] == 365
    assert (log.inputs["resourceGroupName"], log.inputs["networkWatcherName"]) == (
        "NetworkWatcherRG",
        "NetworkWatcher_eastus2",
    )
    analytics = log.inputs["flowAnalyticsConfiguration"]["networkWatcherFlowAnalyticsConfiguration"]
    assert analytics["trafficAnalyticsInterval"] == 10
