"""What security groups let through: the first rule by priority that matches, then Azure's own default rules.

Source: learn.microsoft.com/azure/virtual-network/network-security-groups-overview. An Allow must cover the whole range
of addresses asked about, a Deny counts as soon as it touches it: a flow is called open only when all of it is.
"""

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal

from assurance.reach.verdict import Verdict, closed, opened
from assurance.record import Record, Resource, get
from policies.compare import same

Network = IPv4Network | IPv6Network
Place = Sequence[Network] | str
"""Ranges of addresses inside the network, or the name of a service tag outside it (``Internet``, ``Storage``)."""

network_of = cache(ip_network)
"""The range of addresses that a text names: a record names few, and asks for each thousands of times."""

Direction = Literal["Inbound", "Outbound"]

GROUP = "network:NetworkSecurityGroup"
ANY = ("*", "Any", "0.0.0.0/0")


_FIELDS = ("name", "direction", "priority", "access", "sourceAddressPrefix", "destinationAddressPrefix")
DEFAULTS: list[dict[str, Any]] = [
    {**dict(zip(_FIELDS, row, strict=True)), "protocol": "*", "destinationPortRange": "*"}
    for row in (
        ("AllowVnetInBound", "Inbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowAzureLoadBalancerInBound", "Inbound", 65001, "Allow", "AzureLoadBalancer", "*"),
        ("DenyAllInBound", "Inbound", 65500, "Deny", "*", "*"),
        ("AllowVnetOutBound", "Outbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowInternetOutBound", "Outbound", 65001, "Allow", "*", "Internet"),
        ("DenyAllOutBound", "Outbound", 65500, "Deny", "*", "*"),
    )
]
"""Azure's own rules, behind all others."""


def passes(
    record: Record, subnet: Resource, direction: Direction, source: Place, destination: Place, port: int
) -> Verdict:
    """Whether TCP to ``port`` gets through the security group of ``subnet``."""
    groups = record.targets(subnet, "networkSecurityGroup.id", GROUP)
    if not groups:
        return opened(f"{subnet.name} has no security group", subnet)
    group = groups[0]
    local = record.remember(local_ranges)
    standalone = record.holders(
        group, "networkSecurityGroupName", "network:SecurityRule", by="networkSecurityGroupName"
    )
    rules = [*get(group, "securityRules", ()), *(rule.inputs for rule in standalone), *DEFAULTS]
    for rule in sorted((r for r in rules if same(r.get("direction"), direction)), key=lambda r: int(r["priority"])):
        allows = same(rule.get("access"), "Allow")
        if (
            str(rule.get("protocol", "*")).lower() in ("tcp", "*")
            and any(in_range(port, item) for item in values(rule, "destinationPortRange"))
            and covers(values(rule, "sourceAddressPrefix"), source, local, whole=allows)
            and covers(values(rule, "destinationAddressPrefix"), destination, local, whole=allows)
        ):
            message = (
                f"rule {rule.get('name', rule['priority'])} of {group.name} ({direction.lower()}, {rule['priority']})"
            )
            return opened(f"{message} allows {port}", group) if allows else closed(f"{message} denies {port}", group)
    raise AssertionError("the default rules match everything")


def values(rule: dict[str, Any], field: str) -> list[str]:
    """The values of a field of a rule, which has a singular and a plural form."""
    plural = f"{field}s" if field.endswith("Range") else f"{field}es"
    return list(rule.get(plural) or ([rule[field]] if rule.get(field) else []))


def in_range(port: int, item: str) -> bool:
    """Whether ``443``, ``400-500`` or ``*`` includes a port."""
    low, _, high = str(item).partition("-")
    return item == "*" or int(low) <= port <= int(high or low)


def covers(prefixes: Sequence[str], place: Place, local: Sequence[Network], *, whole: bool) -> bool:
    """Whether address prefixes or service tags cover a place; ``whole``: all of it, else any of it."""
    if isinstance(place, str):
        return any(_tag_covers(prefix, place) for prefix in prefixes)
    combine = all if whole else any
    return combine(any(_range_covers(prefix, each, local, whole) for prefix in prefixes) for each in place)


def _tag_covers(prefix: str, tag: str) -> bool:
    """A regional tag is inside its general one; everything but the network and the load balancer is on the Internet."""
    if prefix in ANY or prefix == tag or tag.startswith(f"{prefix}."):
        return True
    return prefix == "Internet" and tag not in ("VirtualNetwork", "AzureLoadBalancer")


def _range_covers(prefix: str, place: Network, local: Sequence[Network], whole: bool) -> bool:
    if prefix in ANY:
        return True
    if prefix in ("VirtualNetwork", "Internet"):
        inside = any(_within(place, space) for space in local)
        return inside if prefix == "VirtualNetwork" else not inside
    try:
        network = network_of(prefix, strict=False)
    except ValueError:
        return False
    return _within(place, network) if whole else network.version == place.version and network.overlaps(place)


def _within(place: Network, network: Network) -> bool:
    return place.version == network.version and place.subnet_of(network)  # type: ignore[arg-type] # same version


def local_ranges(record: Record) -> list[Network]:
    """What the tag VirtualNetwork means: our address spaces and, as far as rules name them, those of peers."""
    return [*_own_ranges(record), *peer_ranges(record)]


def _own_ranges(record: Record) -> list[Network]:
    return [
        network_of(prefix)
        for network in record.of_type("network:VirtualNetwork")
        for prefix in get(network, "addressSpace.addressPrefixes", ())
    ]


def peer_ranges(record: Record) -> list[Network]:
    """Private ranges outside our networks that rules name; none without a peering. A peering does not tell its own."""
    if not record.of_type("network:VirtualNetworkPeering"):
        return []
    ours = _own_ranges(record)
    named = {
        prefix
        for group in record.of_type(GROUP)
        for rule in get(group, "securityRules", ())
        for prefix in values(rule, "sourceAddressPrefix")
        if prefix[0].isdigit() and prefix not in ANY
    }
    ranges = [network_of(prefix) for prefix in sorted(named)]
    return [each for each in ranges if each.is_private and not any(_within(each, space) for space in ours)]
