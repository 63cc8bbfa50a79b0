"""Flows inside the network: needed ones that are closed, forbidden ones that are open, groups, peers."""

from __future__ import annotations

import pytest

from assurance.reach.report import reach
from assurance.record import Record
from tests.assurance.altered import added, lean_record, named, without
from tests.assurance.reach.changes import (
    ANY_FRONT_DOOR,
    ENDPOINT,
    GROUP,
    LINK,
    SITE,
    SLOT,
    VAULT,
    ZONE_GROUP,
    Change,
    allow,
    both,
    deny,
    expect_failure,
    inputs,
    lost,
    opens,
    rule_lost,
    site_opened,
    without_input,
)


def no_way_out(record: Record) -> None:
    subnet = inputs(record, "subnet-apps", "network:Subnet")
    del subnet["natGateway"]
    subnet["delegations"] = []


CLOSINGS: dict[str, tuple[Change, str, str]] = {
    "edge-to-sites": (lost("edge-backend", "cdn:AFDOrigin"), "edge-to-sites", "app-backend"),
    "edge-origin-off": (
        opens("edge-backend", "cdn:AFDOrigin", enabledState="Disabled"), "edge-to-sites", "edge-backend",
    ),
    "edge-routes-off": (opens("edge-backend", "cdn:Route", enabledState="Disabled"), "edge-to-sites", "edge-backend"),
    "edge-endpoint-off": (
        opens("front-door-api", "cdn:AFDEndpoint", enabledState="Disabled"), "edge-to-sites", "edge-backend",
    ),
    "edge-link-lost": (
        without_input("edge-backend", "cdn:AFDOrigin", "sharedPrivateLinkResource"), "edge-to-sites", "app-backend",
    ),
    "edge-link-to-slot": (
        opens("edge-backend", "cdn:AFDOrigin", sharedPrivateLinkResource__groupId="sites-staging"),
        "edge-to-sites",
        "edge-backend",
    ),
    "edge-standard": (
        opens("front-door", "cdn:Profile", sku__name="Standard_AzureFrontDoor"), "edge-to-sites", "edge-backend",
    ),
    "apps-to-database-out": (rule_lost("apps", "apps-to-postgres-out"), "apps-to-database", "subnet-apps"),
    "apps-to-database-in": (rule_lost("postgres", "apps-to-postgres-in"), "apps-to-database", "subnet-postgres"),
    "apps-to-database-half": (
        deny("postgres", "Inbound", "source", "10.40.32.128/25", "5432"), "apps-to-database", "subnet-postgres",
    ),
    "database-zone-link": (lost("private-dns-postgres", LINK), "apps-to-database", "private-dns-postgres"),
    "database-zone": (
        without_input("postgres", "dbforpostgresql:Server", "network", "privateDnsZoneArmResourceId"),
        "apps-to-database",
        "postgres",
    ),
    "site-outside": (without_input("app-backend", SITE, "virtualNetworkSubnetId"), "apps-to-database", "app-backend"),
    "slot-outside": (
        without_input("app-backend-slot", SLOT, "virtualNetworkSubnetId"), "apps-to-vaults", "app-backend-slot",
    ),
    "database-lost": (lost("postgres", "dbforpostgresql:Server"), "apps-to-database", ""),
    "apps-to-pooler": (
        deny("apps", "Outbound", "destination", "VirtualNetwork", "6432"), "apps-to-pooler", "subnet-apps",
    ),
    "apps-to-vaults": (rule_lost("apps", "apps-to-private-https-out"), "apps-to-vaults", "subnet-apps"),
    "vault-endpoint": (lost("vault-backend-private-endpoint", ENDPOINT), "apps-to-vaults", "vault-backend"),
    "vault-zone-group": (
        lost("vault-backend-private-dns", ZONE_GROUP), "apps-to-vaults", "vault-backend",
    ),
    "vault-zone-link": (lost("private-dns-vault", LINK), "apps-to-vaults", "vault-backend"),
    "apps-to-cache": (rule_lost("private-endpoints", "apps-to-redis-in"), "apps-to-cache", "subnet-private-endpoints"),
    "cache-zone-link": (lost("private-dns-redis", LINK), "apps-to-cache", "subnet-apps"),
    "apps-to-bus": (rule_lost("apps", "apps-to-servicebus-out"), "apps-to-bus", "subnet-apps"),
    "apps-to-internet": (rule_lost("apps", "apps-to-internet-https-out"), "apps-to-internet", "subnet-apps"),
    "apps-without-a-way-out": (no_way_out, "apps-to-internet", "subnet-apps"),
    "apps-to-mail": (rule_lost("apps", "apps-to-mail-out"), "apps-to-mail", "subnet-apps"),
    "apps-to-entra": (
        deny("apps", "Outbound", "destination", "AzureActiveDirectory", "443"), "apps-to-entra", "subnet-apps",
    ),
    "apps-to-monitor": (deny("apps", "Outbound", "destination", "AzureMonitor", "*"), "apps-to-monitor", "subnet-apps"),
    "apps-to-registry": (
        deny("apps", "Outbound", "destination", "AzureContainerRegistry", "1-65535"), "apps-to-registry", "subnet-apps",
    ),
    "apps-to-registry-layers": (
        deny("apps", "Outbound", "destination", "Storage", "443"), "apps-to-registry-layers", "subnet-apps",
    ),
    "jobs-to-database": (rule_lost("jobs", "jobs-to-postgres-out"), "jobs-to-database", "subnet-jobs"),
    "jobs-outside": (
        without_input("database-jobs", "app:ManagedEnvironment", "vnetConfiguration"),
        "jobs-to-database",
        "database-jobs-apply",
    ),
    "jobs-to-vaults": (
        rule_lost("private-endpoints", "jobs-to-private-https-in"), "jobs-to-vaults", "subnet-private-endpoints",
    ),
    "jobs-to-archive": (lost("archive-private-endpoint", ENDPOINT), "jobs-to-archive", "archive"),
    "jobs-to-entra": (rule_lost("jobs", "jobs-to-entra-out"), "jobs-to-entra", "subnet-jobs"),
    "jobs-to-registry": (rule_lost("jobs", "jobs-to-registry-out"), "jobs-to-registry", "subnet-jobs"),
    "database-to-entra": (rule_lost("postgres", "postgres-entra-out"), "database-to-entra", "subnet-postgres"),
    "database-to-storage": (
        rule_lost("postgres", "postgres-wal-archive-out"), "database-to-storage", "subnet-postgres",
    ),
    "encryption-to-keys": (
        opens("vault-keys", VAULT, properties__networkAcls__bypass="None"), "encryption-to-keys", "vault-keys",
    ),
    "logs-to-archive": (
        opens("archive", "storage:StorageAccount", networkRuleSet__bypass="None"), "logs-to-archive", "archive",
    ),
}  # fmt: skip


