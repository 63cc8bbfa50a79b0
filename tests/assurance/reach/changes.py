"""Openings and closings made in the record of a stack, by what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assurance.check.findings import Finding
from assurance.reach.report import reach
from assurance.record import Record
from tests.assurance.altered import added, named, without

APPS = ("backend", "frontend", "marketing", "pro-next")
VAULT, SITE, SLOT, GROUP = "keyvault:Vault", "web:WebApp", "web:WebAppSlot", "network:NetworkSecurityGroup"
Change = Callable[[Record], Any]


def inputs(record: Record, name: str, type_: str) -> dict[str, Any]:
    return named(record, name, type_).inputs


def opens(name: str, type_: str, **values: Any) -> Change:
    """Set inputs of a resource, dotted names with two underscores."""

    def change(record: Record) -> None:
        for path, value in values.items():
            *parents, last = path.split("__")
            place = inputs(record, name, type_)
            for parent in parents:
                place = place[parent]
            place[last] = value

    return change


def both(*changes: Change) -> Change:
    def change(record: Record) -> None:
        for each in changes:
            each(record)

    return change


def without_input(name: str, type_: str, *path: str) -> Change:
    def change(record: Record) -> None:
        place = inputs(record, name, type_)
        for parent in path[:-1]:
            place = place[parent]
        del place[path[-1]]

    return change


ENDPOINT, ZONE_GROUP, LINK = "network:PrivateEndpoint", "network:PrivateDnsZoneGroup", "privatedns:VirtualNetworkLink"
RULE = {"name": "x", "priority": 10, "action": "Allow"}
EVERYONE = {**RULE, "ipAddress": "0.0.0.0/0"}
RANGE = {**RULE, "ipAddress": "198.51.100.0/24"}
ANY_FRONT_DOOR = {**RULE, "tag": "ServiceTag", "ipAddress": "AzureFrontDoor.Backend"}
OTHER_PROFILE = {**ANY_FRONT_DOOR, "headers": {"x-azure-fdid": ["11111111-1111-4111-8111-111111111111"]}}
HEADER_ALONE = {**EVERYONE, "headers": {"x-azure-fdid": ["11111111-1111-4111-8111-111111111111"]}}
AZURE = {**RULE, "tag": "ServiceTag", "ipAddress": "AzureCloud"}


def site_opened(name: str, type_: str, scm: bool = False, **changes: Any) -> Change:
    side = "scmIpSecurityRestrictions" if scm else "ipSecurityRestrictions"

    def change(record: Record) -> None:
        site = inputs(record, name, type_)
        site["publicNetworkAccess"] = changes.get("access", "Enabled")
        if "rule" in changes:
            site["siteConfig"][side] = [changes["rule"]]
        if "default" in changes:
            site["siteConfig"][f"{side}DefaultAction"] = changes["default"]

    return change


def firewall(start: str, end: str) -> Change:
    def change(record: Record) -> None:
        server = inputs(record, "postgres", "dbforpostgresql:Server")
        server["network"] = {"publicNetworkAccess": "Enabled"}
        added(
            record,
            "wide",
            "dbforpostgresql:FirewallRule",
            {"serverName": server["serverName"], "startIpAddress": start, "endIpAddress": end},
        )

    return change


def deny(subnet: str, direction: str, field: str, value: str, port: str) -> Change:
    """A rule before all others that denies a flow."""

    def change(record: Record) -> None:
        other = "source" if field == "destination" else "destination"
        inputs(record, f"subnet-{subnet}", GROUP)["securityRules"].append(
            {
                "name": "mistake",
                "priority": 99,
                "direction": direction,
                "access": "Deny",
                "protocol": "*",
                f"{field}AddressPrefix": value,
                f"{other}AddressPrefix": "*",
                "destinationPortRange": port,
            }
        )

    return change


def allow(subnet: str, direction: str, field: str, value: str, port: str) -> Change:
    def change(record: Record) -> None:
        deny(subnet, direction, field, value, port)(record)
        inputs(record, f"subnet-{subnet}", GROUP)["securityRules"][-1]["access"] = "Allow"

    return change


def rule_lost(subnet: str, name: str) -> Change:
    def change(record: Record) -> None:
        group = inputs(record, f"subnet-{subnet}", GROUP)
        before = len(group["securityRules"])
        group["securityRules"] = [rule for rule in group["securityRules"] if rule["name"] != name]
        assert len(group["securityRules"]) == before - 1

    return change


def lost(name: str, type_: str) -> Change:
    return lambda record: without(record, name, type_)


def expect_failure(record: Record, rule: str, name: str) -> list[Finding]:
    """The stack does not hold, and the finding names the resource, its line and its reasons."""
    report = reach(record).report
    assert not report.holds
    found = [finding for finding in report.with_status("fail") if finding.rule == rule and finding.name == name]
    assert found, [(finding.rule, finding.name, finding.message) for finding in report.with_status("fail")]
    assert all(finding.source and finding.source["file"] and finding.source["line"] for finding in found if name)
    return found
