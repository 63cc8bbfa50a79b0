"""What can be reached in the project's own stacks, and that every opening and every closed flow is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assurance.check.findings import Finding
from assurance.reach.needed import Row, flow_table
from assurance.reach.report import Reach, reach
from assurance.record import Mode, Record, Resource
from tests.assurance.altered import added, lean_record, named, without
from tests.assurance.cli import failures, run
from tests.assurance.reach.test_gateway import BROKEN_ROWS
from tests.harness import MODES, STACKS, stack_record

APPS = ("backend", "frontend", "marketing", "pro-next")
VAULT, SITE, SLOT, GROUP = "keyvault:Vault", "web:WebApp", "web:WebAppSlot", "network:NetworkSecurityGroup"

Change = Callable[[Record], Any]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_holds(stack: str, mode: Mode) -> None:
    found = reach(stack_record(stack, mode))
    assert found.report.with_status("fail") == []
    assert found.report.totals["pass"] > 100


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_internet_reaches_front_door_and_signed_services_only(stack: str, mode: Mode) -> None:
    found = reach(stack_record(stack, mode))
    assert len(found.hosts) == len(APPS)
    assert all(host.firewall for host in found.hosts)
    answering = {target.kind for target in found.targets if found.flows["internet", target.name].verdict.open}
    assert answering <= {"telemetry", "bus"}
    assert "bus" not in answering or stack != "prod"


def test_production_is_told_by_its_hosts_and_services() -> None:
    found = reach(lean_record())
    assert {host.name: [site.name for site in host.sites] for host in found.hosts} == {
        "api.medspasyncpro.com": ["app-backend"],
        "app.medspasyncpro.com": ["app-frontend"],
        "pro.medspasyncpro.com": ["app-pro-next"],
        "www.medspasyncpro.com": ["app-marketing"],
    }
    kinds = [target.kind for target in found.targets]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "site": 4, "scm": 4, "slot": 4, "slot scm": 4, "database": 1, "pooler": 1, "secrets vault": 5, "key vault": 2,
        "cache": 1, "archive": 2, "bus": 1, "jobs": 1, "telemetry": 2,
    }  # fmt: skip
    assert found.ways["postgres"] == ["the Internet", "api.medspasyncpro.com", "app-backend", "postgres"]


@pytest.mark.parametrize("mode", MODES)
def test_header_rule_is_not_taken_for_private_link(mode: Mode) -> None:
    """Where a header rule stands in for Private Link, the report tells the two apart."""
    found = reach(stack_record("dev", mode))
    for app in APPS:
        site = f"app-{app}"
        internet, ours, other = (
            found.flows[who, site].verdict for who in ("internet", "our front door", "another front door")
        )
        assert not internet.open
        assert "our own Front Door" in internet.condition
        assert ours.open
        assert "rule front-door" in ours.why
        assert not other.open
        scm = found.flows["our front door", f"{site} (SCM)"].verdict
        assert not scm.open
    private = reach(stack_record("prod", mode)).flows
    assert private["internet", "app-backend"].verdict.condition == ""
    assert "private link" in private["our front door", "app-backend"].verdict.why


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


VAULT_OPEN = {"properties__publicNetworkAccess": "Enabled"}

OPENINGS: dict[str, tuple[Change, str]] = {
    **{f"site-{app}": (site_opened(f"app-{app}", SITE, rule=EVERYONE), f"app-{app}") for app in APPS},
    **{f"scm-{app}": (site_opened(f"app-{app}", SITE, True, rule=EVERYONE), f"app-{app}") for app in APPS},
    **{f"slot-{app}": (site_opened(f"app-{app}-slot", SLOT, rule=EVERYONE), f"app-{app}-slot") for app in APPS},
    **{
        f"slot-scm-{app}": (site_opened(f"app-{app}-slot", SLOT, True, rule=EVERYONE), f"app-{app}-slot")
        for app in APPS
    },
    "site-default": (site_opened("app-backend", SITE, default="Allow"), "app-backend"),
    "site-range": (site_opened("app-backend", SITE, rule=RANGE), "app-backend"),
    "site-any-front-door": (site_opened("app-backend", SITE, rule=ANY_FRONT_DOOR), "app-backend"),
    "site-other-profile": (site_opened("app-backend", SITE, rule=OTHER_PROFILE), "app-backend"),
    "site-header-anyone-can-send": (site_opened("app-backend", SITE, rule=HEADER_ALONE), "app-backend"),
    "site-all-of-azure": (site_opened("app-backend", SITE, rule=AZURE), "app-backend"),
    "scm-default": (site_opened("app-backend", SITE, True, default="Allow"), "app-backend"),
    "scm-as-main": (
        both(
            site_opened("app-backend", SITE, rule=EVERYONE),
            opens("app-backend", SITE, siteConfig__scmIpSecurityRestrictionsUseMain=True),
        ),
        "app-backend",
    ),
    "database-everyone": (firewall("0.0.0.0", "255.255.255.255"), "wide"),
    "database-range": (firewall("198.51.100.0", "198.51.100.9"), "wide"),
    "database-azure": (firewall("0.0.0.0", "0.0.0.0"), "wide"),
    **{
        f"vault-{name}": (opens(f"vault-{name}", VAULT, **VAULT_OPEN, properties__networkAcls={}), f"vault-{name}")
        for name in (*APPS, "keys", "keys-geo")
    },
    "vault-range": (
        opens(
            "vault-backend",
            VAULT,
            **VAULT_OPEN,
            properties__networkAcls__ipRules=[{"value": "198.51.100.0/24"}],
        ),
        "vault-backend",
    ),
    "vault-unset": (
        both(
            without_input("vault-backend", VAULT, "properties", "publicNetworkAccess"),
            without_input("vault-backend", VAULT, "properties", "networkAcls"),
        ),
        "vault-backend",
    ),
    "cache": (opens("redis", "redisenterprise:RedisEnterprise", publicNetworkAccess="Enabled"), "redis"),
    "archive": (
        opens(
            "archive", "storage:StorageAccount", publicNetworkAccess="Enabled", networkRuleSet__defaultAction="Allow"
        ),
        "archive",
    ),
    "archive-range": (
        opens(
            "archive",
            "storage:StorageAccount",
            publicNetworkAccess="Enabled",
            networkRuleSet__ipRules=[{"iPAddressOrRange": "198.51.100.7"}],
        ),
        "archive",
    ),
    "bus": (opens("event-bus", "servicebus:Namespace", publicNetworkAccess="Enabled"), "event-bus"),
    "jobs": (
        opens(
            "database-jobs",
            "app:ManagedEnvironment",
            publicNetworkAccess="Enabled",
            vnetConfiguration__internal=False,
        ),
        "database-jobs",
    ),
    "workspace-with-keys": (
        opens("observability", "operationalinsights:Workspace", features__disableLocalAuth=False),
        "observability",
    ),
    "insights-with-keys": (
        opens("observability-app-insights", "applicationinsights:Component", disableLocalAuth=False),
        "observability-app-insights",
    ),
}


def expect_failure(record: Record, rule: str, name: str) -> list[Finding]:
    """The stack does not hold, and the finding names the resource, its line and its reasons."""
    report = reach(record).report
    assert not report.holds
    found = [finding for finding in report.with_status("fail") if finding.rule == rule and finding.name == name]
    assert found, [(finding.rule, finding.name, finding.message) for finding in report.with_status("fail")]
    assert all(finding.source and finding.source["file"] and finding.source["line"] for finding in found if name)
    return found


@pytest.mark.parametrize("opening", OPENINGS)
def test_whatever_answers_on_the_internet_is_found(opening: str) -> None:
    change, name = OPENINGS[opening]
    record = lean_record()
    change(record)
    found = expect_failure(record, "REACH-INTERNET", name)
    assert "answers on the Internet" in found[0].message


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


def rule_lost(subnet: str, name: str) -> Change:
    def change(record: Record) -> None:
        group = inputs(record, f"subnet-{subnet}", GROUP)
        before = len(group["securityRules"])
        group["securityRules"] = [rule for rule in group["securityRules"] if rule["name"] != name]
        assert len(group["securityRules"]) == before - 1

    return change


def lost(name: str, type_: str) -> Change:
    return lambda record: without(record, name, type_)


def no_way_out(record: Record) -> None:
    subnet = inputs(record, "subnet-apps", "network:Subnet")
    del subnet["natGateway"]
    subnet["delegations"] = []


ENDPOINT, ZONE_GROUP, LINK = "network:PrivateEndpoint", "network:PrivateDnsZoneGroup", "privatedns:VirtualNetworkLink"

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


@pytest.mark.parametrize(
    ("change", "told"),
    [(OPENINGS["cache"][0], "redis"), (CLOSINGS["apps-to-mail"][0], "apps-to-mail")],
    ids=["opening", "closing"],
)
def test_the_command_fails_and_says_why(change: Change, told: str, tmp_path: Path) -> None:
    record = lean_record()
    change(record)
    result, report = run("reach", record, tmp_path)
    assert result.exit_code == 1
    assert told in result.output
    assert all(finding["source"]["line"] for finding in failures(report))


def test_every_row_has_record_that_breaks_it() -> None:
    broken = {row for _, row, _ in CLOSINGS.values()}
    assert broken | {"edge-to-gateway"} == {row.id for row in flow_table().needed}
    assert {row.id for row in flow_table().forbidden} == set(FORBIDDEN) | {"other-front-doors-to-gateway"}
    assert {"edge-to-gateway", "other-front-doors-to-gateway"} == BROKEN_ROWS


def allow(subnet: str, direction: str, field: str, value: str, port: str) -> Change:
    def change(record: Record) -> None:
        deny(subnet, direction, field, value, port)(record)
        inputs(record, f"subnet-{subnet}", GROUP)["securityRules"][-1]["access"] = "Allow"

    return change


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


def test_a_host_without_a_firewall_is_found() -> None:
    record = lean_record()
    without(record, "waf-api", "cdn:SecurityPolicy")
    (found,) = expect_failure(record, "REACH-EDGE", "front-door-api-medspasyncpro-com")
    assert "api.medspasyncpro.com" in found.message


@pytest.mark.parametrize(
    "change",
    [
        opens("waf-api", "frontdoor:Policy", policySettings__enabledState="Disabled"),
        lambda record: inputs(record, "waf-api", "cdn:SecurityPolicy")["parameters"]["associations"][0].update(
            patternsToMatch=["/api/*"]
        ),
    ],
)
def test_firewall_off_or_partial_counts_as_none(change: Change) -> None:
    """A firewall that is off, or covers some paths only."""
    record = lean_record()
    change(record)
    expect_failure(record, "REACH-EDGE", "front-door-api-medspasyncpro-com")


def test_endpoints_own_name_that_answers_needs_firewall_too() -> None:
    record = lean_record()
    named(record, "edge-backend", "cdn:Route").inputs["linkToDefaultDomain"] = "Enabled"
    found = reach(copy.deepcopy(record))
    assert any(host.name.endswith(".azurefd.net") for host in found.hosts)
    assert found.report.with_status("fail") == []
    associations = named(record, "waf-api", "cdn:SecurityPolicy").inputs["parameters"]["associations"]
    associations[0]["domains"] = [each for each in associations[0]["domains"] if "customDomains" in each["id"]]
    (finding,) = reach(record).report.with_status("fail")
    assert finding.name == "front-door-api"


def test_a_host_that_leads_nowhere_is_found() -> None:
    record = lean_record()
    without(record, "edge-backend", "cdn:AFDOrigin")
    expect_failure(record, "REACH-EDGE", "front-door-api-medspasyncpro-com")


def warnings(found: Reach) -> set[str]:
    return {finding.name for finding in found.report.with_status("warn")}


def test_unjudged_resource_is_named_and_detection_shown() -> None:
    record = lean_record()
    added(record, "grafana", "dashboard:Grafana", {"properties": {"publicNetworkAccess": "Enabled"}})
    added(record, "stray", "network:PublicIPAddress", {"publicIpAddressName": "stray"})
    named(record, "waf-web", "frontdoor:Policy").inputs["policySettings"]["mode"] = "Detection"
    before = warnings(reach(lean_record()))
    assert warnings(reach(record)) - before == {"grafana", "stray", "waf-web"}


def test_public_bus_warns_and_with_keys_fails() -> None:
    """A bus below Premium has no private endpoint."""
    record = lean_record("staging")
    bus = named(record, "event-bus", "servicebus:Namespace")
    assert "event-bus" in warnings(reach(record))
    bus.inputs["disableLocalAuth"] = False
    assert {finding.name for finding in reach(record).report.with_status("fail")} == {"event-bus"}


@pytest.mark.parametrize(
    ("rules", "answers"),
    [
        ({"defaultAction": "Deny"}, False),
        ({"publicNetworkAccess": "Disabled"}, False),
        ({"defaultAction": "Deny", "ipRules": [{"ipMask": "198.51.100.0/24"}]}, True),
        ({"defaultAction": "Allow"}, True),
    ],
)
def test_a_bus_has_network_rules_of_its_own(rules: dict[str, Any], answers: bool) -> None:
    record = lean_record("staging")
    bus = named(record, "event-bus", "servicebus:Namespace").inputs
    added(record, "rules", "servicebus:NamespaceNetworkRuleSet", {"namespaceName": bus["namespaceName"], **rules})
    assert reach(record).flows["internet", "event-bus"].verdict.open is answers


@pytest.mark.parametrize(
    ("change", "answers"),
    [
        (without_input("app-backend", SITE, "publicNetworkAccess"), False),
        (
            both(
                without_input("app-backend", SITE, "publicNetworkAccess"),
                lost("app-backend-private-endpoint", ENDPOINT),
                without_input("app-backend", SITE, "siteConfig", "ipSecurityRestrictionsDefaultAction"),
            ),
            True,
        ),
        (site_opened("app-backend", SITE, rule={**RULE, "vnetSubnetResourceId": "/subnets/x"}), False),
        (site_opened("app-backend", SITE, rule={**EVERYONE, "action": "Deny"}, default="Allow"), False),
        (site_opened("app-backend", SITE, rule={**RANGE, "action": "Deny"}, default="Allow"), True),
    ],
)
def test_site_restrictions_apply_in_azures_order(change: Change, answers: bool) -> None:
    record = lean_record()
    change(record)
    assert reach(record).flows["internet", "app-backend"].verdict.open is answers


def test_public_server_without_firewall_rules_is_closed() -> None:
    record = lean_record()
    server = named(record, "postgres", "dbforpostgresql:Server").inputs
    server["network"] = {"publicNetworkAccess": "Enabled"}
    assert not reach(record).flows["internet", "postgres"].verdict.open
    server["network"] = {"publicNetworkAccess": "Disabled"}
    assert "Disabled" in reach(record).flows["internet", "postgres"].verdict.why


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


def test_report_of_saved_record_gives_same_reasons(tmp_path: Path) -> None:
    record = lean_record()
    result, report = run("reach", record, tmp_path)
    assert result.exit_code == 0
    assert "api.medspasyncpro.com" in result.output
    assert len(report["hosts"]) == len(APPS)
    assert all(flow["reasons"] for flow in report["flows"])
    assert report["findings"] == [finding.as_dict() for finding in reach(record).report.findings]


@pytest.mark.parametrize("row", [{"id": "x", "from": "app", "to": "site"}, {"id": "a-b", "from": "apps", "to": "Sql"}])
def test_a_malformed_row_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Row.model_validate({**row, "purpose": "long enough"})


def test_an_empty_stack_does_not_hold(tmp_path: Path) -> None:
    itself = Resource(
        urn="urn:empty", id="", type="pulumi:pulumi:Stack", name="empty", parent="", inputs={}, outputs={}
    )
    record = Record(stack="empty", mode="deployed", resources=[itself])
    result, report = run("reach", record, tmp_path)
    assert result.exit_code == 1
    assert {finding["rule"] for finding in failures(report)} == {"REACH-NEEDED"}
