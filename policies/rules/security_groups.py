"""Network security groups: what they let in and out, and that they end by denying the rest."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Literal

from policies.compare import same
from policies.merged import Part
from policies.resource import Resource, lookup, token
from policies.rule import judge_each, rule
from policies.rules.network import GROUP, SUBNET, prefixes_of
from policies.view import Stack

Range = IPv4Network | IPv6Network
Direction = Literal["Inbound", "Outbound"]
End = Literal["source", "destination"]

PRIVATE = tuple(
    ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
"""Ranges that are not routed on the Internet: RFC 1918, RFC 6598 (shared space, which Azure takes as private), 4193."""

TAGS_INBOUND = frozenset({"virtualnetwork", "azureloadbalancer", "azurefrontdoor.backend"})
"""Service tags that may send: the network itself, Azure's health probes, Front Door. Other tags (Internet, AzureCloud,
Storage, AppService, ...) hold addresses that any customer of Azure, or anybody, can send from."""

TAGS_OF_EVERYBODY = ("internet", "azurecloud")
"""Service tags with addresses that anybody can have; AzureCloud also of one region (``AzureCloud.EastUS``)."""

RULE = "network:SecurityRule"
"""A rule that is declared apart from its group."""
NAME_OF_GROUP = "networkSecurityGroupName"

ALL_PORTS = frozenset({"*", "0-65535"})


@rule(
    "NET-NO-INTERNET-INBOUND",
    "No security group lets the Internet in",
    on=[GROUP, RULE],
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Allow inbound traffic from private ranges, or from VirtualNetwork, AzureLoadBalancer or "
    "AzureFrontDoor.Backend only.",
    source="PSRule AZR-000137; CIS Azure Foundations 6.1 to 6.4; RFC 1918, RFC 6598",
)
def no_internet_inbound(group: Resource) -> Iterator[str]:
    yield from _judge_own(group, _from_internet)


def _from_internet(entry: Any) -> Iterator[str]:
    if _is(entry, "Inbound", "Allow"):
        opened = [
            place for place in _places(entry, "source") if place.lower() not in TAGS_INBOUND and not _private(place)
        ]
        if opened:
            yield f"rule {_name(entry)} allows inbound traffic from {', '.join(opened)}"


@rule(
    "NET-NO-OPEN-OUTBOUND",
    "A security group lets traffic out to the Internet on named ports only",
    on=[GROUP, RULE],
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Allow outbound traffic to the Internet for Tcp or Udp on single ports, not ranges.",
    source="PSRule AZR-000138 read outward; policy choice: patient data leaves by interfaces that somebody named",
)
def no_open_outbound(group: Resource) -> Iterator[str]:
    yield from _judge_own(group, _to_internet)


def _to_internet(entry: Any) -> Iterator[str]:
    if _is(entry, "Outbound", "Allow"):
        opened = [place for place in _places(entry, "destination") if _anybodys(place)]
        protocol, ports = lookup(entry, "protocol", "*"), ports_at(entry, "destination")
        named = str(protocol).lower() in ("tcp", "udp") and ports and all(port.isdigit() for port in ports)
        if opened and not named:
            yield (
                f"rule {_name(entry)} allows outbound traffic to {', '.join(opened)}, "
                f"protocol {protocol}, ports {', '.join(ports) or 'all'}"
            )


@rule(
    "NET-DENY-INBOUND",
    "A security group denies what it does not name, also from inside the network",
    on=GROUP,
    severity="high",
    controls=["164.312(a)(1)"],
    remediation="End the inbound rules with one that denies every protocol and port from everywhere to the whole "
    "subnet: Azure's default lets the whole network in.",
    source="learn.microsoft.com/azure/virtual-network/network-security-groups-overview (AllowVnetInBound)",
)
def deny_inbound(group: Resource, stack: Stack) -> Iterator[str]:
    yield from _last_denies(group, stack, "Inbound", own="destination", other="source")


@rule(
    "NET-DENY-OUTBOUND",
    "A security group lets nothing out that it does not name",
    on=GROUP,
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="End the outbound rules with one that denies every protocol and port from the whole subnet to "
    "everywhere: Azure's default lets everything out to the Internet.",
    source="learn.microsoft.com/azure/virtual-network/network-security-groups-overview (AllowInternetOutBound)",
)
def deny_outbound(group: Resource, stack: Stack) -> Iterator[str]:
    yield from _last_denies(group, stack, "Outbound", own="source", other="destination")


@rule(
    "NET-RULES-APART",
    "A security group's rules stand in the group, not beside it",
    on=[GROUP, RULE],
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Make the rule a row of stacks/catalogues/network_flows.yaml, from which the groups' rules are made.",
    source="pulumi-azure-native and ARM: a group with rules of its own and rules beside it overwrites one with the "
    "other; what stands beside it takes part in the order of priorities unseen",
)
def rules_apart(subject: Resource, stack: Stack) -> Iterator[str]:
    if subject.type == token(GROUP):
        if subject.declared and subject.declared.has("securityRules"):
            for entry in stack.parts(subject, NAME_OF_GROUP, RULE):
                yield f"{entry} stands beside its own rules"
    elif not stack.owners(subject, NAME_OF_GROUP, GROUP):
        yield f"its group {subject.get(NAME_OF_GROUP)} is not of this stack"


def _last_denies(group: Resource, stack: Stack, direction: Direction, *, own: End, other: End) -> Iterator[str]:
    """What the last rule of a direction leaves open. own: the end at the group's subnets."""
    entries = _entries(group, direction)
    last = max(entries, key=lambda entry: int(lookup(entry, "priority", 0)), default=None)
    if last is None or str(lookup(last, "access")).lower() != "deny":
        yield f"its last {direction.lower()} rule does not deny"
        return
    covered = {
        "every protocol": lookup(last, "protocol") == "*",
        "every source port": bool(ALL_PORTS & set(ports_at(last, "source"))),
        "every destination port": bool(ALL_PORTS & set(ports_at(last, "destination"))),
        f"every {other}": "*" in _places(last, other),
        f"every {own} in its subnets": _covers_subnets(_places(last, own), group, stack),
    }
    left = [what for what, holds in covered.items() if not holds]
    if left:
        yield f"its last {direction.lower()} rule, {lookup(last, 'name')}, does not deny {', '.join(left)}"


