"""IPv4 address ranges, as Azure counts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations

# learn.microsoft.com/azure/virtual-network/virtual-networks-faq: network, gateway, two for DNS, broadcast.
AZURE_RESERVED = 5

SMALLEST_SUBNET = 29
"""Prefix length of the smallest subnet that Azure allows."""

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


def usable(text: str) -> int:
    """Addresses of a subnet that resources can have: all but the five that Azure keeps."""
    return max(0, IPv4Network(text).num_addresses - AZURE_RESERVED)


def prefix_for(addresses: int) -> int:
    """Prefix length of the smallest subnet with room for ``addresses`` resources (at least 0)."""
    return min(SMALLEST_SUBNET, 32 - (addresses + AZURE_RESERVED - 1).bit_length())


def inside(text: str, space: str) -> bool:
    """Whether the range lies wholly in ``space``."""
    return IPv4Network(text).subnet_of(IPv4Network(space))


def overlapping(ranges: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of keys whose ranges share an address, in the mapping's order."""
    for (first, a), (second, b) in combinations(ranges.items(), 2):
        if IPv4Network(a).overlaps(IPv4Network(b)):
            yield first, second
