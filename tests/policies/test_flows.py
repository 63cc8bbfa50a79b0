"""Security rules of the platform are those of its table of flows."""

from __future__ import annotations

from typing import Any

import pytest

from policies.resource import Resource, token
from policies.rules.flows import of_the_table, rows
from policies.rules.network import GROUP, SUBNET
from policies.view import Stack

PEER: dict[str, Any] = {
    "name": "peers-to-postgres-in",
    "access": "allow",
    "direction": "inbound",
    "priority": rows()["peers-to-postgres"][1],
    "protocol": "tcp",
    "sourcePortRange": "*",
    "sourceAddressPrefixes": ["10.9.0.0/16", "10.8.0.0/16"],
    "destinationAddressPrefix": "10.1.1.0/27",
    "destinationPortRange": "5432",
}


def wrong(**changes: Any) -> list[str]:
    """What is wrong with the peers' rule, changed."""
    inputs = {"networkSecurityGroupName": "nsg", "securityRules": [{**PEER, **changes}]}
    group = Resource(type=token(GROUP), name="g", urn="urn:pulumi:x::medspasync::t::g", inputs=inputs)
    names = {"subnetName": "snet-mss-x-postgres", "addressPrefix": "10.1.1.0/27"}
    subnet = Resource(type=token(SUBNET), name="s", urn="s", inputs=names)
    return [message for message in of_the_table.check(group, Stack([group, subnet])) if "it has no rule" not in message]


def test_rule_of_the_table_holds_in_any_order() -> None:
    assert wrong() == []
    assert wrong(sourceAddressPrefixes=["10.8.0.0/16", "10.9.0.0/16"], description="another text") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"sourceAddressPrefixes": ["0.0.0.0/0"]},
        {"sourceAddressPrefixes": ["Internet"]},
        {"sourceAddressPrefixes": []},
        {"sourcePortRange": "1024"},
        {"destinationPortRange": None},
        {"destinationPortRange": "5432-6432"},
        {"destinationAddressPrefix": "10.1.0.0/16"},
        {"name": "peers-to-anything-in"},
        {"name": "peers-to-postgres-out"},
        {"priority": 1000},
        {"access": "Deny"},
    ],
)
def test_wider_rule_than_its_row_fails(changes: dict[str, Any]) -> None:
    assert len(wrong(**changes)) == 1


def test_group_without_the_rules_that_deny_fails() -> None:
    group = Resource(type=token(GROUP), name="g", urn="urn:pulumi:x::medspasync::t::g", inputs={"securityRules": []})
    assert len(list(of_the_table.check(group, Stack([group])))) == 3