def _covers_subnets(places: list[str], group: Resource, stack: Stack) -> bool:
    """Whether ``places`` hold every address of the subnets that the group is on."""
    if "*" in places:
        return True
    subnets = stack.holders(group, "networkSecurityGroup.id", SUBNET)
    wanted = [prefix for subnet in subnets for prefix in prefixes_of(subnet)]
    return bool(wanted) and all(any(_inside(prefix, place) for place in places) for prefix in wanted)


def _entries(group: Resource, direction: Direction) -> list[Any]:
    """The group's rules of a direction, also those that stand beside it."""
    return [entry for entry in group.each("securityRules") if same(lookup(entry, "direction"), direction)]


def _judge_own(subject: Resource, judge: Callable[[Any], Iterator[str]]) -> Iterator[str]:
    """Judge the rules that stand in the subject itself; one that stands beside its group is judged where it stands."""
    if subject.type == token(RULE):
        yield from judge(subject.inputs)
    else:
        yield from judge_each(subject, "securityRules", lambda entry: () if isinstance(entry, Part) else judge(entry))


def _is(entry: Any, direction: Direction, access: str) -> bool:
    """Whether a rule is of a direction and an access. Azure reads both without case."""
    return same(lookup(entry, "direction"), direction) and same(lookup(entry, "access"), access)


def _name(entry: Any) -> Any:
    return lookup(entry, "name") or lookup(entry, "securityRuleName")


def _places(entry: Any, end: End) -> list[str]:
    """Address prefixes and tags of one end; ``*`` where it names nothing, not even an application security group."""
    named = addresses_at(entry, end)
    return named if named or lookup(entry, f"{end}ApplicationSecurityGroups") else ["*"]


def addresses_at(entry: Any, end: End) -> list[str]:
    """Address prefixes and tags that one end names."""
    found = [lookup(entry, f"{end}AddressPrefix"), *lookup(entry, f"{end}AddressPrefixes", ())]
    return [str(place) for place in found if place]


def ports_at(entry: Any, end: End) -> list[str]:
    """Ports and port ranges of one end."""
    found = [lookup(entry, f"{end}PortRange"), *lookup(entry, f"{end}PortRanges", ())]
    return [str(port) for port in found if port not in (None, "")]


def _range(place: str) -> Range | None:
    """An address or a range; None for a service tag. Azure ignores bits behind the prefix, and so does this."""
    try:
        return ip_network(place, strict=False)
    except ValueError:
        return None


def _inside(place: str, other: str) -> bool:
    """Whether every address of one range is in another."""
    inner, outer = _range(place), _range(other)
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def _private(place: str) -> bool:
    """Whether a place is a range of private addresses only."""
    return any(_inside(place, str(space)) for space in PRIVATE)


def _anybodys(place: str) -> bool:
    """Whether a place is everywhere, a public range or a tag that holds addresses of anybody."""
    if _range(place) is not None:
        return not _private(place)
    return place == "*" or place.lower().split(".")[0] in TAGS_OF_EVERYBODY
