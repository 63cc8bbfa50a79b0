"""Wrong settings of the edge are told before anything is built, with what is allowed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from documents.problems import Problem
from documents.sections import Section
from facts.regions import regions
from stacks.catalogues.rate_limits import RateLimitEntry, exposures, rate_limits
from stacks.catalogues.security_headers import CSP_BY_APP, HeaderCatalogue, security_headers
from stacks.edge_apps import EdgeApp, edge_apps, sent_headers
from stacks.settings.between.edge import TIERS, edge_problems
from stacks.settings.edge import FrontDoorSettings, WafSettings
from stacks.settings.gateway import ApiManagementSettings
from stacks.settings.platform import PlatformSettings
from tests.stacks.edge_builder import FOUR_APPS, app, as_settings


def front_door(**values: Any) -> FrontDoorSettings:
    return FrontDoorSettings.model_validate_json(json.dumps(values))


def waf(**values: Any) -> WafSettings:
    return WafSettings.model_validate_json(json.dumps(values))


def problems(
    apps: Sequence[EdgeApp] = FOUR_APPS,
    door: FrontDoorSettings | None = None,
    firewall: WafSettings | None = None,
    location: str = "eastus2",
) -> list[Problem]:
    sections = {each.name: as_settings(each) for each in apps}
    platform = PlatformSettings.model_construct(location=location)
    return list(edge_problems(door or front_door(), firewall or waf(), sections, ApiManagementSettings(), platform))


def the_problem(found: list[Problem], key: str, *words: str) -> None:
    """One problem, at ``key``, whose text has ``words``."""
    assert [p.key for p in found] == [key], found
    for word in words:
        assert word in found[0].allowed


def test_defaults_are_the_safe_ones() -> None:
    assert front_door().sku == "premium"
    assert waf().mode == "Prevention"
    assert waf().managed_rules is True
    assert waf().rate_limit_exempt_addresses == []
    assert problems() == []


@pytest.mark.parametrize(
    ("section", "value"),
    [
        (FrontDoorSettings, {"sku": "classic"}),
        (FrontDoorSettings, {"originResponseTimeoutSeconds": 15}),
        (FrontDoorSettings, {"originResponseTimeoutSeconds": 241}),
        (FrontDoorSettings, {"probeIntervalSeconds": 256}),
        (FrontDoorSettings, {"dnsZone": {"zone": "example.com"}}),
        (FrontDoorSettings, {"dnsZone": {"resourceGroup": "rg", "zone": "Example"}}),
        (FrontDoorSettings, {"endpoints": 3}),
        (WafSettings, {"mode": "prevention"}),
        (WafSettings, {"geo": {"action": "allow", "countries": []}}),
        (WafSettings, {"geo": {"action": "allow", "countries": ["USA"]}}),
        (WafSettings, {"geo": {"action": "deny", "countries": ["US"]}}),
        (WafSettings, {"geo": {"action": "block", "countries": [f"A{c}" for c in "ABCDEFGHIJK"]}}),
        (WafSettings, {"rateLimits": {"api.general": {"threshold": 9}}}),
        (WafSettings, {"rateLimits": {"api.general": {"threshold": 1_000_001}}}),
        (WafSettings, {"rateLimits": {"api.general": {"action": "Allow"}}}),
        (WafSettings, {"appLimits": {"backend": {"threshold": 9}}}),
        (WafSettings, {"rateLimitExemptAddresses": ["not an address"]}),
        (WafSettings, {"managedRuleChanges": {"api": []}}),
        (WafSettings, {"managedRuleChanges": {"api": [{"group": "SQLI", "rule": "*", "enabled": False}]}}),
        (WafSettings, {"managedRuleChanges": {"api": [{"group": "SQLI", "enabled": False}]}}),
        (WafSettings, {"managedRuleChanges": {"api": [{"group": "SQLI", "rule": "942100", "action": "Allow"}]}}),
        (WafSettings, {"maxUrlCharacters": 10_000}),
        (WafSettings, {"maxBodyBytes": "10MB"}),
    ],
)
def test_values_that_azure_does_not_take_are_refused(section: type[Section], value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        section.model_validate_json(json.dumps(value))


def test_limit_override_misspelt_gets_hint() -> None:
    """An override must name a limit and a misspelt one gets a hint."""
    found = list(waf(rateLimits={"api.authentification": {"threshold": 50}}).problems())
    the_problem(found, "rateLimits.api.authentification", "did you mean api.authentication?")
    assert list(waf(rateLimits={"api.authentication": {"threshold": 50}}).problems()) == []


def test_query_limit_is_below_url_limit() -> None:
    """A query string is no longer than its url."""
    found = list(waf(maxUrlCharacters=512, maxQueryCharacters=1024).problems())
    the_problem(found, "maxQueryCharacters", "512")


def test_private_link_and_managed_rules_need_premium() -> None:
    found = problems([app("backend", "api")], front_door(sku="standard"))
    assert [p.key for p in found] == ["waf.managedRules", "apps.backend.ingress"]
    assert all("premium" in p.allowed for p in found)
    public = [app("backend", "api", ingress="serviceTag")]
    assert problems(public, front_door(sku="standard"), waf(managedRules=False)) == []


def test_private_link_needs_a_region_that_has_it() -> None:
    assert not regions()["westus"].front_door_private_link
    the_problem(problems([app("backend", "api")], location="westus"), "apps.backend.ingress", "serviceTag", "westus")
    assert problems([app("backend", "api", ingress="serviceTag")], location="westus") == []


def test_hosts_sharing_a_resource_name_are_refused() -> None:
    """Hosts that would share a resource name are refused."""
    alike = [app("a", "web", hosts=("x-y.example.com",)), app("b", "web", hosts=("x.y.example.com",))]
    the_problem(problems(alike), "apps.b.hostNames", "x-y.example.com")


def test_hosts_must_be_in_own_zone() -> None:
    """Hosts lie in the zone that is kept here."""
    zone = front_door(dnsZone={"resourceGroup": "rg-dns", "zone": "example.com"})
    assert problems(door=zone) == []
    the_problem(problems([app("a", "web", hosts=("a.badexample.com",))], zone), "apps.a.hostNames", "example.com")


def test_exposure_is_a_class_of_the_catalogue() -> None:
    the_problem(problems([app("a", "admin")]), "apps.a.exposure", "api, web, marketing")


def test_names_differ_also_without_hyphens() -> None:
    the_problem(problems([app("pro-next", "web"), app("pronext", "web")]), "apps.pronext", "pro-next")


def test_overlong_policy_is_the_apps_to_send() -> None:
    """A policy longer than azure takes is the apps to send."""
    sources = " ".join(f"https://cdn{n}.example.com" for n in range(30))
    long = f"default-src 'self'; frame-ancestors 'none'; img-src {sources}"
    the_problem(
        problems([app("a", "web", csp=long)]), "apps.a.contentSecurityPolicy", "640", "contentSecurityPolicy: app"
    )
    assert problems([app("a", "web", csp=CSP_BY_APP)]) == []


def test_class_policy_too_long_with_apis_fails() -> None:
    """A class policy that grows too long with the apis is noticed."""
    apis = [app(f"api{n}", "api", hosts=(f"a-rather-long-host-name-{n}.example.com",)) for n in range(12)]
    assert {p.key for p in problems([*apis, app("w", "web")])} == {"apps.w.contentSecurityPolicy"}


@pytest.mark.parametrize(
    "path",
    [
        "/*",
        "/.auth/*",
        "/.auth/me",
        "/api/*",
        "/api",
        "/API/users",
        "/healthz",
        "/healthz/*",
        "/auth/callback",
    ],
)
def test_paths_of_personal_answers_are_not_static(path: str) -> None:
    the_problem(problems([app("a", "web", static_paths=(path,))]), "apps.a.staticPaths")


def test_static_directory_may_not_hold_health_path() -> None:
    """A directory around the health path is not static."""
    inside = app("a", "web", static_paths=("/status/*",), health_check_path="/status/health")
    the_problem(problems([inside]), "apps.a.staticPaths", "/status/health")


@pytest.mark.parametrize("path", ["/_next/static/*", "/assets/*", "/favicon.ico", "/apidocs/*", "/authors/*"])
def test_static_paths_are_accepted(path: str) -> None:
    assert problems([app("a", "web", static_paths=(path,))]) == []


@pytest.mark.parametrize("sku", ["standard", "premium"])
def test_what_a_profile_may_hold(sku: str) -> None:
    routes, domains = TIERS[sku]["routes"], TIERS[sku]["custom domains"]
    door, firewall = front_door(sku=sku), waf(managedRules=False)
    many = [app(f"a{n}", "marketing", ingress="serviceTag", hosts=(f"a{n}.example.com",)) for n in range(routes + 1)]
    words = "; ".join(p.allowed for p in problems(many, door, firewall))
    for what in ("origin groups", "rule sets", "routes"):
        assert f"at most {routes} {what}; the apps need {routes + 1}" in words
    assert problems(many[:-1], door, firewall) == []
    hosts = tuple(f"h{n}.example.com" for n in range(domains + 1))
    found = problems([app("a", "marketing", hosts=hosts, ingress="serviceTag")], door, firewall)
    the_problem(found, "frontDoor.sku", f"{domains} custom domains", str(domains + 1))


def test_sign_in_and_static_paths_have_routes() -> None:
    """An app of a class where people sign in has a route for it, one with static paths one more."""
    many = [app(f"a{n}", "web", static_paths=("/s/*",), hosts=(f"a{n}.example.com",)) for n in range(67)]
    the_problem(problems(many), "frontDoor.sku", "at most 200 routes; the apps need 201")
    assert problems(many[:-1]) == []


def test_endpoints_of_a_profile_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With three classes no tier's limit is near; with more classes in the catalogues it counts."""
    monkeypatch.setattr("stacks.settings.between.edge.exposures", lambda: tuple(f"c{n}" for n in range(11)))
    many = [app(f"a{n}", f"c{n}", ingress="serviceTag", csp="frame-ancestors 'none'") for n in range(11)]
    found = problems(many, front_door(sku="standard"), waf(managedRules=False))
    the_problem(found, "frontDoor.sku", "at most 10 endpoints", "11")
    assert problems(many) == []


