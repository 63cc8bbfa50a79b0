"""What the security groups let through, worked out from the record as Azure would: first match by priority."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from pydantic import ValidationError

from assurance.record import Mode, Record
from documents.yaml_text import load_yaml
from stacks.catalogues.network_flows import CATALOGUE, FlowTable, flow_table
from stacks.flows import security_rules
from stacks.settings.network import SUBNETS
from tests.harness import MODES, ROOT
from tests.stacks.network_stack import FULL, SMALL, network_settings, recorded

# An address in each subnet, elsewhere in the network, at the peer, at its VPN clients, and on the Internet.
PLACES = {
    "apps": "10.40.0.10",
    "postgres": "10.40.1.10",
    "private-endpoints": "10.40.2.10",
    "jobs": "10.40.3.10",
    "runner": "10.40.4.10",
    "gateway": "10.40.5.10",
    "frontends": "10.40.6.10",
    "unused": "10.40.9.10",
    "peer": "10.0.3.4",
    "vpn": "172.16.0.7",
    "internet": "203.0.113.9",
}
SPACES = ("10.40.0.0/20", "10.0.0.0/16", "172.16.0.0/24")

# What the services cannot do without, by the documents named in the table. Written by hand: a row that is taken out of
# the table closes one of these.
NEEDED = [
    ("postgres", "postgres", 5432),
    ("postgres", "postgres", 6432),
    ("postgres", "Storage", 443),
    ("postgres", "AzureActiveDirectory", 443),
    ("apps", "postgres", 5432),
    ("apps", "postgres", 6432),
    ("apps", "private-endpoints", 443),
    ("apps", "private-endpoints", 10000),
    ("apps", "private-endpoints", 5671),
    ("apps", "ServiceBus", 5671),
    ("apps", "internet", 443),
    ("apps", "internet", 587),
    ("apps", "internet", 465),
    ("apps", "AzureMonitor", 443),
    ("apps", "AzureActiveDirectory", 443),
    ("apps", "AzureContainerRegistry", 443),
    ("apps", "Storage", 443),
    ("frontends", "private-endpoints", 443),
    ("frontends", "private-endpoints", 10000),
    ("frontends", "private-endpoints", 5671),
    ("frontends", "ServiceBus", 5671),
    ("frontends", "AzureFrontDoor.Frontend", 443),
    ("frontends", "AzureMonitor", 443),
    ("frontends", "AzureActiveDirectory", 443),
    ("frontends", "AzureContainerRegistry", 443),
    ("frontends", "Storage", 443),
    ("jobs", "jobs", 31080),
    ("jobs", "postgres", 5432),
    ("jobs", "private-endpoints", 443),
    ("jobs", "AzureContainerRegistry", 443),
    ("jobs", "Storage", 443),
    ("jobs", "MicrosoftContainerRegistry", 443),
    ("jobs", "AzureFrontDoor.FirstParty", 443),
    ("jobs", "AzureActiveDirectory", 443),
    ("jobs", "AzureMonitor", 443),
    ("runner", "private-endpoints", 443),
    ("runner", "internet", 443),
    ("gateway", "private-endpoints", 443),
    ("gateway", "AzureKeyVault", 443),
    ("gateway", "Storage", 443),
    ("gateway", "AzureActiveDirectory", 443),
    ("gateway", "AzureMonitor", 443),
    ("peer", "private-endpoints", 443),
    ("vpn", "private-endpoints", 443),
    ("vpn", "postgres", 5432),
    *(("AzureLoadBalancer", purpose, 31000) for purpose in SUBNETS),
]


@pytest.fixture(scope="module", params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return recorded(FULL, mode)


Open = Callable[[str, str, int], bool]


@pytest.fixture(scope="module")
def is_open(built: Record) -> Open:
    """Whether TCP from one place to another gets through both groups on its way, by the record."""
    groups = {
        group.name.removeprefix("subnet-"): group.inputs["securityRules"]
        for group in built.of_type("network:NetworkSecurityGroup")
    }
    assert set(groups) == set(SUBNETS)

    def check(start: str, end: str, port: int) -> bool:
        out = start not in groups or _verdict(groups[start], "Outbound", start, end, port)
        return out and (end not in groups or _verdict(groups[end], "Inbound", start, end, port))

    return check


def _verdict(rules: list[dict[str, Any]], direction: str, start: str, end: str, port: int) -> bool:
    for rule in sorted((r for r in rules if r["direction"] == direction), key=lambda r: r["priority"]):
        if (
            rule["protocol"] in ("Tcp", "*")
            and _covers(rule, "sourceAddressPrefix", start)
            and _covers(rule, "destinationAddressPrefix", end)
            and any(_in_range(port, item) for item in _values(rule, "destinationPortRange"))
        ):
            return bool(rule["access"] == "Allow")
    raise AssertionError("no rule matches: the group falls back on Azure's default rules")


def _values(rule: dict[str, Any], field: str) -> list[str]:
    plural = {"destinationPortRange": "destinationPortRanges"}.get(field, f"{field}es")
    assert (field in rule) != (plural in rule), f"{rule['name']} must have one of {field} and {plural}"
    return rule.get(plural) or [rule[field]]


def _in_range(port: int, item: str) -> bool:
    low, _, high = item.partition("-")
    return item == "*" or int(low) <= port <= int(high or low)


def _covers(rule: dict[str, Any], field: str, place: str) -> bool:
    return any(_prefix_covers(prefix, place) for prefix in _values(rule, field))


def _prefix_covers(prefix: str, place: str) -> bool:
    """A place is an address, or a service tag; all tags but the load balancer's are on the Internet."""
    address = PLACES.get(place)
    if prefix in ("*", place):
        return True
    if address is None:
        return prefix == "Internet" and place != "AzureLoadBalancer"
    local = any(ip_address(address) in ip_network(space) for space in SPACES)
    if prefix == "VirtualNetwork":
        return local
    if prefix == "Internet":
        return not local
    return prefix[0].isdigit() and ip_address(address) in ip_network(prefix)


