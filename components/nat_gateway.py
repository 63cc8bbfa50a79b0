"""NAT gateways: one stable public address for a network's outbound calls."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from components.component import Component, Placed
from components.diagnostics import LogDestination, diagnose


@dataclass(frozen=True, kw_only=True)
class NatGatewayArgs(Placed):
    """Arguments of `NatGateway`.

    zone: availability zone of the gateway (``1``, ``2`` or ``3``); None where the region has none, or to let Azure
    choose. A Standard gateway lives in one zone: when that zone is lost, outbound calls stop until it is back.
    address_zones: zones of the public address, all of them where the region has zones.
    protect: refuse to delete the address. Partners may have put it on their allow lists.
    """

    gateway_name: str
    address_name: str
    logs: LogDestination
    zone: str | None
    address_zones: Sequence[str]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class NatGatewayOutputs:
    """id: ARM id; address: the public IPv4 address that outbound calls come from."""

    id: pulumi.Output[str]
    address: pulumi.Output[str]


class NatGateway(Component[NatGatewayArgs, NatGatewayOutputs]):
    """A NAT gateway with one static public address. Nothing reaches the network through it from outside."""

    def _declare(self, name: str, args: NatGatewayArgs) -> NatGatewayOutputs:
        address = network.PublicIPAddress(
            name,
            **args.place,
            public_ip_address_name=args.address_name,
            sku=network.PublicIPAddressSkuArgs(
                name=network.PublicIPAddressSkuName.STANDARD, tier=network.PublicIPAddressSkuTier.REGIONAL
            ),
            public_ip_allocation_method=network.IPAllocationMethod.STATIC,
            public_ip_address_version=network.IPVersion.I_PV4,
            zones=list(args.address_zones) or None,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect or None),
        )
        diagnose(f"{name}-address", address.id, args.logs, parent=self)
        gateway = network.NatGateway(
            name,
            **args.place,
            nat_gateway_name=args.gateway_name,
            sku=network.NatGatewaySkuArgs(name=network.NatGatewaySkuName.STANDARD),
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            idle_timeout_in_minutes=4,  # 4 to 120; the shortest frees ports soonest
            zones=[args.zone] if args.zone else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return NatGatewayOutputs(id=gateway.id, address=address.ip_address)
