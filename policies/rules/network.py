"""Virtual networks, subnets, private endpoints and the names that lead to them."""

from collections.abc import Iterator, Mapping

from facts.types import PrivateLink, types_with
from policies.compare import same
from policies.resource import UNKNOWN, Resource
from policies.rule import must, rule
from policies.view import Stack

SUBNET, GROUP, NETWORK = "network:Subnet", "network:NetworkSecurityGroup", "network:VirtualNetwork"
ENDPOINT, ZONE_GROUP = "network:PrivateEndpoint", "network:PrivateDnsZoneGroup"
ACCOUNT = "storage:StorageAccount"
ZONE, LINK = "privatedns:PrivateZone", "privatedns:VirtualNetworkLink"
CONNECTED = "privateLinkServiceConnections[].privateLinkServiceId"
PRIVATE: Mapping[str, PrivateLink] = types_with("private_link", PrivateLink)


@rule(
    "NET-SERVICE-ENDPOINT-PRIVATE",
    "A service that is closed to the Internet has a private endpoint",
    on=list(PRIVATE),
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Give the service a private endpoint in the network, or nothing can reach it.",
    source="Azure Policy '... should use private link' of each service",
    where=lambda service: same(
        service.get("properties.publicNetworkAccess") or service.get("publicNetworkAccess"), "Disabled"
    ),
)
def service_has_endpoint(service: Resource, stack: Stack) -> Iterator[str]:
    groups = set(PRIVATE[service.type].groups)
    for endpoint in stack.holders(service, CONNECTED, ENDPOINT):
        if groups & set(endpoint.leaves("privateLinkServiceConnections[].groupIds[]")):
            return
    yield f"no private endpoint of this stack leads to its {', '.join(sorted(groups))}"


@rule(
    "NET-ENDPOINT-NAME",
    "A private endpoint's name resolves, in the network it is in, to its private address",
    on=ENDPOINT,
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)", "164.308(a)(7)(ii)(C)"],
    remediation="Give the endpoint a zone group with the service's privatelink zone, and link the zone to the network.",
    source="learn.microsoft.com/azure/private-link/private-endpoint-dns",
)
def endpoint_name_resolves(endpoint: Resource, stack: Stack) -> Iterator[str]:
    groups = stack.parts(endpoint, "privateEndpointName", ZONE_GROUP)
    zones = [
        zone for group in groups for zone in stack.targets(group, "privateDnsZoneConfigs[].privateDnsZoneId", ZONE)
    ]
    if not zones:
        yield "it has no DNS zone group with a private zone of this stack"
        return
    networks = networks_of(endpoint, "subnet.id", stack)
    yield from _unlinked(zones, networks, stack)
    wanted = {
        name for type_, row in PRIVATE.items() for _ in stack.targets(endpoint, CONNECTED, type_) for name in row.zones
    }
    named = {next(iter(zone.leaves("privateZoneName")), UNKNOWN) for zone in zones}
    if wanted and UNKNOWN not in named and not wanted & named:
        yield f"its zone is {', '.join(sorted(map(str, named)))}, must be {' or '.join(sorted(wanted))}"


@rule(
    "NET-DATABASE-NAME",
    "The database's private zone is linked to the network its subnet is in",
    on="dbforpostgresql:Server",
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(7)(ii)(C)"],
    remediation="Link the zone in network.privateDnsZoneArmResourceId to the virtual network of the delegated subnet.",
    source="MicrosoftDocs flexible server networking: the zone must be linked before the server is made",
    where=lambda server: server.has("network.privateDnsZoneArmResourceId"),
)
def database_name_resolves(server: Resource, stack: Stack) -> Iterator[str]:
    zones = stack.targets(server, "network.privateDnsZoneArmResourceId", ZONE)
    networks = networks_of(server, "network.delegatedSubnetResourceId", stack)
    if not zones:
        yield "its private DNS zone is not in this stack"
    yield from _unlinked(zones, networks, stack)


def networks_of(resource: Resource, path: str, stack: Stack) -> list[Resource]:
    """The virtual networks of the subnets that ``path`` refers to."""
    return [
        network
        for subnet in stack.targets(resource, path, SUBNET)
        for network in stack.owners(subnet, "virtualNetworkName", NETWORK)
    ]


def _unlinked(zones: list[Resource], networks: list[Resource], stack: Stack) -> Iterator[str]:
    """Zones of names that nobody in the networks can look up."""
    for zone in zones:
        links = stack.parts(zone, "privateZoneName", LINK)
        linked = [network for link in links for network in stack.targets(link, "virtualNetwork.id", NETWORK)]
        if not any(network in linked for network in networks):
            yield f"its zone {zone} is not linked to the network {', '.join(map(str, networks)) or 'it is in'}"


def prefixes_of(subnet: Resource) -> list[str]:
    """The address ranges of a subnet."""
    return [str(prefix) for prefix in (subnet.get("addressPrefix"), *subnet.each("addressPrefixes")) if prefix]


@rule(
    "NET-FLOW-LOG-ACCOUNT",
    "Flow logs have a storage account to themselves, whose lifecycle only the program writes",
    on="network:FlowLog",
    severity="high",
    controls=["164.312(c)(1)", "164.312(b)"],
    remediation="Point storageId at an account that holds no archive, turn retentionPolicy off, and give the account a "
    "lifecycle rule that deletes the flows by their prefix.",
    source="hashicorp/terraform-provider-azurerm issue 6935, pull request 18369: Network Watcher writes its retention "
    "over the account's lifecycle rules; read 2026-11-29",
)
def flow_log_account(log: Resource, stack: Stack) -> Iterator[str]:
    yield from must(log, "retentionPolicy.enabled", False)
    accounts = stack.targets(log, "storageId", ACCOUNT)
    if not accounts:
        yield "it writes to no storage account of this stack, so that nobody knows what else is in it"
    for account in accounts:
        kept = stack.parts(account, "accountName", "storage:BlobContainer")
        if kept:
            yield f"{account} also holds {', '.join(sorted(container.name for container in kept))}"
        if not stack.parts(account, "accountName", "storage:ManagementPolicy"):
            yield f"{account} has no lifecycle rule, so that flows stay for ever"
