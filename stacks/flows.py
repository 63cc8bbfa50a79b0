"""The security rules that follow from the table of network flows."""

from collections.abc import Mapping, Sequence
from typing import Literal

from components.network import SecurityRule
from stacks.catalogues.network_flows import Direction, Flow, FlowTable, rule_name
from stacks.settings.network import SUBNETS, NetworkSettings


def has_both_ends(row: Flow, settings: NetworkSettings) -> bool:
    """Whether both ends of a row are there, and one of them is a subnet: such a row becomes a rule."""
    ours = {*settings.subnets.by_purpose, "every-subnet"}
    return bool(_prefixes(row.start, settings) and _prefixes(row.end, settings) and {row.start, row.end} & ours)


def security_rules(purpose: str, settings: NetworkSettings, table: FlowTable) -> list[SecurityRule]:
    """The rules of the security group on the subnet for ``purpose``: inbound first, each by priority."""
    inbound = [
        _rule(row, access, priority, "Inbound", settings, start=row.start, end=purpose)
        for row, access, priority in table.rows()
        if row.end in (purpose, "every-subnet") and _prefixes(row.start, settings)
    ]
    outbound = [
        _rule(row, access, priority, "Outbound", settings, start=purpose, end=row.end)
        for row, access, priority in table.rows()
        if row.start in (purpose, "every-subnet") and _prefixes(row.end, settings)
    ]
    return inbound + outbound


def _rule(
    row: Flow,
    access: Literal["Allow", "Deny"],
    priority: int,
    direction: Direction,
    settings: NetworkSettings,
    *,
    start: str,
    end: str,
) -> SecurityRule:
    return SecurityRule(
        name=rule_name(row, direction),
        direction=direction,
        access=access,
        priority=priority,
        protocol="*" if row.protocol == "any" else row.protocol,
        sources=_prefixes(start, settings),
        destinations=_prefixes(end, settings),
        ports=_ports(row.ports, settings),
        description=row.purpose,
    )


def _prefixes(end: str, settings: NetworkSettings) -> tuple[str, ...]:
    """An end as address prefixes or a service tag; nothing for a subnet or peers where there are none."""
    ranges: Mapping[str, str] = settings.subnets.by_purpose
    if end in SUBNETS:
        return (ranges[end],) if end in ranges else ()
    if end == "every-subnet":
        return tuple(ranges.values())
    if end == "peers":
        return tuple(space for peer in settings.peers for space in peer.address_spaces)
    return ("*",) if end == "any" else (end,)


def _ports(ports: Sequence[int | str], settings: NetworkSettings) -> tuple[str, ...]:
    """Ports as Azure writes them."""
    if "any" in ports:
        return ("*",)
    named = [p for port in ports for p in (settings.mail_ports if port == "mail" else [port])]
    return tuple(str(port) for port in named)