def test_patterns_of_a_route_are_counted() -> None:
    paths = tuple(f"/s{n}/*" for n in range(26))
    static = [app("a", "web", ingress="serviceTag", static_paths=paths)]
    found = problems(static, front_door(sku="standard"), waf(managedRules=False))
    the_problem(found, "apps.a.staticPaths", "at most 25")
    assert problems(static) == []


def test_composite_routes_are_counted() -> None:
    hosts = tuple(f"h{n}.example.com" for n in range(100))
    found = problems([app("a", "marketing", hosts=hosts, static_paths=tuple(f"/s{n}/*" for n in range(25)))])
    the_problem(found, "frontDoor.sku", "5000 composite routes", "5200")


def test_app_limits_name_apps_and_fit_a_policy() -> None:
    the_problem(problems(firewall=waf(appLimits={"backed": {"threshold": 100}})), "waf.appLimits.backed", "backend")
    wide = [app("a", "web", hosts=tuple(f"h{n}.example.com" for n in range(11)))]
    the_problem(problems(wide, firewall=waf(appLimits={"a": {"threshold": 100}})), "waf.appLimits.a", "at most 10")
    many = [app(f"a{n}", "web") for n in range(93)]
    limits = {each.name: {"threshold": 100} for each in many}
    the_problem(problems(many, firewall=waf(appLimits=limits)), "waf.appLimits", "100 custom rules", "101")


