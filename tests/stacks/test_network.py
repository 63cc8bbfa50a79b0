"""The network of a stack: complete, private, made in an order that ARM accepts, and traceable to its entries."""

from __future__ import annotations

from itertools import pairwise

import pytest

from assurance.record import UNKNOWN, Mode, Record
from stacks.network import postgres_zone, private_zones
from stacks.settings.network import SUBNETS
from tests.harness import MODES, only
from tests.stacks.network_stack import DDOS_PLAN, FULL, HUB, SMALL, recorded


@pytest.fixture(scope="module", params=MODES)
def full(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return recorded(FULL, mode)


@pytest.fixture(scope="module", params=MODES)
def small(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return recorded(SMALL, mode)


def _depends_on(record: Record, later: str, earlier: str) -> bool:
    """Whether the subnet ``later`` waits, directly or not, for the subnet ``earlier``."""
    by_name = {subnet.name: subnet for subnet in record.of_type("network:Subnet")}
    waiting = [by_name[later]]
    while waiting:
        for urn in waiting.pop().dependencies:
            resource = record.by_urn[urn]
            if resource.type == "azure-native:network:Subnet":
                if resource.name == earlier:
                    return True
                waiting.append(resource)
    return False


def test_every_subnet_is_private_guarded_and_rightly_delegated(full: Record) -> None:
    subnets = {subnet.name.removeprefix("subnet-"): subnet for subnet in full.of_type("network:Subnet")}
    assert sorted(subnets) == sorted(SUBNETS)
    for purpose, subnet in subnets.items():
        inputs = subnet.inputs
        assert inputs["defaultOutboundAccess"] is False
        assert inputs["privateEndpointNetworkPolicies"] == "Enabled"
        assert "networkSecurityGroup" in inputs
        delegated = [item["serviceName"] for item in inputs["delegations"]]
        assert delegated == ([SUBNETS[purpose].delegation] if SUBNETS[purpose].delegation else [])
    assert subnets["postgres"].inputs["serviceEndpoints"] == [{"service": "Microsoft.Storage"}]


def test_each_subnet_has_its_own_purposes_security_group(full: Record) -> None:
    for subnet in full.of_type("network:Subnet"):
        (group,) = (
            full.by_urn[urn] for urn in subnet.propertyDependencies["networkSecurityGroup"] if urn in full.by_urn
        )
        assert group.name == subnet.name


def test_subnets_are_serial_and_endpoints_wait_for_all(full: Record) -> None:
    order = [f"subnet-{purpose}" for purpose in SUBNETS]
    for earlier, later in pairwise(order):
        assert _depends_on(full, later, earlier)
    awaited = {full.by_urn[urn].type for subnet in full.of_type("network:Subnet") for urn in subnet.dependencies}
    assert "azure-native:monitor:DiagnosticSetting" not in awaited, "a network is written while its logs are set up"
    assert order[-1] == "subnet-private-endpoints"
    assert "subnets" not in only(full, "network:VirtualNetwork").inputs


def test_the_network_is_encrypted_and_protected_as_asked(full: Record, small: Record) -> None:
    inputs = only(full, "network:VirtualNetwork").inputs
    assert inputs["encryption"] == {"enabled": True, "enforcement": "AllowUnencrypted"}
    assert inputs["enableDdosProtection"] is True
    assert inputs["ddosProtectionPlan"] == {"id": DDOS_PLAN}
    without = only(small, "network:VirtualNetwork").inputs
    assert without["enableDdosProtection"] is False
    assert "ddosProtectionPlan" not in without


def test_nat_gateway_carries_calls_of_callers(full: Record, small: Record) -> None:
    through = {s.name.removeprefix("subnet-") for s in full.of_type("network:Subnet") if "natGateway" in s.inputs}
    assert through == {"apps", "frontends", "jobs", "runner"}
    assert only(full, "network:NatGateway").inputs["zones"] == ["1"]
    address = only(full, "network:PublicIPAddress")
    assert address.inputs["publicIPAllocationMethod"] == "Static"
    assert address.inputs["zones"] == ["1", "2", "3"]
    assert address.options["protect"] is True
    assert full.outputs["egress"] in ("203.0.113.10", UNKNOWN)
    assert small.of_type("network:NatGateway", "network:PublicIPAddress") == []
    assert "egress" not in small.outputs


def test_region_without_zones_gets_address_without_zones() -> None:
    record = recorded({**SMALL, "natGateway": {}}, location="northcentralus")
    assert "zones" not in only(record, "network:PublicIPAddress").inputs
    assert "zones" not in only(record, "network:NatGateway").inputs


def test_every_zone_is_linked_before_its_use(full: Record) -> None:
    zones = {zone.inputs["privateZoneName"] for zone in full.of_type("privatedns:PrivateZone")}
    assert zones == {
        *private_zones(gateway=True).values(),
        "mss-test.private.postgres.database.azure.com",
    }
    links = full.of_type("privatedns:VirtualNetworkLink")
    assert {link.name for link in links} == {zone.name for zone in full.of_type("privatedns:PrivateZone")}
    assert all(link.inputs["registrationEnabled"] is False for link in links)


def test_postgres_zone_is_not_servers_own_name() -> None:
    zone = postgres_zone("mss", "prod")
    assert zone.endswith(".postgres.database.azure.com")
    assert zone.removesuffix(".postgres.database.azure.com").count(".") == 1


def test_peering_is_ours_alone_and_comes_after_subnets(full: Record, small: Record) -> None:
    peering = only(full, "network:VirtualNetworkPeering")
    assert peering.inputs["remoteVirtualNetwork"] == {"id": HUB}
    assert peering.inputs["allowForwardedTraffic"] is peering.inputs["allowGatewayTransit"] is False
    assert peering.inputs["useRemoteGateways"] is True
    awaited = {full.by_urn[urn].name for urn in peering.dependencies}
    assert {f"subnet-{purpose}" for purpose in SUBNETS} <= awaited
    assert small.of_type("network:VirtualNetworkPeering") == []


def test_network_groups_and_address_are_diagnosed(full: Record) -> None:
    watched = {
        full.by_urn[urn].name
        for setting in full.of_type("monitor:DiagnosticSetting")
        for urn in setting.propertyDependencies["resourceUri"]
    }
    assert watched == {"network", "egress", *(f"subnet-{purpose}" for purpose in SUBNETS)}


def test_every_resource_names_the_entry_it_comes_from(full: Record) -> None:
    origins = {r.name: r.origin or {} for r in full if r.custom}
    assert {origin.get("file") for origin in origins.values()} == {"Pulumi.test.yaml"}
    assert origins["subnet-private-endpoints"]["key"] == "medspasync:network.subnets.privateEndpoints"
    assert origins["egress"]["key"] == "medspasync:network.natGateway"
    assert origins["peer-hub"]["key"] == "medspasync:network.peers[0]"
    assert origins["network"]["key"] == "medspasync:network"


def test_layer_gives_id_for_every_subnet_and_zone(full: Record) -> None:
    assert set(full.outputs["subnets"]) == set(SUBNETS)
    assert set(full.outputs["zones"]) == {*private_zones(gateway=True), "postgres"}
    if full.mode == "deployed":
        assert full.outputs["zones"]["vault"].endswith("/privateDnsZones/privatelink.vaultcore.azure.net")
        assert full.outputs["subnets"]["apps"].endswith("/virtualNetworks/vnet-mss-test/subnets/snet-mss-test-apps")
