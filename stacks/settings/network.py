"""The virtual network: addresses, ways in and out, flow logs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.alias_generators import to_camel

from documents.problems import Problem
from documents.sections import Section
from documents.words import Text


def _private_range(text: str) -> str:
    mistake = range_mistake(text)
    if mistake:
        raise ValueError(mistake)
    return text


Cidr = Annotated[
    str,
    Text(r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$", "a private address range, like 10.40.0.0/20"),
    AfterValidator(_private_range),
]
"""A private IPv4 range such as 10.40.0.0/20."""


def _network_resource(kind: str) -> Text:
    resource = rf"Microsoft\.Network/{kind}/[^/]+"
    return Text(
        rf"^/subscriptions/[0-9a-fA-F-]{{36}}/resourceGroups/[^/]+/providers/{resource}$",
        "an ARM id, like /subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Network/<type>/<name>",
    )


@dataclass(frozen=True)
class SubnetKind:
    """What a subnet is for, and what Azure asks of it.

    longest_prefix: of the smallest subnet that works; because: why, for whoever gets it wrong.
    delegation: the service that owns the subnet. service_endpoints: services reached over Azure's backbone.
    outbound: whether its outbound calls go through the NAT gateway, where there is one.
    """

    longest_prefix: int
    because: str
    delegation: str | None = None
    service_endpoints: tuple[str, ...] = ()
    outbound: bool = False


# Sources: learn.microsoft.com/azure/app-service/overview-vnet-integration (subnet requirements), Azure/AppService
# "Announcing Multi-plan subnet join" (2023-11-14: /26 for several plans; preflight and docs/azure-unproven.md, row 17),
# .../azure/postgresql/network/concepts-networking-private (virtual network concepts),
# .../azure/container-apps/custom-virtual-networks (workload profiles environment).
SUBNETS: Mapping[str, SubnetKind] = {
    "runner": SubnetKind(29, "the smallest subnet Azure allows", outbound=True),
    "jobs": SubnetKind(
        27,
        "the smallest a Container Apps environment with workload profiles takes",
        delegation="Microsoft.App/environments",
        outbound=True,
    ),
    "frontends": SubnetKind(
        26,
        "the smallest that several App Service plans can share",
        delegation="Microsoft.Web/serverFarms",
        outbound=True,
    ),
    "apps": SubnetKind(
        26,
        "the smallest that several App Service plans can share",
        delegation="Microsoft.Web/serverFarms",
        outbound=True,
    ),
    # learn.microsoft.com/azure/api-management/integrate-vnet-outbound; only where there is a gateway.
    "gateway": SubnetKind(27, "the smallest that API Management takes", delegation="Microsoft.Web/serverFarms"),
    # The storage endpoint carries the write-ahead log of a server with high availability.
    "postgres": SubnetKind(
        28,
        "the smallest a PostgreSQL flexible server takes; one with high availability uses 4 addresses",
        delegation="Microsoft.DBforPostgreSQL/flexibleServers",
        service_endpoints=("Microsoft.Storage",),
    ),
    "private-endpoints": SubnetKind(28, "one address for each private endpoint"),
}
"""Subnets by purpose, in the order in which they are made: what gets connections first is made last, so that nobody
connects to a network that is still being written."""


class SubnetSettings(Section):
    """One range for each purpose. A subnet's range cannot change while something is in it: leave room."""

    apps: Cidr
    """App Service, for its outbound calls: an address per instance, twice that while a plan changes size; at least
    /26. Delegated to Microsoft.Web/serverFarms."""
    postgres: Cidr
    """PostgreSQL: four addresses per server with high availability; at least /28. Delegated to
    Microsoft.DBforPostgreSQL/flexibleServers."""
    private_endpoints: Cidr
    """Private endpoints of vaults, cache, storage, sites and message bus: an address each; at least /28."""
    jobs: Cidr
    """Container Apps jobs (database migration and maintenance); at least /27. Delegated to
    Microsoft.App/environments."""
    runner: Cidr
    """Spare: a self-hosted CI runner, for work that needs line of sight to private resources; at least /29."""

    frontends: Cidr | None = None
    """App Service, for apps that call nothing on the Internet (`apps.<app>.outbound: platform`); at least /26. Without
    it they share the subnet `apps`, and its way to the Internet. Delegated to Microsoft.Web/serverFarms."""
    gateway: Cidr | None = None
    """API Management, for its calls to apps; at least /27. Delegated to Microsoft.Web/serverFarms. Only with
    `apiManagement`."""

    @property
    def by_purpose(self) -> dict[str, str]:
        """Ranges of the subnets that there are, by purpose (``apps``, ``postgres``, ``private-endpoints``, ``jobs``,
        ``runner``, ``frontends``, ``gateway``), in `SUBNETS` order."""
        ranges = {purpose: getattr(self, purpose.replace("-", "_")) for purpose in SUBNETS}
        return {purpose: text for purpose, text in ranges.items() if text is not None}


class NatGatewaySettings(Section):
    """A NAT gateway for apps, jobs and runner: one stable public address, 64,512 ports for connections.

    About 35 dollars a month, and 0.045 dollars for each GB.
    """

    zone: Literal["1", "2", "3"] | None = None
    """Availability zone of the gateway. Losing it stops outbound calls (payments, mail), not what users reach. Left
    out, Azure chooses one; a region without zones takes none."""