@pytest.mark.parametrize(("start", "end", "port"), NEEDED)
def test_what_the_services_need_is_open(is_open: Open, start: str, end: str, port: int) -> None:
    assert is_open(start, end, port)


@pytest.mark.parametrize("port", [22, 80, 443, 3389, 5432, 6432, 5671, 5985, 8080, 10000, 65535])
def test_nothing_else_is_open_between_places(is_open: Open, port: int) -> None:
    opened = {
        (start, end)
        for start in PLACES
        for end in [*PLACES, "Storage", "AzureActiveDirectory", "ServiceBus"]
        if (start in SUBNETS or end in SUBNETS) and is_open(start, end, port)
    }
    expected = {(start, end) for start, end, wanted in NEEDED if wanted == port and start in PLACES}
    # A Container Apps environment talks to itself on every port but those of management; and who may reach the
    # Internet on a port may also reach what is on the Internet there.
    expected |= {("jobs", "jobs")} if port not in (22, 3389, 5985) else set()
    on_the_internet = {"Storage", "AzureActiveDirectory", "ServiceBus"}
    wide = {start for start, end in expected if end == "internet"}
    expected |= {(start, end) for start in wide for end in on_the_internet}
    named = {*PLACES, *on_the_internet}
    expected |= {("peer", end) for start, end in expected if start == "vpn"}
    assert opened == {(start, end) for start, end in expected if end in named}


@pytest.mark.parametrize("end", SUBNETS)
@pytest.mark.parametrize("port", [22, 443, 5432, 10000])
def test_nothing_from_the_internet_enters_any_subnet(is_open: Open, end: str, port: int) -> None:
    assert not is_open("internet", end, port)


@pytest.mark.parametrize("start", SUBNETS)
@pytest.mark.parametrize("end", SUBNETS)
@pytest.mark.parametrize("port", [22, 3389, 5985, 5986])
def test_nobody_manages_machines_from_inside(is_open: Open, start: str, end: str, port: int) -> None:
    assert not is_open(start, end, port)


def test_phi_cannot_leave_the_database_for_the_internet(is_open: Open) -> None:
    assert not any(is_open("postgres", "internet", port) for port in (53, 80, 443, 587, 5432))


@pytest.mark.parametrize(
    ("end", "port"),
    [("AzureActiveDirectory", 443), ("AzureMonitor", 443), ("AzureContainerRegistry", 443), ("Storage", 443)],
)
def test_apps_without_internet_keep_the_azure_they_need(end: str, port: int) -> None:
    """Sign-in, telemetry and their registry stay reachable."""
    table = load_yaml((ROOT / CATALOGUE).read_text(encoding="utf-8"))
    table["allowed"] = [row for row in table["allowed"] if row["id"] != "apps-to-internet-https"]
    rules = security_rules("apps", network_settings(SMALL), FlowTable.model_validate(table))
    allowed = {rule.destinations for rule in rules if rule.access == "Allow" and rule.ports == (str(port),)}
    assert (end,) in allowed
    assert ("Internet",) not in allowed


