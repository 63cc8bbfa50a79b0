"""A request on its way through Front Door: host, firewall, route, redirect, headers, cache, origin.

Source of the order: learn.microsoft.com/azure/frontdoor/front-door-routing-architecture.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from assurance.reach.front_door import ORIGIN, ORIGIN_GROUP, origin_sites
from assurance.reach.gateway import gateways_of, sites_of
from assurance.record import Record, Resource, get
from assurance.request import gateway as apis
from assurance.request.firewall import inspect, policies
from assurance.request.message import Request
from assurance.request.outcome import Outcome
from assurance.request.routes import choose, owner_of, routes_of

RULE_SET, RULE = "cdn:RuleSet", "cdn:Rule"
CACHE_ACTION = "RouteConfigurationOverride"
CACHED_METHODS = ("GET",)
"""Only answers to GET are kept (learn.microsoft.com/azure/frontdoor/front-door-caching, read 2026-11-29)."""
UNROUTED = 400
"""What a host or path without a route gets: Bad Request (learn.microsoft.com/azure/frontdoor/front-door-route-matching,
read 2026-11-29)."""


class Edge:
    """The recorded edge, ready to be asked about requests."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def handle(self, request: Request) -> Outcome:
        """What the edge does with a request, and why."""
        outcome = Outcome()
        owner = owner_of(self._record, request.host)
        if owner is None:
            outcome.refuse(UNROUTED, "host", request.host, "no domain or endpoint of Front Door has this name")
            return outcome
        outcome.decide("host", request.host, f"is {owner.name}", owner)
        found = policies(self._record, owner, request.path)
        if not found:
            outcome.decide("firewall", "", "no firewall looks at this path", owner)
        for policy in found:
            if not inspect(policy, request, outcome):
                return outcome
        chosen = choose(routes_of(self._record, owner), request.scheme, request.path)
        if chosen is None:
            outcome.refuse(UNROUTED, "route", request.path, "no enabled route of this host takes it")
        else:
            self._route(*chosen, request, outcome)
        return outcome

    def _route(self, route: Resource, pattern: str, request: Request, outcome: Outcome) -> None:
        outcome.route = str(get(route, "routeName"))
        outcome.decide("route", outcome.route, f"takes the path by its pattern {pattern}", route)
        if request.scheme == "http" and get(route, "httpsRedirect") == "Enabled":
            outcome.kind = "redirected"
            outcome.location = f"https://{request.url.removeprefix('http://')}"
            outcome.decide("route", outcome.route, f"redirects to {outcome.location}", route)
            return
        self._headers(route, outcome)
        self._cache(route, request, outcome)
        self._origin(route, request, outcome)

    def _rule_sets(self, route: Resource) -> Iterator[list[Resource]]:
        """The rules of each rule set, in the route's order and theirs."""
        for rule_set in self._record.targets(route, "ruleSets[].id", RULE_SET):
            rules = self._record.holders(rule_set, "ruleSetName", RULE, by="ruleSetName")
            yield sorted(rules, key=lambda each: int(get(each, "order", 0)))

    def _headers(self, route: Resource, outcome: Outcome) -> None:
        for rules in self._rule_sets(route):
            for rule in rules:
                if get(rule, "conditions"):
                    text = "has conditions, which are not evaluated here"
                    outcome.undecided.append(rule.name)
                    outcome.decide("headers", rule.name, text, rule)
                    continue
                for action in get(rule, "actions", ()):
                    if action.get("name") != CACHE_ACTION:
                        outcome.decide("headers", rule.name, _apply(action, outcome), rule)
                if get(rule, "matchProcessingBehavior") == "Stop":
                    outcome.decide("headers", rule.name, "is the last rule of its set", rule)
                    break

    def _cache(self, route: Resource, request: Request, outcome: Outcome) -> None:
        cache = self._cache_configuration(route)
        if not cache:
            outcome.decide("cache", outcome.route, "answers are never cached", route)
            return
        if request.method not in CACHED_METHODS:
            outcome.decide("cache", outcome.route, f"answers to {request.method} are not cached", route)
            return
        outcome.cached = True
        text = f"answers are cached {_duration(cache)}, query strings: {cache['queryStringCachingBehavior']}"
        if cache.get("isCompressionEnabled") == "Enabled":
            text += ", text is compressed"
        outcome.decide("cache", outcome.route, text, route)

    def _cache_configuration(self, route: Resource) -> dict[str, Any]:
        """The route's own, or what the last rule without conditions puts in its place."""
        own = get(route, "cacheConfiguration") or {}
        compressed = (own.get("compressionSettings") or {}).get("isCompressionEnabled")
        chosen = {**own, "isCompressionEnabled": "Enabled" if compressed else "Disabled"} if own else {}
        for rule in chain.from_iterable(self._rule_sets(route)):
            for action in () if get(rule, "conditions") else get(rule, "actions", ()):
                if action.get("name") == CACHE_ACTION:
                    chosen = (action.get("parameters") or {}).get("cacheConfiguration") or {}
        return chosen

    def _origin(self, route: Resource, request: Request, outcome: Outcome) -> None:
        origins = [
            origin
            for group in self._record.targets(route, "originGroup.id", ORIGIN_GROUP)
            for origin in self._record.holders(group, "originGroupName", ORIGIN, by="originGroupName")
            if get(origin, "enabledState", "Enabled") == "Enabled"
        ]
        if not origins:
            outcome.refuse(503, "origin", outcome.route, "its origin group has no enabled origin", route)
            return
        origin = min(origins, key=lambda each: int(get(each, "priority", 1)))
        outcome.origin = str(get(origin, "originName"))
        outcome.forwarded_host = str(get(origin, "originHostHeader") or request.host)
        protocol = {"HttpsOnly": "https", "HttpOnly": "http"}.get(str(get(route, "forwardingProtocol")), request.scheme)
        way = "by private link" if get(origin, "sharedPrivateLinkResource") else "at its public address"
        sites = ", ".join(site.name for site in origin_sites(self._record, origin, route)) or "outside the record"
        gateways = gateways_of(self._record, origin)
        end = gateways[0].name if gateways else sites
        text = f"gets it over {protocol} {way}, as host {outcome.forwarded_host} ({end})"
        outcome.decide("origin", outcome.origin, text, origin)
        if gateways:
            self._gateway(gateways[0], route, request, outcome)

    def _gateway(self, gateway: Resource, route: Resource, request: Request, outcome: Outcome) -> None:
        """The API that takes it, what that asks for and where it goes; the longest path comes first."""
        path = f"{str(get(route, 'originPath', '')).rstrip('/')}{request.path}"
        api = apis.api_for(self._record, gateway, path)
        if api is None:
            outcome.refuse(404, "gateway", gateway.name, f"no API of it is at {path}", gateway)
            return
        outcome.api = str(get(api, "apiId"))
        if not apis.takes(self._record, api, request.method, path):
            outcome.refuse(404, "gateway", outcome.api, f"has no operation for {request.method} {path}", api)
            return
        sites = ", ".join(site.name for site in sites_of(self._record, api)) or "outside the record"
        text = f"{apis.describe_requirements(self._record, api)}; {sites} gets it as {request.path}"
        outcome.decide("gateway", outcome.api, text, api)


