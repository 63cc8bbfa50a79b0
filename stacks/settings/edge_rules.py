"""What must hold between Front Door, the firewall and the apps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from documents.problems import Problem
from facts.regions import refused_private_origin
from stacks.catalogues.rate_limits import exposures, rate_limits, sign_in_paths
from stacks.catalogues.security_headers import CSP, HEADER_VALUE_LONGEST, security_headers
from stacks.settings.edge import FrontDoorSettings, WafSettings

CSP_BY_APP = "app"
"""As an app's ``csp``: the app sends the header itself, and the edge leaves it alone."""


Ingress = Literal["privateLink", "serviceTag"]


@dataclass(frozen=True, kw_only=True)
class EdgeApp:
    """An app as the edge sees it.

    hosts: its public host names; exposure: its class (``api``, ``web``, ``marketing``).
    health_check_path: answered without authentication; static_paths: patterns whose answers may be cached.
    csp: its own Content-Security-Policy; ``app``: it sends one itself; None: the class's.
    ingress: ``privateLink``, or ``serviceTag`` (public, open to Front Door only).
    gateway: API Management stands between Front Door and the app.
    """

    name: str
    hosts: tuple[str, ...]
    exposure: str
    health_check_path: str
    static_paths: tuple[str, ...] = ()
    csp: str | None = None
    ingress: Ingress = "privateLink"
    gateway: bool = False


class AppLike(Protocol):
    """What the edge reads of an app's settings (`stacks.settings.apps.AppSettings`)."""

    @property
    def host_names(self) -> Sequence[str]: ...
    @property
    def exposure(self) -> str: ...
    @property
    def health_check_path(self) -> str: ...
    @property
    def static_paths(self) -> Sequence[str]: ...
    @property
    def content_security_policy(self) -> str | None: ...
    @property
    def ingress(self) -> Ingress: ...


def edge_apps(apps: Mapping[str, AppLike], behind_gateway: Container[str] = ()) -> tuple[EdgeApp, ...]:
    """The apps of a stack config as the edge sees them; behind_gateway: those that API Management stands before."""
    return tuple(
        EdgeApp(
            name=name,
            hosts=tuple(app.host_names),
            exposure=app.exposure,
            health_check_path=app.health_check_path,
            static_paths=tuple(app.static_paths),
            csp=app.content_security_policy,
            ingress=app.ingress,
            gateway=name in behind_gateway,
        )
        for name, app in apps.items()
    )


@dataclass(frozen=True, kw_only=True)
class TierLimits:
    """What one Front Door profile may hold (Azure's includes/front-door-limits.md)."""

    endpoints: int
    domains: int
    origin_groups: int
    routes: int
    rule_sets: int
    paths_per_route: int


TIERS = {
    "standard": TierLimits(endpoints=10, domains=100, origin_groups=100, routes=100, rule_sets=100, paths_per_route=25),
    "premium": TierLimits(endpoints=25, domains=500, origin_groups=200, routes=200, rule_sets=200, paths_per_route=50),
}
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


def response_headers(app: EdgeApp, apps: Sequence[EdgeApp]) -> dict[str, str]:
    """What the edge sets on the app's answers: the catalogue's headers, with the app's own policy where it has one."""
    catalogue = security_headers()
    headers = {**catalogue.all, **catalogue.exposures.get(app.exposure, {})}
    apis = " ".join(f"https://{host}" for other in apps if other.exposure == "api" for host in other.hosts)
    if app.csp == CSP_BY_APP:
        headers.pop(CSP, None)
    elif app.csp:
        headers[CSP] = app.csp
    return {header: value.replace(" {apis}", f" {apis}" if apis else "") for header, value in headers.items()}


def edge_problems(
    front_door: FrontDoorSettings, waf: WafSettings, apps: Sequence[EdgeApp], location: str
) -> Iterator[Problem]:
    """Mistakes between the sections. Keys are full paths without the namespace. ``location``: the platform's region."""
    if waf.managed_rules and front_door.sku != "premium":
        yield Problem("waf.managedRules", True, "false: managed rule sets need frontDoor.sku premium")
    yield from _ingress_problems(front_door, apps, location)
    yield from _host_problems(front_door, apps)
    yield from _name_problems(apps)
    for app in apps:
        yield from _app_problems(app, apps)
    yield from _limit_problems(front_door, apps)
    yield from _waf_problems(waf, apps)


