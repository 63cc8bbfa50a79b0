"""What must hold of the edge whatever the apps are: no host without firewall, headers, probe and certificate."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.record import Mode, Record
from components.front_door_headers import ACTIONS_PER_RULE
from components.waf_rules import RateLimit
from stacks.catalogues.rate_limits import rate_limits
from stacks.catalogues.security_headers import HEADER_VALUE_LONGEST, security_headers
from stacks.edge import waf_rules
from stacks.edge_apps import EdgeApp
from stacks.settings.between.edge import edge_problems
from stacks.settings.edge import FrontDoorSettings, WafSettings
from stacks.settings.gateway import ApiManagementSettings
from stacks.settings.platform import PlatformSettings
from tests.harness import MODES, only, record
from tests.long import costly
from tests.stacks.edge_builder import FOUR_APPS, EdgeConfig, app, build

STANDARD = EdgeConfig(
    edge_apps=tuple(app(a.name, a.exposure, hosts=a.hosts, ingress="serviceTag") for a in FOUR_APPS),
    front_door=FrontDoorSettings.model_validate({"sku": "standard"}),
    waf=WafSettings.model_validate({"managedRules": False}),
)
PREMIUM = EdgeConfig()
PLATFORM = PlatformSettings.model_construct(location="eastus2")


@pytest.fixture(params=[(mode, tier) for mode in MODES for tier in ("premium", "standard")])
def built(request: pytest.FixtureRequest) -> Record:
    mode, tier = request.param
    return record(lambda: build(PREMIUM if tier == "premium" else STANDARD), mode)


# --- what the properties need to know of a record ------------------------------------------------------------------


def routes_of(built: Record, host: str) -> list[dict[str, Any]]:
    domain = next(d for d in built.of_type("cdn:AFDCustomDomain") if d.inputs["hostName"] == host)
    return [r.inputs for r in built.of_type("cdn:Route") if {"id": domain.id} in r.inputs["customDomains"]]


def protected_ids(built: Record) -> dict[str, str]:
    """WAF policy id by protected id; fails when two policies claim one."""
    found: dict[str, str] = {}
    for association in built.of_type("cdn:SecurityPolicy"):
        parameters = association.inputs["parameters"]
        for entry in parameters["associations"]:
            assert entry["patternsToMatch"] == ["/*"]
            for domain in entry["domains"]:
                assert domain["id"] not in found
                found[domain["id"]] = parameters["wafPolicy"]["id"]
    return found


def headers_on(built: Record, route: dict[str, Any]) -> tuple[dict[str, str], set[str]]:
    """Header values that a route's rules set, and names that they remove."""
    sets = {r.id: r.inputs["ruleSetName"] for r in built.of_type("cdn:RuleSet")}
    names = {name for name in (sets[reference["id"]] for reference in route["ruleSets"]) if name.startswith("headers")}
    actions = [
        action["parameters"]
        for rule in built.of_type("cdn:Rule")
        if rule.inputs["ruleSetName"] in names
        for action in rule.inputs["actions"]
    ]
    assert all(a["headerAction"] in ("Overwrite", "Delete") for a in actions)
    return (
        {a["headerName"]: a["value"] for a in actions if a["headerAction"] == "Overwrite"},
        {a["headerName"] for a in actions if a["headerAction"] == "Delete"},
    )


def assert_edge_holds(built: Record, apps: tuple[EdgeApp, ...]) -> None:
    """Every host of every app: firewall, certificate, route, headers, probe; nothing personal is cached."""
    protected = protected_ids(built)
    domains = {d.inputs["hostName"]: d for d in built.of_type("cdn:AFDCustomDomain")}
    assert set(domains) == {host for each in apps for host in each.hosts}
    assert {e.id for e in built.of_type("cdn:AFDEndpoint")} | {d.id for d in domains.values()} == set(protected)
    groups = {g.id: g.inputs for g in built.of_type("cdn:AFDOriginGroup")}
    for each in apps:
        for host in each.hosts:
            assert domains[host].inputs["tlsSettings"]["certificateType"] == "ManagedCertificate"
            routes = routes_of(built, host)
            assert [r for r in routes if r["patternsToMatch"] == ["/*"]], f"{host} has no route"
            for route in routes:
                probe = groups[route["originGroup"]["id"]]["healthProbeSettings"]
                assert probe["probePath"] == each.health_check_path
                assert route["httpsRedirect"] == "Enabled"
                overwritten, removed = headers_on(built, route)
                assert set(security_headers().all) <= set(overwritten)
                assert ("Content-Security-Policy" in overwritten) is (each.csp != "app")
                assert removed == set(security_headers().remove)
                if "cacheConfiguration" in route:
                    assert each.exposure != "api"
                    assert route["patternsToMatch"] == list(each.static_paths)


