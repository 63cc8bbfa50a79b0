"""Rules of security groups against the table of flows that people review (stacks/catalogues/network_flows.yaml)."""

from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from documents.reading import read_document
from policies.compare import same
from policies.resource import Resource, lookup
from policies.rule import judge_each, rule
from policies.rules.floor import is_ours
from policies.rules.network import GROUP, SUBNET, prefixes_of
from policies.rules.security_groups import End, addresses_at, ports_at
from policies.view import Stack

TABLE = Path(__file__).parents[2] / "stacks/catalogues/network_flows.yaml"
"""The platform's own; a copy of the pack elsewhere has none, and then nothing is ours to hold against it."""
SUFFIXES: Mapping[str, str] = {"in": "Inbound", "out": "Outbound"}
ACCESS: Mapping[str, str] = {"deniedFirst": "Deny", "allowed": "Allow", "deniedLast": "Deny"}
FIRST: Mapping[str, int] = {"deniedFirst": 100, "allowed": 1000, "deniedLast": 4000}
"""The priority of the first row of each part, as the table's head says."""
EVERY, ANY, PEERS, MAIL = "every-subnet", "any", "peers", "mail"
MAIL_PORTS = frozenset({"465", "587", "2465", "2525", "2587"})
"""Ports of submission with TLS (RFC 6409, RFC 8314, and what providers offer beside them)."""


@cache
def rows() -> Mapping[str, tuple[str, int, Mapping[str, Any]]]:
    """Part, priority and row of each flow, by id."""
    table: Mapping[str, Any] = read_document(TABLE, dict[str, list[dict[str, Any]]])
    return {
        str(row["id"]): (part, FIRST[part] + 10 * position, row)
        for part in ACCESS
        for position, row in enumerate(table[part])
    }


@rule(
    "NET-FLOWS",
    "A security group's rules are those of the table of flows, and none is wider than its row",
    on=GROUP,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Write the flow into stacks/catalogues/network_flows.yaml, with purpose and source; the groups' rules "
    "are made of it.",
    source="stacks/catalogues/network_flows.yaml: what is not in the table is denied, in both directions",
    where=lambda group: is_ours(group) and TABLE.is_file(),
)
def of_the_table(group: Resource, stack: Stack) -> Iterator[str]:
    ranges = _ranges(stack)
    names: set[str] = set()

    def judge(entry: Any) -> Iterator[str]:
        name = str(lookup(entry, "name"))
        names.add(name)
        yield from (f"rule {name} {wrong}" for wrong in _wrong(name, entry, ranges))

    yield from judge_each(group, "securityRules", judge)
    if not group.unknown:
        yield from (f"it has no rule {name}" for name in sorted(_always() - names))


def _always() -> set[str]:
    """The rules that deny, which every group must have."""
    ends = {"in": "to", "out": "from"}
    return {
        f"{id_}-{suffix}"
        for id_, (part, _, row) in rows().items()
        for suffix, end in ends.items()
        if ACCESS[part] == "Deny" and row[end] == EVERY
    }


def _wrong(name: str, entry: Any, ranges: Mapping[str, set[str]]) -> Iterator[str]:
    """What a rule has that its row has not."""
    id_, _, suffix = name.rpartition("-")
    if id_ not in rows() or suffix not in SUFFIXES:
        yield "is no row of the table"
        return
    part, priority, row = rows()[id_]
    wanted = {
        "access": ACCESS[part],
        "direction": SUFFIXES[suffix],
        "priority": priority,
        "protocol": "*" if row["protocol"] == ANY else row["protocol"],
    }
    for key, value in wanted.items():
        if not same(lookup(entry, key), value):
            yield f"has {key} {lookup(entry, key)}, the row says {value}"
    ports = set(ports_at(entry, "destination"))
    allowed = {str(port) for port in row["ports"]}
    if allowed == {ANY}:
        allowed = {"*"}
    elif MAIL in allowed:
        allowed = (allowed - {MAIL}) | MAIL_PORTS
    if ports != allowed and not (MAIL in map(str, row["ports"]) and ports and ports <= allowed):
        yield f"has ports {', '.join(sorted(ports)) or 'none'}, the row says {', '.join(sorted(allowed))}"
    if set(ports_at(entry, "source")) - {"*"}:
        yield "is for some source ports only"
    ends: dict[End, str] = {"source": "from", "destination": "to"}
    for key, end in ends.items():
        yield from _other_end(key, set(addresses_at(entry, key)), str(row[end]), ranges)


def _other_end(key: str, found: set[str], end: str, ranges: Mapping[str, set[str]]) -> Iterator[str]:
    every = set().union(*ranges.values())
    if end == PEERS:
        holds = bool(found) and all(_is_private(place) for place in found)
    elif end == EVERY:
        holds = bool(found) and found <= every
    elif end in ranges:
        holds = found == ranges[end]
    else:
        holds = {place.lower() for place in found} == {"*" if end == ANY else end.lower()}
    if not holds:
        yield f"has {key} {', '.join(sorted(found)) or 'none'}, the row says {end}"


def _ranges(stack: Stack) -> Mapping[str, set[str]]:
    """The address ranges of each purpose that the table names, of the subnets whose name ends in it."""
    ends = {str(row[end]) for _, _, row in rows().values() for end in ("from", "to")}
    found: dict[str, set[str]] = {}
    for subnet in stack.by_type(SUBNET):
        name = str(subnet.get("subnetName"))
        purpose = max((end for end in ends if name.endswith(f"-{end}")), key=len, default="")
        if purpose:
            found.setdefault(purpose, set()).update(prefixes_of(subnet))
    return found


def _is_private(place: str) -> bool:
    try:
        return ip_network(place, strict=False).is_private
    except ValueError:
        return False
