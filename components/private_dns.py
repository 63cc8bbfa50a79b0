"""Private DNS zones, linked to a virtual network."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import privatedns

from components.component import Component, known_after


@dataclass(frozen=True, kw_only=True)
class PrivateDnsArgs:
    """Arguments of `PrivateDns`.

    zones: zone names by service key, for example ``{"vault": "privatelink.vaultcore.azure.net"}``.
    network_id: ARM id of the virtual network that resolves them. link_name: the link's name in each zone.
    """

    resource_group_name: pulumi.Input[str]
    network_id: pulumi.Input[str]
    link_name: str
    zones: Mapping[str, str]
    tags: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class PrivateDnsOutputs:
    """zone_ids: ARM ids by service key. Whoever uses one also waits for the zone's link to the network."""

    zone_ids: Mapping[str, pulumi.Output[str]]


class PrivateDns(Component[PrivateDnsArgs, PrivateDnsOutputs]):
    """Private DNS zones that a network resolves; machines do not register themselves in them."""

    def _declare(self, name: str, args: PrivateDnsArgs) -> PrivateDnsOutputs:
        zone_ids = {key: self._linked_zone(f"{name}-{key}", zone, args) for key, zone in args.zones.items()}
        return PrivateDnsOutputs(zone_ids=zone_ids)

    def _linked_zone(self, name: str, zone_name: str, args: PrivateDnsArgs) -> pulumi.Output[str]:
        """The zone's id, known once its link exists: a database server made before the link finds no zone."""
        zone = privatedns.PrivateZone(
            name,
            resource_group_name=args.resource_group_name,
            location="global",
            private_zone_name=zone_name,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        link = privatedns.VirtualNetworkLink(
            name,
            resource_group_name=args.resource_group_name,
            location="global",
            private_zone_name=zone.name,
            virtual_network_link_name=args.link_name,
            virtual_network=privatedns.SubResourceArgs(id=args.network_id),
            registration_enabled=False,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return known_after(zone.id, link.id)