# --- properties ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [PREMIUM, STANDARD], ids=["premium", "standard"])
def test_every_host_has_firewall_headers_probe_and_certificate(config: EdgeConfig) -> None:
    assert_edge_holds(record(lambda: build(config)), config.edge_apps)


@st.composite
def some_apps(draw: st.DrawFn) -> tuple[EdgeApp, ...]:
    """Apps that the settings accept."""
    made = []
    for index in range(draw(st.integers(1, 6))):
        exposure = draw(st.sampled_from(["api", "web", "marketing"]))
        static = (
            [] if exposure == "api" else draw(st.lists(st.sampled_from(["/assets/*", "/s/*", "/f.ico"]), unique=True))
        )
        made.append(
            app(
                f"app{index}",
                exposure,
                hosts=tuple(f"h{index}-{n}.example.com" for n in range(draw(st.integers(1, 3)))),
                static_paths=tuple(static),
                csp=draw(st.sampled_from([None, "app", "default-src 'self'; frame-ancestors 'self'"])),
                ingress=draw(st.sampled_from(["privateLink", "serviceTag"])),
            )
        )
    return tuple(made)


@costly(10)
@given(apps=some_apps())
def test_properties_hold_for_any_apps_that_settings_accept(apps: tuple[EdgeApp, ...]) -> None:
    config = EdgeConfig(edge_apps=apps)
    assert list(edge_problems(config.front_door, config.waf, config.apps, ApiManagementSettings(), PLATFORM)) == []
    assert_edge_holds(record(lambda: build(config)), apps)


def test_fifth_app_is_one_entry_and_forty_work() -> None:
    forty = tuple(app(f"app{n}", ("api", "web", "marketing")[n % 3]) for n in range(40))
    for apps in ((*FOUR_APPS, app("portal", "web")), forty):
        built = record(lambda apps=apps: build(EdgeConfig(edge_apps=apps)))  # type: ignore[misc]
        assert_edge_holds(built, apps)
        assert len(built.of_type("cdn:AFDEndpoint", "frontdoor:Policy")) == 6


def test_every_rate_limit_is_enabled_and_blocks(built: Record) -> None:
    for policy in built.of_type("frontdoor:Policy"):
        limits = [r for r in policy.inputs["customRules"]["rules"] if r["ruleType"] == "RateLimitRule"]
        assert len(limits) >= 2
        for limit in limits:
            assert (limit["enabledState"], limit["action"]) == ("Enabled", "Block")
            assert 10 <= limit["rateLimitThreshold"] <= 1_000_000
            assert limit["rateLimitDurationInMinutes"] in (1, 5)
            assert 1 <= len(limit["matchConditions"]) <= 10


def test_sign_in_is_counted_over_five_minutes(built: Record) -> None:
    names = {"wafmsstestapi", "wafmsstestweb"}
    policies = [p for p in built.of_type("frontdoor:Policy") if p.inputs["policyName"] in names]
    assert len(policies) == 2
    for policy in policies:
        rules = {r["name"]: r for r in policy.inputs["customRules"]["rules"]}
        strict, general = rules["RateAuthentication"], rules["RateGeneral"]
        assert strict["rateLimitDurationInMinutes"] == 5
        assert strict["rateLimitThreshold"] / 5 < general["rateLimitThreshold"] / 10
        assert strict["priority"] < rules["RateApi"]["priority"] < general["priority"]


