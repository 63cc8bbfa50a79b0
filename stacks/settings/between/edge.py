"""What must hold between Front Door, the firewall and the apps."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from documents.problems import Problem
from facts.regions import refused_private_origin
from stacks.catalogues.rate_limits import exposures, rate_limits, sign_in_paths
from stacks.catalogues.security_headers import CSP, CSP_BY_APP, HEADER_VALUE_LONGEST, response_headers
from stacks.settings.apps import AppSettings
from stacks.settings.edge import FrontDoorSettings, WafSettings
from stacks.settings.gateway import ApiManagementSettings
from stacks.settings.platform import PlatformSettings

TIERS = {
    "standard": {"endpoints": 10, "custom domains": 100, "origin groups": 100, "routes": 100, "rule sets": 100},
    "premium": {"endpoints": 25, "custom domains": 500, "origin groups": 200, "routes": 200, "rule sets": 200},
}
"""What one Front Door profile may hold (Azure's includes/front-door-limits.md)."""
PATHS_PER_ROUTE = {"standard": 25, "premium": 50}
COMPOSITE_ROUTES = 5000
"""Longest composite route metric of a profile: domains times paths, for HTTP and for HTTPS, over all routes
(learn.microsoft.com/azure/frontdoor/front-door-routing-limits)."""
CUSTOM_RULES = 100
"""Most custom rules of a firewall policy."""
FIXED_RULES = 5
"""Custom rules that every policy of ours holds: incident, geography, URL, query and body size."""
VALUES_PER_CONDITION = 10
"""Most text values of a firewall condition."""

NEVER_CACHED = ("/.auth", "/api", "/auth", "/login", "/register", "/signup", "/token", "/password", "/mfa", "/otp")
"""Beginnings of paths whose answers belong to one person."""


def edge_problems(
    front_door: FrontDoorSettings,
    waf: WafSettings,
    apps: Mapping[str, AppSettings],
    gateway: ApiManagementSettings,
    platform: PlatformSettings,
) -> Iterator[Problem]:
    """Mistakes between the sections. Keys are full paths without the namespace."""
    if waf.managed_rules and front_door.sku != "premium":
        yield Problem("waf.managedRules", True, "false: managed rule sets need frontDoor.sku premium")
    yield from _ingress_problems(front_door, apps, gateway, platform.location)
    yield from _host_problems(front_door, apps)
    yield from _name_problems(apps)
    api_hosts = [host for app in apps.values() if app.exposure == "api" for host in app.host_names]
    for name, app in apps.items():
        yield from _app_problems(name, app, api_hosts)
    yield from _limit_problems(front_door, apps)
    yield from _waf_problems(waf, apps)


def _name_problems(apps: Mapping[str, AppSettings]) -> Iterator[Problem]:
    """Rule sets take letters and digits only, whatever their case."""
    taken: dict[str, str] = {}
    for name in apps:
        other = taken.setdefault(re.sub(r"[^a-z0-9]", "", name.lower()), name)
        if other != name:
            yield Problem(f"apps.{name}", name, f"a name that is not {other} without its hyphens")


def _ingress_problems(
    front_door: FrontDoorSettings, apps: Mapping[str, AppSettings], gateway: ApiManagementSettings, location: str
) -> Iterator[Problem]:
    private = {name: app.ingress for name, app in apps.items() if app.ingress == "privateLink"}
    if front_door.sku != "premium":
        # An app behind the gateway has a private endpoint for the gateway, not for Front Door (see gateway_problems).
        for name, ingress in private.items():
            if name not in gateway.apis:
                yield Problem(f"apps.{name}.ingress", ingress, "serviceTag: private link needs frontDoor.sku premium")
    elif refusal := refused_private_origin(location):
        for name, ingress in private.items():
            yield Problem(f"apps.{name}.ingress", ingress, f"serviceTag: {refusal} (REGION-OFFER)")


def _host_problems(front_door: FrontDoorSettings, apps: Mapping[str, AppSettings]) -> Iterator[Problem]:
    """Domains are named by their host with hyphens for dots: two hosts must not look alike. Hosts lie in the zone."""
    zone = front_door.dns_zone.zone if front_door.dns_zone else None
    taken: dict[str, str] = {}
    for name, app in apps.items():
        key = f"apps.{name}.hostNames"
        for host in app.host_names:
            other = taken.setdefault(host.replace(".", "-"), host)
            if other != host:
                yield Problem(key, host, f"a name that differs from {other} in more than dots and hyphens")
            if zone and host != zone and not host.endswith(f".{zone}"):
                yield Problem(key, host, f"a name in frontDoor.dnsZone.zone, {zone}")


def _app_problems(name: str, app: AppSettings, api_hosts: Sequence[str]) -> Iterator[Problem]:
    key = f"apps.{name}"
    if app.exposure not in exposures():
        yield Problem(f"{key}.exposure", app.exposure, f"one of {', '.join(exposures())}")
        return
    policy = response_headers(app.exposure, app.content_security_policy, api_hosts).get(CSP, "")
    if len(policy) > HEADER_VALUE_LONGEST:
        yield Problem(
            f"{key}.contentSecurityPolicy",
            policy,
            f"at most {HEADER_VALUE_LONGEST} characters, not {len(policy)}: shorten it, or say "
            f"`contentSecurityPolicy: {CSP_BY_APP}` and let the app send it",
        )
    for path in app.static_paths:
        if reason := _static_path_problem(path, app.health_check_path):
            yield Problem(f"{key}.staticPaths", path, reason)


def _static_path_problem(path: str, health_check_path: str) -> str | None:
    """Front Door matches a whole path, or all that begins with one (``/assets/*``)."""
    start = path.removesuffix("/*").lower()
    for reserved in (*NEVER_CACHED, health_check_path.lower()):
        inside = f"{start}/".startswith(f"{reserved}/")
        around = path.endswith("/*") and f"{reserved}/".startswith(f"{start}/")
        if inside or around:
            return f"a path apart from {reserved}, whose answers are never cached"
    return None


def _limit_problems(front_door: FrontDoorSettings, apps: Mapping[str, AppSettings]) -> Iterator[Problem]:
    limits = {**TIERS[front_door.sku], "composite routes": COMPOSITE_ROUTES}
    sign_in = {name: len(sign_in_paths(app.exposure)) for name, app in apps.items()}
    routes = sum(1 + bool(app.static_paths) + bool(sign_in[name]) for name, app in apps.items())
    counts = {
        "endpoints": len({app.exposure for app in apps.values()}),
        "custom domains": sum(len(app.host_names) for app in apps.values()),
        "origin groups": len(apps),
        "rule sets": sum(1 + bool(app.static_paths) for app in apps.values()),
        "routes": routes,
        "composite routes": sum(
            2 * len(app.host_names) * (1 + len(app.static_paths) + sign_in[name]) for name, app in apps.items()
        ),
    }
    for what, count in counts.items():
        if count > limits[what]:
            allowed = f"a profile of this tier has at most {limits[what]} {what}; the apps need {count}"
            yield Problem("frontDoor.sku", front_door.sku, allowed)
    for name, app in apps.items():
        if len(app.static_paths) > PATHS_PER_ROUTE[front_door.sku]:
            allowed = f"at most {PATHS_PER_ROUTE[front_door.sku]} patterns (one route of {front_door.sku})"
            yield Problem(f"apps.{name}.staticPaths", len(app.static_paths), allowed)


def _waf_problems(waf: WafSettings, apps: Mapping[str, AppSettings]) -> Iterator[Problem]:
    for name in waf.app_limits:
        app = apps.get(name)
        if app is None:
            yield Problem(f"waf.appLimits.{name}", name, f"an app: {', '.join(apps)}")
        elif len(app.host_names) > VALUES_PER_CONDITION:
            yield Problem(
                f"waf.appLimits.{name}", len(app.host_names), f"an app of at most {VALUES_PER_CONDITION} host names"
            )
    limited = Counter(apps[name].exposure for name in waf.app_limits if name in apps)
    for exposure, extra in limited.items():
        count = FIXED_RULES + len(rate_limits().get(exposure, {})) + extra
        if count > CUSTOM_RULES:
            yield Problem(
                "waf.appLimits", extra, f"at most {CUSTOM_RULES} custom rules for class {exposure}; there are {count}"
            )
