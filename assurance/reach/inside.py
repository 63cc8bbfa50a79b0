"""Flows that start inside the network: out of a subnet, by name, to a private or a public address."""

from assurance.reach.public import public_side
from assurance.reach.security_groups import Place, network_of, passes
from assurance.reach.targets import JOBS, SERVER, SITE, SLOT, Target, endpoints_of
from assurance.reach.verdict import Step, Verdict, closed
from assurance.record import Record, Resource, get, short_type
from facts.types import PrivateLink, types_with

SUBNET, NETWORK = "network:Subnet", "network:VirtualNetwork"
ZONE, LINK, ZONE_GROUP = "privatedns:PrivateZone", "privatedns:VirtualNetworkLink", "network:PrivateDnsZoneGroup"


def ranges(subnet: Resource) -> Place:
    """The addresses of a subnet."""
    prefixes = get(subnet, "addressPrefixes") or [get(subnet, "addressPrefix")]
    return [network_of(prefix) for prefix in prefixes]


def home(record: Record, site: Resource) -> tuple[Resource | None, Step]:
    """The subnet that a site's outbound traffic enters, and the reason."""
    subnets = record.targets(site, "virtualNetworkSubnetId", SUBNET)
    if not subnets:
        return None, Step(f"{site.name} is not integrated with a subnet of the network", site)
    return subnets[0], Step(f"{site.name} sends through {subnets[0].name}", site)


def home_of_job(record: Record, job: Resource) -> tuple[Resource | None, Step]:
    """The subnet of the environment that a container job runs in, and the reason."""
    for environment in record.targets(job, "environmentId", JOBS):
        for subnet in record.targets(environment, "vnetConfiguration.infrastructureSubnetId", SUBNET):
            return subnet, Step(f"{job.name} runs in {environment.name}, in {subnet.name}", environment)
    return None, Step(f"{job.name} runs in no environment inside the network", job)


def to_target(record: Record, subnet: Resource, target: Target) -> Verdict:
    """Whether a machine in ``subnet`` reaches a service by its name."""
    if short_type(target.resource) == SERVER and get(target.resource, "network.delegatedSubnetResourceId"):
        return _to_database(record, subnet, target)
    endpoint, reason = _endpoint(record, subnet, target)
    if endpoint is None:
        way = to_internet(record, subnet, target.tag, target.port)
        return (way if not way.open else public_side(record, target, "internet").after(*way.steps)).after(reason)
    where = record.targets(endpoint, "subnet.id", SUBNET)
    if not where:
        return closed(f"{endpoint.name} is in no subnet of the record", endpoint).after(reason)
    applies = get(where[0], "privateEndpointNetworkPolicies") in ("Enabled", "NetworkSecurityGroupEnabled")
    return _between(record, subnet, where[0], target.port, inbound=applies).after(reason)


def private_subnet(record: Record, target: Target) -> tuple[Resource | None, Step]:
    """The subnet with a target's private address, whoever asks for its name."""
    for subnet in record.targets(target.resource, "network.delegatedSubnetResourceId", SUBNET):
        return subnet, Step(f"{target.name} is in {subnet.name}", target.resource)
    for endpoint in endpoints_of(record, target):
        for subnet in record.targets(endpoint, "subnet.id", SUBNET):
            return subnet, Step(f"{endpoint.name} is in {subnet.name}", endpoint)
    return None, Step(f"{target.name} has no private address", target.resource)


def to_internet(record: Record, subnet: Resource, tag: str, port: int) -> Verdict:
    """Whether a machine in ``subnet`` reaches public addresses: by the security group, and by having a way out.

    A delegated subnet without a gateway uses its service's own addresses; a machine has none in a private subnet
    (learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access).
    """
    verdict = passes(record, subnet, "Outbound", ranges(subnet), tag, port)
    if not verdict.open:
        return verdict
    ways = record.targets(subnet, "natGateway.id", "network:NatGateway")
    if ways:
        return verdict.after(Step(f"{subnet.name} goes out by {ways[0].name}", subnet))
    if get(subnet, "delegations"):
        return verdict.after(Step(f"{subnet.name} goes out by its service's own addresses", subnet))
    if get(subnet, "defaultOutboundAccess") is False:
        return closed(f"{subnet.name} has no way out: no gateway, and no default outbound access", subnet)
    return verdict.after(Step(f"{subnet.name} has default outbound access", subnet))


def _to_database(record: Record, subnet: Resource, target: Target) -> Verdict:
    server = target.resource
    zones = record.targets(server, "network.privateDnsZoneArmResourceId", ZONE)
    if not zones:
        return closed(f"no private zone of the record has the name of {server.name}", server)
    if not _resolves(record, zones[0], subnet):
        return closed(f"its private zone {zones[0].name} is not linked to the network of {subnet.name}", zones[0])
    where = record.targets(server, "network.delegatedSubnetResourceId", SUBNET)
    if not where:
        return closed(f"{server.name} is in no subnet of the record", server)
    step = Step(f"{zones[0].name} gives {server.name} a private address in {where[0].name}", server)
    return _between(record, subnet, where[0], target.port).after(step)


def _between(record: Record, start: Resource, end: Resource, port: int, *, inbound: bool = True) -> Verdict:
    """Whether a flow gets out of one subnet and into another, by the groups at both ends."""
    if set(_network(record, start)).isdisjoint(_network(record, end)):
        return closed(f"{start.name} and {end.name} are in different networks", end)
    out = passes(record, start, "Outbound", ranges(start), ranges(end), port)
    if not out.open:
        return out
    if not inbound:
        return out.after(Step(f"security groups do not apply to private endpoints in {end.name}", end))
    return passes(record, end, "Inbound", ranges(start), ranges(end), port).after(*out.steps)


def _network(record: Record, subnet: Resource) -> list[str]:
    return [each.urn for each in record.targets(subnet, "virtualNetworkName", NETWORK, by="virtualNetworkName")]


def _endpoint(record: Record, subnet: Resource, target: Target) -> tuple[Resource | None, Step]:
    """The private endpoint that a name leads to, or why it leads to the public address."""
    fitting = endpoints_of(record, target)
    if not fitting:
        return None, Step(
            f"{target.name} has no private endpoint, so its name leads to its public address", target.resource
        )
    endpoint = fitting[0]
    type_ = SITE if short_type(target.resource) == SLOT else short_type(target.resource)
    link = types_with("private_link", PrivateLink).get(f"azure-native:{type_}")
    wanted = link.zones if link else []
    groups = record.holders(endpoint, "privateEndpointName", ZONE_GROUP, by="privateEndpointName")
    zones = [
        zone
        for group in groups
        for zone in record.targets(group, "privateDnsZoneConfigs[].privateDnsZoneId", ZONE)
        if get(zone, "privateZoneName") in wanted
    ]
    if not zones:
        message = (
            f"{endpoint.name} has no zone group with {' or '.join(wanted)}, so the name leads to the public address"
        )
        return None, Step(message, endpoint)
    if not _resolves(record, zones[0], subnet):
        message = (
            f"{zones[0].name} is not linked to the network of {subnet.name}, so the name leads to the public address"
        )
        return None, Step(message, zones[0])
    return endpoint, Step(f"{zones[0].name} leads to {endpoint.name}", endpoint)


def _resolves(record: Record, zone: Resource, subnet: Resource) -> bool:
    linked = {
        network.urn
        for link in record.holders(zone, "privateZoneName", LINK, by="privateZoneName")
        for network in record.targets(link, "virtualNetwork.id", NETWORK)
    }
    return bool(linked & set(_network(record, subnet)))
