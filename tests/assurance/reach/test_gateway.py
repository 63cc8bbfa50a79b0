"""The gateway is reached through our own Front Door only, and the app behind it through the gateway only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assurance.reach.report import reach
from assurance.record import Mode, Record
from tests.assurance.altered import named, without
from tests.gateway import gateway_record
from tests.harness import MODES

SERVICE = "apimanagement:ApiManagementService"
WHO = ("internet", "our front door", "another front door", "trusted services")


@pytest.mark.parametrize("mode", MODES)
def test_the_stack_holds_and_tells_the_whole_way(mode: Mode) -> None:
    found = reach(gateway_record(mode))
    assert found.report.with_status("fail") == []
    assert {who: found.flows[who, "gateway"].verdict.open for who in WHO} == {
        "internet": False, "our front door": True, "another front door": False, "trusted services": False,
    }  # fmt: skip
    way = found.flows["our front door", "app-backend"].verdict
    assert way.open
    for part in ("private link to gateway", "calls out of subnet-gateway", "app-backend-private-endpoint"):
        assert part in way.why
    assert "approved" in way.condition
    assert not found.flows["our front door", "app-backend (SCM)"].verdict.open
    assert {host.name: [site.name for site in host.sites] for host in found.hosts}["api.medspasyncpro.com"] == [
        "app-backend"
    ]


BROKEN_ROWS = {"edge-to-gateway", "other-front-doors-to-gateway"}
"""Rows of the table that only a stack with a gateway can break."""


def opened(record: Record) -> None:
    named(record, "gateway", SERVICE).inputs["publicNetworkAccess"] = "Enabled"


def unchecked(record: Record) -> None:
    opened(record)
    named(record, "gateway", "apimanagement:Policy").inputs["value"] = "<policies><inbound/></policies>"


def sets(name: str, type_: str, path: str, value: Any) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        *parents, last = path.split(".")
        place = named(record, name, type_).inputs
        for parent in parents:
            place = place[parent]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (opened, {"REACH-INTERNET"}),
        (unchecked, {"REACH-INTERNET", "REACH-FORBIDDEN"}),
        (sets("edge-backend", "cdn:Route", "originPath", "/other"), {"REACH-EDGE", "REACH-NEEDED"}),
        (sets("edge-backend", "cdn:AFDOrigin", "sharedPrivateLinkResource.groupId", "sites"), {"REACH-NEEDED"}),
        (sets("edge-backend", "cdn:AFDOrigin", "enabledState", "Disabled"), {"REACH-NEEDED"}),
        (sets("gateway", SERVICE, "virtualNetworkConfiguration", {}), {"REACH-NEEDED"}),
        (sets("subnet-gateway", "network:NetworkSecurityGroup", "securityRules", []), set()),
        (lambda record: without(record, "app-backend-private-endpoint", "network:PrivateEndpoint"), {"REACH-NEEDED"}),
        (lambda record: without(record, "gateway-backend", "apimanagement:Api"), {"REACH-EDGE", "REACH-NEEDED"}),
    ],
)
def test_every_other_way_and_every_gap_is_found(change: Callable[[Record], None], rules: set[str]) -> None:
    record = gateway_record()
    change(record)
    assert {finding.rule for finding in reach(record).report.with_status("fail")} == rules


def test_gateway_open_at_creation_still_needs_front_door() -> None:
    record = gateway_record()
    opened(record)
    flows = reach(record).flows
    assert "whoever sends our Front Door's id" in flows["internet", "gateway"].verdict.why
    assert not flows["another front door", "gateway"].verdict.open


def test_the_tables_rows_are_broken_here() -> None:
    broken = set()
    for change in (unchecked, sets("edge-backend", "cdn:AFDOrigin", "enabledState", "Disabled")):
        record = gateway_record()
        change(record)
        broken |= {finding.message.partition(": ")[0] for finding in reach(record).report.with_status("fail")}
    assert broken >= BROKEN_ROWS