def test_settings_of_apps_become_what_the_edge_sees() -> None:
    assert edge_apps({each.name: as_settings(each) for each in FOUR_APPS}) == FOUR_APPS


# --- catalogues ----------------------------------------------------------------------------------------------------


def test_both_catalogues_have_the_same_classes() -> None:
    assert set(exposures()) == set(security_headers().exposures) == {"api", "web", "marketing"}
    assert list(security_headers().problems()) == []


def test_every_class_ends_with_blocking_general_limit() -> None:
    """Every class has a general limit last and everything blocks."""
    for limits in rate_limits().values():
        *others, last = limits.values()
        assert last.paths == []
        assert last.methods == []
        assert all(entry.action == "Block" for entry in limits.values())
        assert all(e.threshold / e.window_minutes < last.threshold / last.window_minutes for e in others)


def test_class_headers_fit_azure_and_forbid_framing() -> None:
    """Headers of every class are within azures limits and frame nothing."""
    for each in FOUR_APPS:
        headers = sent_headers(each, FOUR_APPS)
        assert all(len(value) <= 640 and "{" not in value for value in headers.values())
        assert headers["Strict-Transport-Security"].startswith("max-age=63072000")
        if each.csp is None:
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_policy_without_apis_has_no_hole() -> None:
    headers = sent_headers(FOUR_APPS[3], [FOUR_APPS[3]])
    assert "connect-src 'self';" in headers["Content-Security-Policy"]


