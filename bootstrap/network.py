"""The network of a private reach: endpoints of state, vault and registry, and the runners that use them."""

from collections.abc import Mapping
from typing import Literal

import pulumi

from bootstrap.settings import NetworkSettings
from bootstrap.shared import Shared
from components.network import SecurityRule, Subnet, SubnetArgs, VirtualNetwork, VirtualNetworkArgs
from components.private_dns import PrivateDns, PrivateDnsArgs
from components.private_endpoint import PrivateAccess
from facts.types import private_link_zone

Direction = Literal["Inbound", "Outbound"]
ZONES = {
    "blob": "azure-native:storage:StorageAccount",
    "vault": "azure-native:keyvault:Vault",
    "registry": "azure-native:containerregistry:Registry",
}
"""Services behind a private endpoint, with the type whose zone resolves them."""


def build_network(shared: Shared, network: NetworkSettings) -> tuple[Mapping[str, PrivateAccess], pulumi.Output[str]]:
    """Where private endpoints go, by service, and the id of the subnet for runners."""
    vnet = VirtualNetwork(
        "network",
        VirtualNetworkArgs(
            resource_group_name=shared.group,
            location=shared.location,
            network_name=shared.name("vnet"),
            address_space=network.address_space,
            logs=shared.logs,
            tags=shared.tags,
        ),
    )
    runners = _subnet(
        shared,
        vnet,
        "runners",
        network.runners,
        [
            _allow("endpoints", "Outbound", 100, network.runners, network.endpoints, "State, keys and images."),
            _allow("https", "Outbound", 110, network.runners, "Internet", "GitHub, Azure Resource Manager, Entra."),
            _deny("Outbound"),
            _deny("Inbound"),
        ],
    )
    endpoints = _subnet(
        shared,
        vnet,
        "endpoints",
        network.endpoints,
        [
            _allow("runners", "Inbound", 100, network.runners, network.endpoints, "Runners, and nobody else."),
            _deny("Inbound"),
            _deny("Outbound"),
        ],
        runners,
    )
    dns = PrivateDns(
        "dns",
        PrivateDnsArgs(
            resource_group_name=shared.group,
            network_id=vnet.outputs.id,
            link_name=shared.name("vnet"),
            zones={service: private_link_zone(type_) for service, type_ in ZONES.items()},
            tags=shared.tags,
        ),
    )
    places = {
        service: PrivateAccess(subnet_id=endpoints.outputs.id, dns_zone_id=zone)
        for service, zone in dns.outputs.zone_ids.items()
    }
    return places, runners.outputs.id


def _subnet(
    shared: Shared, vnet: VirtualNetwork, name: str, prefix: str, rules: list[SecurityRule], after: Subnet | None = None
) -> Subnet:
    return Subnet(
        f"subnet-{name}",
        SubnetArgs(
            resource_group_name=shared.group,
            location=shared.location,
            virtual_network_name=vnet.outputs.name,
            subnet_name=name,
            address_prefix=prefix,
            security_group_name=shared.name("nsg", f"shared-{name}"),
            rules=rules,
            logs=shared.logs,
            after=[after.made] if after else [],
            tags=shared.tags,
        ),
    )


def _allow(name: str, direction: Direction, priority: int, source: str, destination: str, why: str) -> SecurityRule:
    """HTTPS only."""
    return SecurityRule(
        name=f"allow-{name}",
        direction=direction,
        access="Allow",
        priority=priority,
        protocol="Tcp",
        sources=(source,),
        destinations=(destination,),
        ports=("443",),
        description=why,
    )


def _deny(direction: Direction) -> SecurityRule:
    return SecurityRule(
        name=f"deny-{direction.lower()}",
        direction=direction,
        access="Deny",
        priority=4096,
        protocol="*",
        sources=("*",),
        destinations=("*",),
        ports=("*",),
        description="Nothing else.",
    )
