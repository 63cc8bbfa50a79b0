"""A part of a resource is judged alike, whether it stands inside it or apart from it."""

from __future__ import annotations

from typing import Any

from assurance.record import UNKNOWN, Record, Resource
from policies.rules import RULES

GROUP = {"networkSecurityGroupName": "nsg", "resourceGroupName": "rg"}
OPEN: dict[str, Any] = {
    "access": "Allow",
    "direction": "Inbound",
    "priority": 4090,
    "protocol": "*",
    "sourceAddressPrefix": "*",
    "destinationAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationPortRange": "*",
}
VAULT: dict[str, Any] = {"vaultName": "kv", "resourceGroupName": "rg"}
ALL = {"objectId": "o", "permissions": {"secrets": ["all"]}}
SITE: dict[str, Any] = {"name": "site", "resourceGroupName": "rg"}


def declared(type_: str, inputs: dict[str, Any], name: str = "", **more: Any) -> Resource:
    token = f"azure-native:{type_}"
    name = name or type_.rsplit(":", 1)[-1].lower()
    return Resource(f"urn:pulumi:x::other::{token}::{name}", f"/id/{name}", token, name, "", inputs, {}, **more)


def failed(*resources: Resource) -> dict[str, set[str]]:
    """Rules that fail, with the names of what they blame; of another project's program."""
    record = Record("x", "deployed", list(resources), basis={"project": "other"})
    found: dict[str, set[str]] = {}
    for rule in RULES:
        for verdict in rule.examine(record.view):
            if verdict.violations:
                found.setdefault(rule.id, set()).add(verdict.subject.name)
    return found


def test_rule_beside_its_group_joins_its_order() -> None:
    last = {**OPEN, "access": "Deny", "name": "last", "priority": 4000}
    group = declared("network:NetworkSecurityGroup", {**GROUP, "securityRules": [last]})
    beside = declared("network:SecurityRule", {**GROUP, **OPEN, "securityRuleName": "late"})
    assert "NET-DENY-INBOUND" not in failed(group)
    found = failed(group, beside)
    assert found["NET-DENY-INBOUND"] == {"networksecuritygroup"}
    assert found["NET-NO-INTERNET-INBOUND"] == {"securityrule"}


def test_group_with_rules_apart_is_judged_by_them() -> None:
    group = declared("network:NetworkSecurityGroup", GROUP)
    apart = declared("network:SecurityRule", {**GROUP, **OPEN, "networkSecurityGroupName": "NSG", "access": "Deny"})
    found = failed(group, apart)
    assert "NET-DENY-INBOUND" not in found
    assert "NET-DENY-INBOUND" in failed(group)


def test_subnet_inside_network_is_judged_like_apart() -> None:
    network = declared("network:VirtualNetwork", {"virtualNetworkName": "v", "subnets": [{"name": "s"}]})
    apart = declared("network:Subnet", {"virtualNetworkName": "v", "subnetName": "s"})
    rules = {"NET-SUBNET-NSG", "NET-SUBNET-PRIVATE", "NET-ENDPOINT-POLICIES"}
    inside = failed(network)
    assert {rule for rule, names in inside.items() if "virtualnetwork" in names} >= rules
    assert {rule for rule, names in failed(apart).items() if "subnet" in names} >= rules


def test_access_policy_apart_counts_for_its_vault() -> None:
    vault = declared("keyvault:Vault", {**VAULT, "properties": {"enableRbacAuthorization": True}})
    policy = declared("keyvault:AccessPolicy", {**VAULT, "policy": ALL})
    assert "KV-AUTHORIZATION-EXPLICIT" not in failed(vault)
    found = failed(vault, policy)
    assert found["KV-AUTHORIZATION-EXPLICIT"] == {"vault"}
    assert found["KV-LEAST-PRIVILEGE"] == {"accesspolicy"}


def test_settings_inside_a_site_are_judged_as_settings() -> None:
    setting = {"name": "DB_PASSWORD", "value": "plain-text"}
    site = declared("web:WebApp", {**SITE, "siteConfig": {"appSettings": [setting]}})
    slot = declared("web:WebAppSlot", {**SITE, "slot": "s", "siteConfig": {"appSettings": [setting]}})
    assert failed(site)["APP-SECRETS-REFERENCED"] == {"webapp"}
    assert failed(slot)["APP-SECRETS-REFERENCED"] == {"webappslot"}


def test_generic_resource_is_judged_by_its_type() -> None:
    inputs = {
        "resourceProviderNamespace": "Microsoft.Storage",
        "resourceType": "storageAccounts",
        "resourceName": "st",
        "parentResourcePath": "",
        "properties": {"allowBlobPublicAccess": True, "allowSharedKeyAccess": False},
    }
    found = failed(declared("resources:Resource", inputs))
    assert "ST-NO-ANONYMOUS-READ" in found
    assert "ST-NO-SHARED-KEY" not in found


def test_unknown_part_is_left_out_and_hides_nothing() -> None:
    rules = [UNKNOWN, {**OPEN, "name": "open"}]
    group = declared("network:NetworkSecurityGroup", {**GROUP, "securityRules": rules})
    assert "NET-NO-INTERNET-INBOUND" in failed(group, declared("network:SecurityRule", {**GROUP, **OPEN}))
    unknown = declared("network:NetworkSecurityGroup", {**GROUP, "securityRules": UNKNOWN})
    assert failed(unknown, declared("network:SecurityRule", {**GROUP, **OPEN}))["NET-NO-INTERNET-INBOUND"] == {
        "securityrule"
    }