def _name_problems(apps: Sequence[EdgeApp]) -> Iterator[Problem]:
    """Rule sets take letters and digits only, whatever their case."""
    taken: dict[str, str] = {}
    for app in apps:
        other = taken.setdefault(re.sub(r"[^a-z0-9]", "", app.name.lower()), app.name)
        if other != app.name:
            yield Problem(f"apps.{app.name}", app.name, f"a name that is not {other} without its hyphens")


def _ingress_problems(front_door: FrontDoorSettings, apps: Sequence[EdgeApp], location: str) -> Iterator[Problem]:
    private = [app for app in apps if app.ingress == "privateLink"]
    if front_door.sku != "premium":
        # An app behind the gateway has a private endpoint for the gateway, not for Front Door (see gateway_problems).
        for app in private:
            if app.gateway:
                continue
            yield Problem(
                f"apps.{app.name}.ingress", app.ingress, "serviceTag: private link needs frontDoor.sku premium"
            )
    elif refusal := refused_private_origin(location):
        for app in private:
            yield Problem(f"apps.{app.name}.ingress", app.ingress, f"serviceTag: {refusal} (REGION-OFFER)")


def _host_problems(front_door: FrontDoorSettings, apps: Sequence[EdgeApp]) -> Iterator[Problem]:
    """Domains are named by their host with hyphens for dots: two hosts must not look alike. Hosts lie in the zone."""
    zone = front_door.dns_zone.zone if front_door.dns_zone else None
    taken: dict[str, str] = {}
    for app in apps:
        key = f"apps.{app.name}.hostNames"
        for host in app.hosts:
            other = taken.setdefault(host.replace(".", "-"), host)
            if other != host:
                yield Problem(key, host, f"a name that differs from {other} in more than dots and hyphens")
            if zone and host != zone and not host.endswith(f".{zone}"):
                yield Problem(key, host, f"a name in frontDoor.dnsZone.zone, {zone}")


def _app_problems(app: EdgeApp, apps: Sequence[EdgeApp]) -> Iterator[Problem]:
    key = f"apps.{app.name}"
    if app.exposure not in exposures():
        yield Problem(f"{key}.exposure", app.exposure, f"one of {', '.join(exposures())}")
        return
    policy = response_headers(app, apps).get(CSP, "")
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


def _limit_problems(front_door: FrontDoorSettings, apps: Sequence[EdgeApp]) -> Iterator[Problem]:
    tier = TIERS[front_door.sku]
    sign_in = {app.name: len(sign_in_paths(app.exposure)) for app in apps}
    routes = sum(1 + bool(app.static_paths) + bool(sign_in[app.name]) for app in apps)
    counts = {
        "endpoints": (len({app.exposure for app in apps}), tier.endpoints),
        "custom domains": (sum(len(app.hosts) for app in apps), tier.domains),
        "origin groups": (len(apps), tier.origin_groups),
        "rule sets": (sum(1 + bool(app.static_paths) for app in apps), tier.rule_sets),
        "routes": (routes, tier.routes),
        "composite routes": (
            sum(2 * len(app.hosts) * (1 + len(app.static_paths) + sign_in[app.name]) for app in apps),
            COMPOSITE_ROUTES,
        ),
    }
    for what, (count, most) in counts.items():
        if count > most:
            yield Problem(
                "frontDoor.sku",
                front_door.sku,
                f"a profile of this tier has at most {most} {what}; the apps need {count}",
            )
    for app in apps:
        if len(app.static_paths) > tier.paths_per_route:
            yield Problem(
                f"apps.{app.name}.staticPaths",
                len(app.static_paths),
                f"at most {tier.paths_per_route} patterns (one route of {front_door.sku})",
            )


def _waf_problems(waf: WafSettings, apps: Sequence[EdgeApp]) -> Iterator[Problem]:
    by_name = {app.name: app for app in apps}
    for name in waf.app_limits:
        app = by_name.get(name)
        if app is None:
            yield Problem(f"waf.appLimits.{name}", name, f"an app: {', '.join(by_name)}")
        elif len(app.hosts) > VALUES_PER_CONDITION:
            yield Problem(
                f"waf.appLimits.{name}", len(app.hosts), f"an app of at most {VALUES_PER_CONDITION} host names"
            )
    limited = Counter(by_name[name].exposure for name in waf.app_limits if name in by_name)
    for exposure, extra in limited.items():
        count = FIXED_RULES + len(rate_limits().get(exposure, {})) + extra
        if count > CUSTOM_RULES:
            yield Problem(
                "waf.appLimits", extra, f"at most {CUSTOM_RULES} custom rules for class {exposure}; there are {count}"
            )