def _duration(cache: dict[str, Any]) -> str:
    """How long an answer is kept, in words."""
    fixed = cache.get("cacheDuration")
    if cache.get("cacheBehavior") == "OverrideAlways":
        return f"for {fixed}, whatever the origin says"
    if cache.get("cacheBehavior") == "OverrideIfOriginMissing":
        return f"as long as the origin says, for {fixed} where it says nothing"
    return "as long as the origin says, one to three days where it says nothing"


def _apply(action: dict[str, Any], outcome: Outcome) -> str:
    """Do one action of a rule to the outcome, and say it."""
    name, parameters = str(action.get("name")), action.get("parameters") or {}
    header, value = str(parameters.get("headerName")), str(parameters.get("value"))
    if name != "ModifyResponseHeader":
        if name == "ModifyRequestHeader":
            return f"{parameters.get('headerAction')} request header {header}, which the origin sees"
        outcome.undecided.append(name)
        return f"{name} is not evaluated here"
    kind = parameters.get("headerAction")
    if kind == "Delete":
        outcome.removed.append(header)
        outcome.set.pop(header, None)
        return f"removes {header}"
    (outcome.added if kind == "Append" else outcome.set)[header] = value
    return f"{'adds' if kind == 'Append' else 'sets'} {header}: {value}"
