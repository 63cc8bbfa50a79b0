"""Virtual networks, their subnets with security groups, and peerings.

Subnets are resources of their own, never inline in the network: the network is then written without a subnet list,
which leaves existing subnets alone (an inline list replaces them all), and each subnet has an id of its own. ARM writes
one subnet of a network at a time, so a caller chains them with ``after``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import network

from components.component import Component, IdOutputs, Placed
from components.diagnostics import LogDestination, diagnose

RULE_NAMES = "securityRules[].name"
"""Where a security group holds the names of its rules."""


@dataclass(frozen=True, kw_only=True)
class SecurityRule:
    """One rule of a network security group.

    priority: 100 to 4096, unique in its direction, lowest first. sources, destinations: one service tag or ``*``, or
    CIDRs. ports: destination ports, ranges (``30000-32767``) or ``*``. description: at most 140 characters.
    """

    name: str
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    priority: int
    protocol: Literal["Tcp", "Udp", "*"]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]
    description: str


@dataclass(frozen=True, kw_only=True)
class VirtualNetworkArgs(Placed):
    """Arguments of `VirtualNetwork`.

    address_space: CIDR. encryption: encrypt traffic between virtual machines that support it; others stay reachable
    (``AllowUnencrypted`` is the only enforcement that Azure offers).
    ddos_plan_id: ARM id of a DDoS protection plan, which protects the network's public addresses.
    """

    network_name: pulumi.Input[str]
    address_space: str
    logs: LogDestination
    encryption: bool = True
    ddos_plan_id: pulumi.Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class VirtualNetworkOutputs:
    """id: ARM id; name: the network's name."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]


class VirtualNetwork(Component[VirtualNetworkArgs, VirtualNetworkOutputs]):
    """A virtual network without subnets. It resolves names by Azure DNS, so that private DNS zones work."""

    def _declare(self, name: str, args: VirtualNetworkArgs) -> VirtualNetworkOutputs:
        vnet = network.VirtualNetwork(
            name,
            **args.place,
            virtual_network_name=args.network_name,
            address_space=network.AddressSpaceArgs(address_prefixes=[args.address_space]),
            encryption=network.VirtualNetworkEncryptionArgs(
                enabled=args.encryption,
                enforcement=network.VirtualNetworkEncryptionEnforcement.ALLOW_UNENCRYPTED,
            ),
            enable_ddos_protection=args.ddos_plan_id is not None,
            ddos_protection_plan=network.SubResourceArgs(id=args.ddos_plan_id) if args.ddos_plan_id else None,
            # Idle flows are dropped after 4 to 30 minutes; 20 is what Azure Verified Modules use.
            flow_timeout_in_minutes=20,
            opts=pulumi.ResourceOptions(parent=self),
        )
        diagnose(name, vnet.id, args.logs, parent=self)
        return VirtualNetworkOutputs(id=vnet.id, name=vnet.name)


@dataclass(frozen=True, kw_only=True)
class SubnetArgs(Placed):
    """Arguments of `Subnet`.

    virtual_network_name: the network's name output, so that the subnet waits for it.
    delegation: the service that owns the subnet, for example ``Microsoft.Web/serverFarms``.
    service_endpoints: services reached over Azure's backbone, for example ``Microsoft.Storage``.
    nat_gateway_id: where outbound Internet traffic leaves; without one a subnet's virtual machines have no way out,
    and a delegated subnet uses its service's own addresses.
    after: what must exist before, normally the subnet made before this one.
    """

    virtual_network_name: pulumi.Input[str]
    subnet_name: str
    address_prefix: str
    security_group_name: str
    rules: Sequence[SecurityRule]
    logs: LogDestination
    delegation: str | None = None
    service_endpoints: Sequence[str] = ()
    nat_gateway_id: pulumi.Input[str] | None = None
    after: Sequence[pulumi.Resource] = ()


class Subnet(Component[SubnetArgs, IdOutputs]):
    """A private subnet and its security group, whose whole rule list is ours.

    Network policies stay on for private endpoints: without them a security group does not apply to an endpoint.
    ``made`` is the subnet alone: the next write to the network waits for it, and not for diagnostics.
    """

    made: network.Subnet

    def _declare(self, name: str, args: SubnetArgs) -> IdOutputs:
        group = network.NetworkSecurityGroup(
            name,
            **args.place,
            network_security_group_name=args.security_group_name,
            security_rules=[_rule(rule) for rule in args.rules],
            opts=pulumi.ResourceOptions(parent=self),
        )
        diagnose(name, group.id, args.logs, parent=self, metrics=False)
        subnet = network.Subnet(
            name,
            resource_group_name=args.resource_group_name,
            virtual_network_name=args.virtual_network_name,
            subnet_name=args.subnet_name,
            address_prefix=args.address_prefix,
            # Fixed at creation for a subnet in use; a service that owns a delegated subnet manages its own way out.
            default_outbound_access=False,
            network_security_group=network.NetworkSecurityGroupArgs(id=group.id),
            nat_gateway=network.SubResourceArgs(id=args.nat_gateway_id) if args.nat_gateway_id else None,
            delegations=(
                [network.DelegationArgs(name="delegation", service_name=args.delegation)] if args.delegation else []
            ),
            service_endpoints=[
                network.ServiceEndpointPropertiesFormatArgs(service=service) for service in args.service_endpoints
            ],
            private_endpoint_network_policies=network.VirtualNetworkPrivateEndpointNetworkPolicies.ENABLED,
            private_link_service_network_policies=network.VirtualNetworkPrivateLinkServiceNetworkPolicies.ENABLED,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self.made = subnet
        return IdOutputs(id=subnet.id)


def _rule(rule: SecurityRule) -> network.SecurityRuleArgs:
    """A rule as ARM takes it: one prefix or port in the singular field, several in the plural one."""
    return network.SecurityRuleArgs(
        name=rule.name,
        description=rule.description,
        direction=network.SecurityRuleDirection(rule.direction),
        access=network.SecurityRuleAccess(rule.access),
        priority=rule.priority,
        protocol=network.SecurityRuleProtocol(rule.protocol),
        source_port_range="*",
        source_address_prefix=_single(rule.sources),
        source_address_prefixes=_several(rule.sources),
        destination_address_prefix=_single(rule.destinations),
        destination_address_prefixes=_several(rule.destinations),
        destination_port_range=_single(rule.ports),
        destination_port_ranges=_several(rule.ports),
    )


def _single(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def _several(values: tuple[str, ...]) -> list[str] | None:
    return list(values) if len(values) > 1 else None


def peer_network(
    name: str,
    *,
    resource_group_name: pulumi.Input[str],
    virtual_network_name: pulumi.Input[str],
    remote_network_id: pulumi.Input[str],
    use_remote_gateways: bool,
    after: Sequence[pulumi.Resource],
) -> network.VirtualNetworkPeering:
    """Our half of a peering; the other half is made by whoever owns the remote network.

    use_remote_gateways: reach what is behind the remote network's VPN or ExpressRoute gateway.
    Forwarded traffic is refused: traffic through the remote gateway does not need it, and nothing else may come by.
    """
    return network.VirtualNetworkPeering(
        name,
        resource_group_name=resource_group_name,
        virtual_network_name=virtual_network_name,
        virtual_network_peering_name=name,
        remote_virtual_network=network.SubResourceArgs(id=remote_network_id),
        allow_virtual_network_access=True,
        allow_forwarded_traffic=False,
        allow_gateway_transit=False,
        use_remote_gateways=use_remote_gateways,
        opts=pulumi.ResourceOptions(depends_on=list(after)),
    )