@pytest.mark.parametrize("closing", CLOSINGS)
def test_a_needed_flow_that_is_closed_is_found(closing: str) -> None:
    change, row, name = CLOSINGS[closing]
    record = lean_record()
    change(record)
    assert any(finding.message.startswith(f"{row}:") for finding in expect_failure(record, "REACH-NEEDED", name))


FORBIDDEN: dict[str, tuple[Change, str]] = {
    "database-to-internet": (allow("postgres", "Outbound", "destination", "*", "443"), "subnet-postgres"),
    "frontends-to-internet": (
        allow("frontends", "Outbound", "destination", "Internet", "443"),
        "subnet-frontends",
    ),
    "frontends-to-database": (
        both(
            allow("frontends", "Outbound", "destination", "10.40.33.0/27", "5432"),
            allow("postgres", "Inbound", "source", "10.40.37.0/24", "5432"),
        ),
        "subnet-postgres",
    ),
    "runner-to-database": (
        both(
            allow("runner", "Outbound", "destination", "10.40.33.0/27", "5432"),
            allow("postgres", "Inbound", "source", "10.40.36.0/28", "5432"),
        ),
        "subnet-postgres",
    ),
    "other-front-doors": (site_opened("app-backend", SITE, rule=ANY_FRONT_DOOR), "app-backend"),
    "other-front-doors-to-slots": (site_opened("app-backend-slot", SLOT, rule=ANY_FRONT_DOOR), "app-backend-slot"),
}


@pytest.mark.parametrize("row", FORBIDDEN)
def test_a_flow_that_must_never_open_is_found(row: str) -> None:
    change, name = FORBIDDEN[row]
    record = lean_record()
    change(record)
    found = expect_failure(record, "REACH-FORBIDDEN", name)
    assert any(finding.message.startswith(f"{row}:") for finding in found)