def test_rule_names_and_priorities_are_unique_within_limits(built: Record) -> None:
    for policy in built.of_type("frontdoor:Policy"):
        rules = policy.inputs["customRules"]["rules"]
        for field in ("name", "priority"):
            assert len({r[field] for r in rules}) == len(rules) <= 100
        assert all(r["name"].isalnum() for r in rules)
        assert sum(c["operator"] == "RegEx" for r in rules for c in r["matchConditions"]) <= 5


def test_managed_rules_are_on_premium_policies_only() -> None:
    for config, count in ((PREMIUM, 2), (STANDARD, 0)):
        built = record(lambda config=config: build(config))  # type: ignore[misc]
        for policy in built.of_type("frontdoor:Policy"):
            assert len(policy.inputs["managedRules"]["managedRuleSets"]) == count
            assert policy.inputs["policySettings"]["mode"] == "Prevention"


def test_policies_are_of_the_profiles_tier(built: Record) -> None:
    sku = only(built, "cdn:Profile").inputs["sku"]
    assert all(policy.inputs["sku"] == sku for policy in built.of_type("frontdoor:Policy"))


def test_api_answers_are_never_kept(built: Record) -> None:
    for route in [r.inputs for r in built.of_type("cdn:Route") if r.inputs["routeName"].startswith("backend")]:
        assert "cacheConfiguration" not in route
    actions = [
        a for r in built.of_type("cdn:Rule") if r.name.startswith("headers-backend") for a in r.inputs["actions"]
    ]
    assert ("Cache-Control", "no-store") in {
        (a["parameters"]["headerName"], a["parameters"].get("value")) for a in actions
    }


def test_header_rules_fit_the_rule_engine(built: Record) -> None:
    for rule in built.of_type("cdn:Rule"):
        assert 1 <= len(rule.inputs["actions"]) <= ACTIONS_PER_RULE
        for action in rule.inputs["actions"]:
            assert len(action["parameters"].get("value", "")) <= HEADER_VALUE_LONGEST


def test_web_pages_may_call_apis_of_stack(built: Record) -> None:
    (action,) = [
        a["parameters"]
        for r in built.of_type("cdn:Rule")
        if r.name.startswith("headers-frontend")
        for a in r.inputs["actions"]
        if a["parameters"]["headerName"] == "Content-Security-Policy"
    ]
    assert "connect-src 'self' https://api.stripe.com https://backend.example.com;" in action["value"]
    assert "{" not in action["value"]


def test_private_origins_use_our_message_and_supported_region() -> None:
    built = record(lambda: build(PREMIUM))
    origins = built.of_type("cdn:AFDOrigin")
    assert len(origins) == len(FOUR_APPS)
    for origin in origins:
        link = origin.inputs["sharedPrivateLinkResource"]
        assert link["groupId"] == "sites"
        assert "sharedPrivateLinkResource.requestMessage" in origin.secrets
        assert link["privateLinkLocation"] == "eastus2"
        assert link["privateLink"]["id"].endswith(f"/app-{origin.inputs['originName']}")
    # Nobody can guess the message: its end is random, kept in the state, and shown nowhere.
    assert only(built, "random:index/randomPassword:RandomPassword").inputs["length"] >= 32


def test_public_origins_have_no_private_link() -> None:
    built = record(lambda: build(STANDARD))
    assert all("sharedPrivateLinkResource" not in o.inputs for o in built.of_type("cdn:AFDOrigin"))


@pytest.mark.parametrize("mode", MODES)
def test_our_own_dns_zone_gets_the_records(mode: Mode) -> None:
    door = FrontDoorSettings.model_validate({"dnsZone": {"resourceGroup": "rg-dns", "zone": "example.com"}})
    built = record(lambda: build(EdgeConfig(front_door=door)), mode)
    hosts = [host for app in FOUR_APPS for host in app.hosts]
    # TXT and CNAME for each; at the apex TXT, A and AAAA.
    assert len(built.of_type("dns:RecordSet")) == 2 * len(hosts) + hosts.count("example.com")
    zone = "/providers/Microsoft.Network/dnsZones/example.com"
    assert all(d.inputs["azureDnsZone"]["id"].endswith(zone) for d in built.of_type("cdn:AFDCustomDomain"))