def test_names_and_priorities_are_unique_within_azures_limits(built: Record) -> None:
    for group in built.of_type("network:NetworkSecurityGroup"):
        rules = group.inputs["securityRules"]
        names = [rule["name"] for rule in rules]
        assert len(names) == len(set(names))
        assert all(len(rule["name"]) <= 80 and len(rule["description"]) <= 140 for rule in rules)
        for direction in ("Inbound", "Outbound"):
            priorities = [rule["priority"] for rule in rules if rule["direction"] == direction]
            assert len(priorities) == len(set(priorities))
            assert all(100 <= priority <= 4096 for priority in priorities)


def test_every_group_ends_denying_everything_both_ways(built: Record) -> None:
    for group in built.of_type("network:NetworkSecurityGroup"):
        for direction in ("Inbound", "Outbound"):
            rules = [rule for rule in group.inputs["securityRules"] if rule["direction"] == direction]
            last = max(rules, key=lambda rule: rule["priority"])
            far = "sourceAddressPrefix" if direction == "Inbound" else "destinationAddressPrefix"
            assert (last["access"], last["protocol"], last[far], last["destinationPortRange"]) == (
                "Deny",
                "*",
                "*",
                "*",
            )


def test_row_has_same_priority_wherever_it_applies() -> None:
    settings = network_settings(FULL)
    seen: dict[str, int] = {}
    for purpose in SUBNETS:
        for rule in security_rules(purpose, settings, flow_table()):
            row = rule.name.rsplit("-", 1)[0]
            assert seen.setdefault(row, rule.priority) == rule.priority
    assert set(seen) == {row.id for row, _, _ in flow_table().rows()}


def test_without_peers_or_gateway_no_rule_names_one() -> None:
    settings = network_settings(SMALL)
    purposes = settings.subnets.by_purpose
    rules = [rule for purpose in purposes for rule in security_rules(purpose, settings, flow_table())]
    assert rules
    assert not any("peers" in rule.name or "gateway" in rule.name for rule in rules)
    assert all(rule.sources and rule.destinations and rule.ports for rule in rules)


def test_mail_leaves_on_the_ports_of_the_settings() -> None:
    def mail(section: dict[str, Any]) -> tuple[str, ...]:
        rules = security_rules("apps", network_settings(section), flow_table())
        return next(rule.ports for rule in rules if rule.name == "apps-to-mail-out")

    assert mail(SMALL) == ("587",)
    assert mail(FULL) == ("587", "465")


def test_every_row_touches_subnet_and_has_own_id() -> None:
    rows = [row for row, _, _ in flow_table().rows()]
    assert len({row.id for row in rows}) == len(rows)
    ours = {*SUBNETS, "every-subnet"}
    assert all(row.start in ours or row.end in ours for row in rows)


@pytest.mark.parametrize(
    "change",
    [
        {"to": "AzureCloud"},
        {"from": "app"},
        {"ports": []},
        {"ports": [70000]},
        {"ports": ["https"]},
        {"protocol": "TCP"},
        {"purpose": "x" * 141},
        {"source": ""},
        {"direction": "Inbound"},
    ],
)
def test_a_malformed_row_is_refused(change: dict[str, Any]) -> None:
    table = load_yaml((ROOT / CATALOGUE).read_text(encoding="utf-8"))
    table["allowed"][0].update(change)
    with pytest.raises(ValidationError):
        FlowTable.model_validate(table)


def test_row_from_every_subnet_admits_all_at_target() -> None:
    """Its target lets in all of them."""
    table = load_yaml((ROOT / CATALOGUE).read_text(encoding="utf-8"))
    table["allowed"][0].update({"from": "every-subnet", "to": "runner"})
    settings = network_settings(SMALL)
    (rule,) = (
        rule
        for rule in security_rules("runner", settings, FlowTable.model_validate(table))
        if rule.name == "postgres-ha-in"
    )
    assert set(rule.sources) == set(settings.subnets.by_purpose.values())
