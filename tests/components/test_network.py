"""Network components on their own: rules as ARM takes them, chained subnets, zones that wait for their links."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pulumi_azure_native import network

from assurance.record import Mode
from components.diagnostics import LogDestination
from components.nat_gateway import NatGateway, NatGatewayArgs
from components.network import SecurityRule, Subnet, SubnetArgs, VirtualNetwork, VirtualNetworkArgs
from components.private_dns import PrivateDns, PrivateDnsArgs
from tests.harness import MODES, only, record

LOGS = LogDestination(
    workspace_id="/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/log"
)
RULE = SecurityRule(
    name="web",
    direction="Inbound",
    access="Allow",
    priority=100,
    protocol="Tcp",
    sources=("Internet",),
    destinations=("10.0.0.0/24", "10.0.1.0/24"),
    ports=("80", "443"),
    description="Web.",
)


def _network(encryption: bool = True) -> VirtualNetwork:
    return VirtualNetwork(
        "net",
        VirtualNetworkArgs(
            resource_group_name="rg",
            location="eastus2",
            network_name="vnet",
            address_space="10.0.0.0/16",
            logs=LOGS,
            encryption=encryption,
        ),
    )


def _subnet(vnet: VirtualNetwork, name: str, prefix: str, after: list[Subnet], delegation: str | None = None) -> Subnet:
    return Subnet(
        name,
        SubnetArgs(
            resource_group_name="rg",
            location="eastus2",
            virtual_network_name=vnet.outputs.name,
            subnet_name=name,
            address_prefix=prefix,
            security_group_name=f"nsg-{name}",
            rules=[RULE],
            logs=LOGS,
            after=after,
            delegation=delegation,
        ),
    )


def _two_subnets() -> None:
    vnet = _network()
    first = _subnet(vnet, "first", "10.0.0.0/24", [])
    _subnet(vnet, "second", "10.0.1.0/24", [first], delegation="Microsoft.Web/serverFarms")


@pytest.mark.parametrize("mode", MODES)
def test_rule_field_is_plural_for_several_values(mode: Mode) -> None:
    """A rule uses the singular field for one value and the plural for several."""
    groups = record(_two_subnets, mode).of_type("network:NetworkSecurityGroup")
    assert len(groups) == 2
    for group in groups:
        assert group.inputs["securityRules"] == [
            {
                "name": "web",
                "description": "Web.",
                "direction": "Inbound",
                "access": "Allow",
                "priority": 100,
                "protocol": "Tcp",
                "sourcePortRange": "*",
                "sourceAddressPrefix": "Internet",
                "destinationAddressPrefixes": ["10.0.0.0/24", "10.0.1.0/24"],
                "destinationPortRanges": ["80", "443"],
            }
        ]


@pytest.mark.parametrize("mode", MODES)
def test_subnet_waits_for_network_group_and_predecessor(mode: Mode) -> None:
    """A subnet waits for its network its group and the subnet before."""
    built = record(_two_subnets, mode)
    second = next(s for s in built.of_type("network:Subnet") if s.name == "second")
    awaited = {(built.by_urn[urn].type.rsplit(":", 1)[-1], built.by_urn[urn].name) for urn in second.dependencies}
    assert {("VirtualNetwork", "net"), ("NetworkSecurityGroup", "second"), ("Subnet", "first")} <= awaited


@pytest.mark.parametrize("asked", [True, False])
def test_encryption_is_what_was_asked_for(asked: bool) -> None:
    inputs = only(record(lambda: _network(asked)), "network:VirtualNetwork").inputs
    assert inputs["encryption"]["enabled"] is asked
    assert inputs["flowTimeoutInMinutes"] == 20


@pytest.mark.parametrize("mode", MODES)
def test_who_uses_a_zone_waits_for_its_link(mode: Mode) -> None:
    def build() -> None:
        zones = PrivateDns(
            "dns",
            PrivateDnsArgs(
                resource_group_name="rg",
                network_id=_network().outputs.id,
                link_name="link",
                zones={"vault": "privatelink.vaultcore.azure.net", "blob": "privatelink.blob.core.windows.net"},
            ),
        )
        network.PrivateDnsZoneGroup(
            "user",
            resource_group_name="rg",
            private_endpoint_name="pe",
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name="vault", private_dns_zone_id=zones.outputs.zone_ids["vault"])
            ],
        )

    built = record(build, mode)
    user = only(built, "network:PrivateDnsZoneGroup")
    awaited = {(built.by_urn[urn].type, built.by_urn[urn].name) for urn in user.dependencies}
    assert ("azure-native:privatedns:VirtualNetworkLink", "dns-vault") in awaited
    assert all(name != "dns-blob" for _, name in awaited)


@pytest.mark.parametrize("asked", [True, False])
def test_nat_address_is_protected_as_asked(asked: bool) -> None:
    """The address of a nat gateway is protected as asked."""

    def gateway(protect: bool) -> Callable[[], NatGateway]:
        return lambda: NatGateway(
            "out",
            NatGatewayArgs(
                resource_group_name="rg",
                location="eastus2",
                gateway_name="ng",
                address_name="pip",
                logs=LOGS,
                zone="2",
                address_zones=["1", "2", "3"],
                protect=protect,
            ),
        )

    built = record(gateway(asked))
    address = only(built, "network:PublicIPAddress")
    assert address.options["protect"] is asked
    assert address.inputs["sku"] == {"name": "Standard", "tier": "Regional"}
    assert only(built, "network:NatGateway").inputs["publicIpAddresses"] == [{"id": address.id}]