def test_jobs_in_closed_environment_do_not_answer() -> None:
    record = lean_record()
    environment = named(record, "database-jobs", "app:ManagedEnvironment").inputs
    assert not reach(record).flows["internet", "database-jobs"].verdict.open
    environment["publicNetworkAccess"] = "Enabled"
    assert not reach(record).flows["internet", "database-jobs"].verdict.open


def test_without_jobs_their_subnet_speaks_for_them() -> None:
    record = lean_record()
    record.resources = [each for each in record if not each.type.startswith("azure-native:app:")]
    assert reach(record).report.with_status("fail") == []
    without(record, "subnet-jobs", "network:Subnet")
    assert {finding.message.split(":")[0] for finding in reach(record).report.with_status("fail")} >= {
        "jobs-to-database"
    }


def test_a_subnet_without_a_group_lets_everything_through() -> None:
    record = lean_record()
    for purpose in ("runner", "postgres"):
        del named(record, f"subnet-{purpose}", "network:Subnet").inputs["networkSecurityGroup"]
    assert reach(record).flows["subnet-runner", "postgres"].verdict.open


def test_groups_apply_to_endpoints_by_subnet_policy_only() -> None:
    record = lean_record()
    rule_lost("private-endpoints", "apps-to-redis-in")(record)
    named(record, "subnet-private-endpoints", "network:Subnet").inputs["privateEndpointNetworkPolicies"] = "Disabled"
    verdict = reach(record).flows["subnet-apps", "redis"].verdict
    assert verdict.open
    assert "do not apply" in verdict.why


def test_azures_own_rules_come_last() -> None:
    record = lean_record()
    for group in record.of_type(GROUP):
        group.inputs["securityRules"] = []
    flows = reach(record).flows
    assert flows["subnet-runner", "postgres"].verdict.open
    assert "AllowVnetInBound" in flows["subnet-runner", "postgres"].verdict.why


def test_rules_may_stand_alone() -> None:
    record = lean_record()
    group = named(record, "subnet-apps", GROUP)
    rule = {
        "networkSecurityGroupName": group.inputs["networkSecurityGroupName"],
        "name": "alone", "priority": 90, "direction": "Outbound", "access": "Deny", "protocol": "Tcp",
        "sourceAddressPrefixes": ["10.40.32.0/24"], "destinationAddressPrefix": "10.40.33.0/27",
        "destinationPortRanges": ["5000-6000"],
    }  # fmt: skip
    added(record, "alone", "network:SecurityRule", rule)
    assert not reach(record).flows["subnet-apps", "postgres"].verdict.open


def _peered(record: Record, *prefixes: str) -> None:
    network = named(record, "network", "network:VirtualNetwork")
    added(
        record,
        "peer-hub",
        "network:VirtualNetworkPeering",
        {"virtualNetworkName": network.inputs["virtualNetworkName"], "remoteVirtualNetwork": {"id": "/hub"}},
    )
    for purpose, port in (("postgres", "5432"), ("private-endpoints", "443")):
        for prefix in prefixes:
            allow(purpose, "Inbound", "source", prefix, port)(record)


def test_peers_reach_what_rules_let_them() -> None:
    record = lean_record()
    assert "peers" not in reach(record).sources
    _peered(record, "10.0.0.0/16")
    flows = reach(record).flows
    assert flows["peers", "postgres"].verdict.open
    assert flows["peers", "vault-backend"].verdict.open
    assert not flows["peers", "postgres (PgBouncer)"].verdict.open
    assert not flows["peers", "redis"].verdict.open
    assert flows["peers", "observability"].verdict.condition


def test_peers_that_no_rule_names_reach_nothing() -> None:
    record = lean_record()
    _peered(record)
    assert not any(flow.verdict.open for (source, _), flow in reach(record).flows.items() if source == "peers")


def test_another_network_is_another_world() -> None:
    record = lean_record()
    added(record, "elsewhere", "network:VirtualNetwork", {"virtualNetworkName": "elsewhere", "addressSpace": {}})
    named(record, "subnet-postgres", "network:Subnet").inputs["virtualNetworkName"] = "elsewhere"
    verdict = reach(record).flows["subnet-apps", "postgres"].verdict
    assert not verdict.open
    assert "different networks" in verdict.why