def test_outputs_name_the_records_and_the_policies() -> None:
    built = record(lambda: build(PREMIUM))
    names = {r["name"] for r in built.outputs["dnsRecords"]}
    assert names == {prefix + h for a in FOUR_APPS for h in a.hosts for prefix in ("", "_dnsauth.")}
    assert set(built.outputs["wafPolicies"]) == {"api", "web", "marketing"}


# --- the stack's own changes to the rules --------------------------------------------------------------------------


def waf(**changes: Any) -> WafSettings:
    return WafSettings.model_validate_json(json.dumps(changes))


def test_rate_limit_override_changes_threshold_and_action() -> None:
    changed = waf(rateLimits={"api.authentication": {"threshold": 40, "action": "Log"}})
    rules = {r.name: r.arguments(1) for r in waf_rules("api", [FOUR_APPS[0]], changed)}
    plain = {r.name: r.arguments(1) for r in waf_rules("api", [FOUR_APPS[0]], waf())}
    strict = rules["RateAuthentication"]
    assert (strict.rate_limit_threshold, strict.action) == (40, "Log")
    assert strict.rate_limit_duration_in_minutes == 5
    assert rules["RateApi"].rate_limit_threshold == rate_limits()["api"]["api"].threshold
    assert rules["RateGeneral"].rate_limit_threshold == plain["RateGeneral"].rate_limit_threshold


@pytest.mark.parametrize("exposure", list(rate_limits()))
def test_every_limit_of_catalogue_becomes_rule_it_describes(exposure: str) -> None:
    rules = {r.name: r for r in waf_rules(exposure, [], waf())}
    for name, entry in rate_limits()[exposure].items():
        assert rules[f"Rate{name.capitalize()}"] == RateLimit(
            name=f"Rate{name.capitalize()}",
            threshold=entry.threshold,
            window_minutes=entry.window_minutes,
            group_by=entry.group_by,
            action=entry.action,
            paths=entry.paths,
            methods=entry.methods,
            exempt_addresses=[],
        )


def test_app_may_have_limit_of_its_own() -> None:
    rules = waf_rules("web", list(FOUR_APPS[1:3]), waf(appLimits={"pro-next": {"threshold": 500, "windowMinutes": 5}}))
    (own,) = [r.arguments(1) for r in rules if r.name == "RateAppProNext"]
    assert own.match_conditions[0].match_value == ["pro-next.example.com"]
    assert (own.rate_limit_threshold, own.rate_limit_duration_in_minutes, own.action) == (500, 5, "Block")
    assert not [r for r in waf_rules("api", [FOUR_APPS[0]], waf()) if r.name.startswith("RateApp")]


def test_exempt_addresses_are_exempt_from_rate_limits_only() -> None:
    rules = waf_rules("api", [FOUR_APPS[0]], waf(rateLimitExemptAddresses=["198.51.100.0/24"]))
    for rule in rules:
        exempt = [c for c in rule.arguments(1).match_conditions if c.operator == "IPMatch"]
        assert bool(exempt) is rule.name.startswith("Rate")
        assert all(c.negate_condition is True and c.match_value == ["198.51.100.0/24"] for c in exempt)


@pytest.mark.parametrize(("action", "negated"), [("allow", True), ("block", False)])
def test_countries_are_allowed_or_blocked(action: str, negated: bool) -> None:
    rules = waf_rules("web", [], waf(geo={"action": action, "countries": ["US", "ZZ"]}))
    (condition,) = rules[0].arguments(1).match_conditions
    assert (rules[0].name, condition.negate_condition, condition.match_value) == ("Geography", negated, ["US", "ZZ"])
    assert waf_rules("web", [], waf())[0].name == "UrlSize"


def test_resources_name_the_entry_they_come_from() -> None:
    built = record(lambda: build(PREMIUM))
    keys = {(r.origin["file"], r.origin["key"]) for r in built if r.origin}
    assert ("Pulumi.test.yaml", "medspasync:frontDoor") in keys
    assert ("Pulumi.test.yaml", "medspasync:apps.pro-next") in keys
    assert ("stacks/catalogues/rate_limits.yaml", "api") in keys
    assert ("stacks/catalogues/security_headers.yaml", "exposures.web") in keys
    assert all(r.origin for r in built if r.custom)