def test_header_catalogue_mistakes_are_told() -> None:
    """A header catalogue without framing policy or with a header twice is told."""
    wrong = HeaderCatalogue.model_validate(
        {
            "all": {"X-Frame-Options": "DENY"},
            "exposures": {"web": {"Content-Security-Policy": "default-src 'self'", "X-Frame-Options": "DENY"}},
            "remove": [],
        }
    )
    keys = [p.key for p in wrong.problems()]
    assert keys == ["exposures.web.Content-Security-Policy", "exposures.web.X-Frame-Options"]


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 5},
        {"windowMinutes": 3},
        {"action": "JSChallenge"},
        {"paths": ["/Login"]},
        {"paths": [f"/p{n}" for n in range(11)]},
        {"methods": ["post"]},
        {"groupBy": "Cookie"},
    ],
)
def test_rate_limit_azure_refuses_is_refused(change: dict[str, Any]) -> None:
    """A rate limit that azure does not take is refused."""
    right = rate_limits()["api"]["authentication"].model_dump(by_alias=True)
    RateLimitEntry.model_validate(right)
    with pytest.raises(ValidationError):
        RateLimitEntry.model_validate({**right, **change})


def test_header_value_too_long_is_refused() -> None:
    """A header value too long for a rule is refused."""
    with pytest.raises(ValidationError):
        HeaderCatalogue.model_validate({"all": {"X-Long": "x" * 641}, "exposures": {}, "remove": []})


FIELD = {"variable": "RequestBodyJsonArgNames", "selector": "notes"}


@pytest.mark.parametrize(
    "change",
    [{}, {"action": "Log", "enabled": False}, {"exclude": [FIELD], "action": "Log"}],
)
def test_managed_rule_change_changes_one_thing(change: dict[str, Any]) -> None:
    """A change of a managed rule changes one thing."""
    settings = waf(managedRuleChanges={"api": [{"group": "SQLI", "rule": "942100", **change}]})
    (found,) = settings.managed_rule_changes["api"][0].problems()
    assert "one of exclude, action: Log or enabled: false" in found.allowed


def test_managed_rule_changes_are_unique_by_class() -> None:
    """Changes of managed rules name a class and each rule once."""
    change = {"group": "SQLI", "rule": "942100", "exclude": [FIELD]}
    assert list(waf(managedRuleChanges={"api": [change], "web": [change]}).problems()) == []
    the_problem(list(waf(managedRuleChanges={"api": [change, change]}).problems()), "managedRuleChanges.api", "once")
    the_problem(list(waf(managedRuleChanges={"apis": [change]}).problems()), "managedRuleChanges.apis", "mean api")
    several = [{**change, "rule": "942110"}, {**change, "rule": "123456"}, {**change, "group": "XSS"}]
    wrong = [problem.allowed for problem in waf(managedRuleChanges={"api": several}).problems()]
    assert [
        "off by default" in wrong[0], "a rule of rule set 2.1" in wrong[1], "group SQLI" in wrong[2]
    ] == [True] * 3  # fmt: skip
    newer = waf(managedRuleChanges={"api": [change]}, defaultRuleSet="2.2")
    the_problem(list(newer.problems()), "managedRuleChanges.api[0]", "not known here")
    off = waf(managedRuleChanges={"api": [change]}, managedRules=False)
    the_problem(list(off.problems()), "managedRuleChanges", "managedRules is false")
