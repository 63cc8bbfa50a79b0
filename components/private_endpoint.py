"""Private endpoints: a private address for a service, and its name in private DNS."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from components.component import Place


@dataclass(frozen=True, kw_only=True)
class PrivateAccess:
    """Where a service's private endpoint goes.

    subnet_id: the subnet for private endpoints; dns_zone_id: the privatelink zone of the service, linked to the VNet.
    """

    subnet_id: pulumi.Input[str]
    dns_zone_id: pulumi.Input[str]


def private_endpoint(
    name: str,
    service_id: pulumi.Input[str],
    group_id: str,
    access: PrivateAccess,
    *,
    place: Place,
    parent: pulumi.Resource | None,
    depends_on: Sequence[pulumi.Resource] = (),
) -> network.PrivateDnsZoneGroup:
    """A private endpoint with its DNS zone group, which comes last and is returned: with it the name resolves.

    group_id: the service's sub-resource: vault, sites, blob, redisEnterprise, namespace ...
    depends_on: what must exist besides the service, for example the slot that ``sites-<slot>`` means.
    """
    endpoint = network.PrivateEndpoint(
        f"{name}-private-endpoint",
        **place,
        private_endpoint_name=f"pe-{name}",
        custom_network_interface_name=f"nic-pe-{name}",
        subnet=network.SubnetArgs(id=access.subnet_id),
        private_link_service_connections=[
            network.PrivateLinkServiceConnectionArgs(
                name=name, private_link_service_id=service_id, group_ids=[group_id]
            )
        ],
        # Azure fills these in by itself once the zone group exists.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["custom_dns_configs"], depends_on=list(depends_on)),
    )
    return network.PrivateDnsZoneGroup(
        f"{name}-private-dns",
        resource_group_name=place["resource_group_name"],
        private_endpoint_name=endpoint.name,
        private_dns_zone_group_name="default",
        private_dns_zone_configs=[
            network.PrivateDnsZoneConfigArgs(name=group_id, private_dns_zone_id=access.dns_zone_id)
        ],
        opts=pulumi.ResourceOptions(parent=parent),
    )