class PeerSettings(Section):
    """A network that may reach this one, for example a hub with the operators' VPN.

    The other half of the peering belongs to the other network's owner. What a peer reaches is in
    stacks/catalogues/network_flows.yaml (`peers`).
    """

    name: Annotated[str, Text(r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$", "a name in lower case, like hub")]
    """Name of the peer, in lower case."""
    network_id: Annotated[str, _network_resource("virtualNetworks")]
    """ARM id of the peer's virtual network."""
    address_spaces: Annotated[list[Cidr], Field(min_length=1)]
    """Ranges that come from there, for example the hub's own and its VPN clients'."""
    use_remote_gateways: bool = False
    """Reach what is behind the peer's VPN or ExpressRoute gateway; at most one peer."""


class FlowLogSettings(Section):
    """Records every flow of the network, with traffic analytics.

    About 0.50 dollars for each GB collected (the first 5 GB of a month are free), and analytics by the GB.
    """

    retention_days: Annotated[int, Field(ge=1, le=365)] = 90
    """Days that raw records stay in storage, an account of their own."""
    redundancy: Literal["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"] = "ZRS"
    """Copies of the raw records, as in archive.redundancy. What traffic analytics makes of them is in the workspace."""
    soft_delete_days: Annotated[int, Field(ge=7, le=365)] = 7
    """Days in which a deleted record can be brought back."""
    analytics_minutes: Literal[10, 60] = 60
    """How often traffic analytics runs; every 10 minutes costs more than every 60."""


class NetworkSettings(Section):
    """The virtual network of one stack."""

    address_space: Cidr
    """Range of the whole network. Different for every environment, so that all can be peered with one hub."""
    subnets: SubnetSettings
    """Ranges of the subnets, inside the address space."""
    encryption: bool = True
    """Encrypt traffic between virtual machines inside the network, where their size supports it. No cost."""
    mail_ports: Annotated[list[Annotated[int, Field(ge=1, le=65535)]], Field(min_length=1)] = [587]
    """Ports on which apps send mail: 587 (STARTTLS) or 465 (TLS). App Service cannot use port 25."""
    nat_gateway: NatGatewaySettings | None = None
    """A stable address for outbound calls. Left out, apps and jobs call out from addresses of their service, shared
    with other customers, 128 ports an instance; a runner has no way out. About 35 dollars a month."""
    ddos_plan_id: Annotated[str, _network_resource("ddosProtectionPlans")] | None = None
    """ARM id of a DDoS protection plan (about 2,900 dollars a month, for up to 100 public addresses of a tenant). It
    protects public addresses of this network; Front Door has protection of its own."""
    peers: list[PeerSettings] = []
    """Networks that may reach this one."""
    flow_logs: FlowLogSettings | None = None
    """Flow logs with traffic analytics. Left out, none."""

    def problems(self) -> Iterator[Problem]:
        """Subnets lie in the address space, are large enough and share no address; peers share none with us."""
        ranges = {subnet_key(purpose): text for purpose, text in self.subnets.by_purpose.items()}
        for purpose, text in self.subnets.by_purpose.items():
            key, kind = subnet_key(purpose), SUBNETS[purpose]
            if not inside(text, self.address_space):
                yield Problem(key, text, f"a range inside addressSpace {self.address_space}")
            if IPv4Network(text).prefixlen > kind.longest_prefix:
                yield Problem(key, text, f"/{kind.longest_prefix} or larger: {kind.because}")
        for first, second in overlapping(ranges):
            yield Problem(second, ranges[second], f"a range that does not overlap {first} ({ranges[first]})")
        yield from self._peer_problems()
        for index, port in enumerate(self.mail_ports):
            if port == 25:
                yield Problem(f"mailPorts[{index}]", port, "587 or 465: App Service cannot use port 25")

    def _peer_problems(self) -> Iterator[Problem]:
        spaces = {"addressSpace": self.address_space}
        for i, peer in enumerate(self.peers):
            spaces |= {f"peers[{i}].addressSpaces[{j}]": text for j, text in enumerate(peer.address_spaces)}
        for first, second in overlapping(spaces):
            yield Problem(second, spaces[second], f"a range that does not overlap {first} ({spaces[first]})")
        for i, peer in enumerate(self.peers):
            if peer.name in {other.name for other in self.peers[:i]}:
                yield Problem(f"peers[{i}].name", peer.name, "a name that no other peer has")
        with_gateway = [i for i, peer in enumerate(self.peers) if peer.use_remote_gateways]
        for i in with_gateway[1:]:
            yield Problem(f"peers[{i}].useRemoteGateways", True, "true for one peer at most")


def subnet_key(purpose: str) -> str:
    """Where the stack file holds a subnet's range, relative to its network section: ``subnets.privateEndpoints``."""
    return f"subnets.{to_camel(purpose.replace('-', '_'))}"


# RFC 1918. App Service sends these into its virtual network whatever else is routed.
_PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def range_mistake(text: str) -> str | None:
    """What is wrong with ``text`` as a private IPv4 range, or None.

    Right is ``10.40.0.0/20``: a network address, a prefix length, inside RFC 1918.
    """
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        return "not an IPv4 range such as 10.40.0.0/20"
    if str(network) != text:
        return f"not a network address with prefix length; did you mean {network}?"
    if not any(network.subnet_of(block) for block in _PRIVATE):
        return "not a private range (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)"
    return None


def inside(text: str, space: str) -> bool:
    """Whether the range lies wholly in ``space``."""
    return IPv4Network(text).subnet_of(IPv4Network(space))


def overlapping(ranges: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of keys whose ranges share an address, in the mapping's order."""
    for (first, a), (second, b) in combinations(ranges.items(), 2):
        if IPv4Network(a).overlaps(IPv4Network(b)):
            yield first, second
