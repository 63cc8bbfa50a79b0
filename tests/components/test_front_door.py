"""Front Door: one way in, HTTPS on both sides, caching on static paths only, headers on every route."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_azure_native import cdn

from assurance.record import Mode, Record, Resource
from components.diagnostics import LogDestination
from components.front_door import DnsZone, FrontDoor, FrontDoorArgs, _pointing_type, record_output
from components.front_door_app import FrontDoorApp, FrontDoorAppArgs, PrivateLink
from components.front_door_headers import ACTIONS_PER_RULE, ResponseHeaders, ResponseHeadersArgs
from tests.harness import MODES, only, record

WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/log"
SITE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/app"
ZONE = DnsZone(
    id="/subscriptions/s/resourceGroups/rg-dns/providers/Microsoft.Network/dnsZones/example.com",
    resource_group_name="rg-dns",
    zone_name="example.com",
)
HEADERS = {f"X-Header-{number}": f"value {number}" for number in range(7)}


def build(
    sku: str = "premium",
    zone: DnsZone | None = None,
    private: bool = True,
    static: tuple[str, ...] = ("/assets/*",),
    protect: bool = True,
) -> FrontDoor:
    door = FrontDoor(
        "door",
        FrontDoorArgs(
            resource_group_name="rg",
            profile_name="afd-test",
            sku=sku,  # type: ignore[arg-type]
            origin_response_timeout_seconds=60,
            endpoints={"web": "fde-test-web"},
            domains={"app.example.com": "web", "example.com": "web"},
            dns_zone=zone,
            logs=LogDestination(workspace_id=WORKSPACE),
            protect=protect,
        ),
    )
    headers = ResponseHeaders(
        "headers",
        ResponseHeadersArgs(
            resource_group_name="rg",
            profile_name=door.outputs.profile_name,
            rule_set_name="headers",
            overwrite=HEADERS,
            remove=["Server"],
        ),
    )
    other = cdn.RuleSet("firewall", resource_group_name="rg", profile_name="afd-test", rule_set_name="other")
    FrontDoorApp(
        "app",
        FrontDoorAppArgs(
            resource_group_name="rg",
            profile_name=door.outputs.profile_name,
            endpoint_name=door.outputs.endpoint_names["web"],
            app="frontend",
            domain_ids=list(door.outputs.domains.values()),
            origin_host="app.azurewebsites.net",
            private_link=PrivateLink(
                target_id=SITE, group_id="sites", location="eastus2", request_message="Front Door afd-test"
            )
            if private
            else None,
            health_check_path="/healthz",
            probe_interval_seconds=60,
            rule_set_ids=[headers.outputs.rule_set_id],
            static_paths=static,
            sign_in_paths=["/auth/*"],
            after=[other],
        ),
    )
    return door


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def routes(built: Record) -> dict[str, dict[str, Any]]:
    return {route.inputs["routeName"]: route.inputs for route in built.of_type("cdn:Route")}


def header_rules(built: Record) -> list[Resource]:
    return [rule for rule in built.of_type("cdn:Rule") if rule.inputs["ruleName"].startswith("headers")]


def test_domains_have_managed_certificates_and_modern_tls(built: Record) -> None:
    for domain in built.of_type("cdn:AFDCustomDomain"):
        assert domain.inputs["tlsSettings"] == {
            "certificateType": "ManagedCertificate",
            "minimumTlsVersion": "TLS12",
            "cipherSuiteSetType": "TLS12_2023",
        }
    assert {domain.inputs["hostName"] for domain in built.of_type("cdn:AFDCustomDomain")} == {
        "app.example.com",
        "example.com",
    }


def test_access_log_keeps_addresses_but_no_urls(built: Record) -> None:
    """Access log keeps no urls and no query but addresses."""
    scrubbing = only(built, "cdn:Profile").inputs["logScrubbing"]
    assert scrubbing["state"] == "Enabled"
    hidden = {rule["matchVariable"] for rule in scrubbing["scrubbingRules"] if rule["state"] == "Enabled"}
    assert hidden == {"RequestUri", "QueryStringArgNames"}


def test_profile_is_diagnosed_and_has_an_identity(built: Record) -> None:
    assert only(built, "monitor:DiagnosticSetting").inputs["logs"] == [{"categoryGroup": "allLogs", "enabled": True}]
    assert only(built, "cdn:Profile").inputs["identity"] == {"type": "SystemAssigned"}


@pytest.mark.parametrize("asked", [True, False])
def test_profile_and_endpoints_are_protected_never_locked(asked: bool) -> None:
    """Profile and endpoints are protected as asked and never locked."""
    built = record(lambda: build(protect=asked))
    assert {r.options["protect"] for r in built.of_type("cdn:Profile", "cdn:AFDEndpoint")} == {asked}
    assert not built.of_type("authorization:ManagementLockByScope")
    assert {r.options["protect"] for r in built.of_type("cdn:Route", "cdn:AFDCustomDomain")} == {False}


@pytest.mark.parametrize(
    ("sku", "name"), [("premium", "Premium_AzureFrontDoor"), ("standard", "Standard_AzureFrontDoor")]
)
def test_tier_is_the_one_asked_for(sku: str, name: str) -> None:
    assert only(record(lambda: build(sku, private=False)), "cdn:Profile").inputs["sku"] == {"name": name}


def test_routes_are_https_and_for_own_hosts(built: Record) -> None:
    """Routes are https on both sides and only for our hosts."""
    assert set(routes(built)) == {"frontend", "frontend-signin", "frontend-static"}
    for route in routes(built).values():
        assert route["httpsRedirect"] == "Enabled"
        assert route["forwardingProtocol"] == "HttpsOnly"
        assert route["linkToDefaultDomain"] == "Disabled"
        assert route["supportedProtocols"] == ["Http", "Https"]
        assert len(route["customDomains"]) == 2
        assert len(route["ruleSets"]) == (2 if "cacheConfiguration" in route else 1)


def test_only_static_paths_are_cached(built: Record) -> None:
    everything, static = routes(built)["frontend"], routes(built)["frontend-static"]
    assert everything["patternsToMatch"] == ["/*"]
    assert "cacheConfiguration" not in everything
    assert static["patternsToMatch"] == ["/assets/*"]
    assert static["cacheConfiguration"]["queryStringCachingBehavior"] == "UseQueryString"
    assert static["cacheConfiguration"]["compressionSettings"]["isCompressionEnabled"] is True
    assert "text/css" in static["cacheConfiguration"]["compressionSettings"]["contentTypesToCompress"]


def test_without_static_paths_nothing_is_cached() -> None:
    built = record(lambda: build(static=()))
    assert all("cacheConfiguration" not in route for route in routes(built).values())
    assert not [
        rule for rule in built.of_type("cdn:Rule") if rule.inputs["actions"][0]["name"] == "RouteConfigurationOverride"
    ]


def test_a_missing_cache_control_means_an_hour(built: Record) -> None:
    (rule,) = [rule for rule in built.of_type("cdn:Rule") if rule.inputs["ruleName"] == "duration"]
    cache = rule.inputs["actions"][0]["parameters"]["cacheConfiguration"]
    assert (cache["cacheBehavior"], cache["cacheDuration"]) == ("OverrideIfOriginMissing", "01:00:00")


def test_routes_wait_for_origin_rules_and_firewall(built: Record) -> None:
    """A route to a group without an origin is refused; one without its rules would serve without headers."""
    origin = only(built, "cdn:AFDOrigin").urn
    rules = {rule.urn for rule in header_rules(built)}
    (firewall,) = [each.urn for each in built.of_type("cdn:RuleSet") if each.name == "firewall"]
    for route in built.of_type("cdn:Route"):
        assert {origin, firewall, *rules} <= set(route.dependencies)


def test_private_origin_is_reached_by_private_link_only(built: Record) -> None:
    origin = only(built, "cdn:AFDOrigin").inputs
    assert origin["sharedPrivateLinkResource"] == {
        "groupId": "sites",
        "privateLink": {"id": SITE},
        "privateLinkLocation": "eastus2",
        "requestMessage": "Front Door afd-test",
    }
    assert origin["enforceCertificateNameCheck"] is True
    assert origin["hostName"] == origin["originHostHeader"] == "app.azurewebsites.net"


@pytest.mark.parametrize("mode", MODES)
def test_public_origin_has_no_private_link(mode: Mode) -> None:
    built = record(lambda: build(private=False), mode)
    assert "sharedPrivateLinkResource" not in only(built, "cdn:AFDOrigin").inputs


def test_health_is_probed_by_https(built: Record) -> None:
    """Health is probed by https at the health path."""
    assert only(built, "cdn:AFDOriginGroup").inputs["healthProbeSettings"] == {
        "probePath": "/healthz",
        "probeProtocol": "Https",
        "probeRequestType": "HEAD",
        "probeIntervalInSeconds": 60,
    }


def test_headers_are_split_into_rules_that_azure_takes(built: Record) -> None:
    rules = sorted(header_rules(built), key=lambda rule: rule.inputs["order"])
    assert [rule.inputs["order"] for rule in rules] == [1, 2]
    assert all(len(rule.inputs["actions"]) <= ACTIONS_PER_RULE == 5 for rule in rules)
    assert all(rule.inputs["matchProcessingBehavior"] == "Continue" for rule in rules)
    assert all(not rule.inputs["conditions"] for rule in rules)
    actions = [action["parameters"] for rule in rules for action in rule.inputs["actions"]]
    assert {a["headerName"]: a["value"] for a in actions if a["headerAction"] == "Overwrite"} == HEADERS
    assert [a["headerName"] for a in actions if a["headerAction"] == "Delete"] == ["Server"]


def test_dns_records_prove_ownership_and_reach_endpoint() -> None:
    """Dns records prove ownership and lead to the endpoint."""

    def program() -> None:
        pulumi.export("records", [record_output(entry) for entry in build().outputs.dns_records])

    built = record(program)
    seen = built.outputs["records"]
    host = only(built, "cdn:AFDEndpoint").outputs["hostName"]
    assert [(entry["name"], entry["type"]) for entry in seen] == [
        ("_dnsauth.app.example.com", "TXT"),
        ("app.example.com", "CNAME"),
        ("_dnsauth.example.com", "TXT"),
        ("example.com", "ALIAS"),
    ]
    assert {entry["value"] for entry in seen if entry["type"] != "TXT"} == {host}
    assert all(entry["value"].startswith("_") for entry in seen if entry["type"] == "TXT")
    assert not built.of_type("dns:RecordSet")


@pytest.mark.parametrize(
    ("host", "type_"),
    [
        ("example.com", "ALIAS"),
        ("app.example.com", "CNAME"),
        ("clinic.co.uk", "CNAME or ALIAS"),
        ("a.b.co.uk", "CNAME"),
    ],
)
def test_record_type_says_where_an_apex_is_possible(host: str, type_: str) -> None:
    assert _pointing_type(host) == type_


@pytest.mark.parametrize("mode", MODES)
def test_records_are_made_where_the_zone_is_ours(mode: Mode) -> None:
    built = record(lambda: build(zone=ZONE), mode)
    made = {(r.inputs["recordType"], r.inputs["relativeRecordSetName"]) for r in built.of_type("dns:RecordSet")}
    assert made == {("TXT", "_dnsauth.app"), ("CNAME", "app"), ("TXT", "_dnsauth"), ("A", "@"), ("AAAA", "@")}
    assert {r.inputs["resourceGroupName"] for r in built.of_type("dns:RecordSet")} == {"rg-dns"}
    assert all(d.inputs["azureDnsZone"] == {"id": ZONE.id} for d in built.of_type("cdn:AFDCustomDomain"))
