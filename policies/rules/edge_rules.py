"""Front Door's rules engine: rules are evaluated in the order in which they run, and judged by what they do."""

import re
from collections.abc import Callable, Container, Iterator
from typing import Any

from policies.compare import same
from policies.resource import Resource, lookup
from policies.rule import rule, shown
from policies.view import Stack

ROUTE, RULE_SET, ITEM = "cdn:Route", "cdn:RuleSet", "cdn:Rule"
YEAR = 31_536_000
"""Seconds that HSTS must last at least (hstspreload.org, read 2026-11-29)."""
SIGNED_IN = frozenset({"api", "auth", ".auth", "graphql", "login", "signin", "token", "oauth", "oauth2", "account"})
"""Parts of a path whose answers are an API's or a signed-in user's."""


def _lasts(value: str) -> bool:
    match = re.search(r"max-age\s*=\s*\"?(\d+)", value, re.IGNORECASE)
    return match is not None and int(match[1]) >= YEAR


HEADERS: dict[str, Callable[[str], bool]] = {
    "strict-transport-security": _lasts,
    "x-content-type-options": lambda value: same(value, "nosniff"),
    "referrer-policy": lambda value: not same(value, "", "unsafe-url", "no-referrer-when-downgrade"),
    "permissions-policy": lambda value: bool(value.strip()),
    "x-frame-options": lambda value: same(value, "DENY", "SAMEORIGIN"),
}
"""Headers that every answer carries, and what makes a value of each one that protects (owasp.org secure headers). The
content security policy is not among them: an app may send its own."""


def items_of(route: Resource, stack: Stack) -> Iterator[Resource]:
    """The rules that a route's answers pass, in the order in which they run."""
    named = [str(id_).lower() for id_ in route.leaves("ruleSets[].id")]
    rule_sets = stack.targets(route, "ruleSets[].id", RULE_SET)
    # In the route's order; where ids are not known yet, in the program's.
    for rule_set in sorted(rule_sets, key=lambda one: _position(str(one.id).lower(), named)):
        yield from sorted(stack.parts(rule_set, "ruleSetName", ITEM), key=lambda item: int(item.get("order", 0)))


def _position(id_: str, named: list[str]) -> int:
    return named.index(id_) if id_ in named else len(named)


def caches(item: Resource) -> bool:
    """Whether a rule switches caching on."""
    return any(
        same(lookup(action, "name"), "RouteConfigurationOverride")
        and lookup(action, "parameters.cacheConfiguration") is not None
        for action in item.each("actions")
    )


def _caches_itself(route: Resource) -> bool:
    """Whether a route caches without a rule; an empty object does, with Azure's defaults."""
    return next(route.leaves("cacheConfiguration"), None) is not None


@rule(
    "FD-SECURITY-HEADERS",
    "Every route's answers carry the security headers, with values that protect",
    on=ROUTE,
    severity="high",
    controls=["164.312(e)(1)", "164.312(c)(1)"],
    remediation="Attach a rule set that overwrites HSTS (a year or more), X-Content-Type-Options, X-Frame-Options, "
    "Referrer-Policy and Permissions-Policy on every answer, and none after it that changes or deletes them.",
    source="owasp.org/www-project-secure-headers; requirement S20; "
    "learn.microsoft.com/azure/frontdoor/front-door-rules-engine: rules run in order, the last word holds",
)
def security_headers(route: Resource, stack: Stack) -> Iterator[str]:
    carried: dict[str, str] = {}
    spoilt: dict[str, str] = {}
    cut: dict[str, str] = {}
    for item in items_of(route, stack):
        sometimes = item.has("conditions")
        for name, value in _header_changes(item, route):
            protects = value is not None and HEADERS[name](value)
            if not protects:
                spoilt[name] = f"{item} sets {name} to {value}" if value is not None else f"{item} deletes {name}"
            elif not sometimes:
                spoilt.pop(name, None)
            if not sometimes and protects:
                carried[name] = str(value)
        if same(item.get("matchProcessingBehavior"), "Stop"):
            for name in HEADERS.keys() - carried.keys() - spoilt.keys():
                cut[name] = f"{item} ends evaluation before anything sets {name}"
            if not sometimes:
                break
    spoilt |= cut
    yield from spoilt.values()
    missing = HEADERS.keys() - carried.keys() - spoilt.keys()
    if missing and not route.unknown:
        yield f"its rule sets do not set {', '.join(sorted(missing))}"


def _header_changes(
    item: Resource, route: Resource, names: Container[str] = HEADERS, *, appended: bool = False
) -> Iterator[tuple[str, str | None]]:
    """(header, its new value or None where it is deleted) for each response header of ``names`` that a rule changes.

    One that is not known yet is noted at the route. appended: whether what is appended counts as the value; it stands
    behind what an app says.
    """
    for action in item.each("actions"):
        with route.noting():
            name = str(lookup(action, "parameters.headerName", "")).lower()
            if name in names and same(lookup(action, "name"), "ModifyResponseHeader"):
                deletes = same(lookup(action, "parameters.headerAction"), "Delete")
                value = None if deletes else str(lookup(action, "parameters.value", ""))
                overwrites = same(lookup(action, "parameters.headerAction", "Overwrite"), "Overwrite")
                if value is not None and not overwrites and not appended:
                    value = ""
                yield name, value


@rule(
    "FD-CACHE-STATIC-ONLY",
    "Only static files are cached at the edge, never an API's or a signed-in user's answers",
    on=ROUTE,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(c)(1)"],
    remediation="Leave cacheConfiguration, and rules that override the cache, out of routes for everything, an API or "
    "sign-in; cache named static paths only, on routes with a rule that says how long.",
    source="requirement S21; Azure Verified Modules' example caches /api/*; "
    "learn.microsoft.com/azure/frontdoor/front-door-caching: an answer without Cache-Control stays one to three days",
)
def cache_static_only(route: Resource, stack: Stack) -> Iterator[str]:
    overrides = [item for item in items_of(route, stack) if caches(item)]
    on_route = _caches_itself(route)
    if not on_route and not overrides:
        return
    how = f"{overrides[0]} makes it cache" if overrides else "it caches"
    for pattern in route.each("patternsToMatch"):
        parts = [part for part in str(pattern).lower().split("/") if part]
        if not parts or parts[0] == "*" or SIGNED_IN & set(parts):
            yield f"{how} {pattern}"
    for item in overrides:
        behaviors = item.leaves("actions[].parameters.cacheConfiguration.cacheBehavior")
        if any(same(behavior, "OverrideAlways") for behavior in behaviors):
            yield f"{item} makes it cache what an app says must not be kept"
    for item in items_of(route, stack):
        if any(same(name, "UrlRewrite") for name in item.leaves("actions[].name")):
            yield f"{how}, and {item} rewrites paths, so that its patterns say nothing of what is cached"
    if not on_route:
        yield f"{how}, although the route caches nothing"
    elif not overrides:
        yield "it caches, and no rule says how long an answer without Cache-Control is kept"


@rule(
    "FD-NO-SHARED-COPIES",
    "No rule of the edge tells proxies and browsers to keep the answers of a route that caches nothing",
    on=ROUTE,
    severity="high",
    controls=["164.312(a)(1)", "164.312(c)(1)"],
    remediation="Let the last rule that sets Cache-Control say no-store or private, or leave it to the app; what is "
    "static has a route of its own, or a condition on the file extension.",
    source="rfc-editor.org/rfc/rfc9111 5.2.2.9, 5.2.2.10: public and s-maxage let shared caches keep even answers to "
    "signed-in users; learn.microsoft.com/azure/frontdoor/front-door-rules-engine: the last word holds",
    where=lambda route: not _caches_itself(route),
)
def no_shared_copies(route: Resource, stack: Stack) -> Iterator[str]:
    shared: list[str] = []
    for item in items_of(route, stack):
        for _, value in _header_changes(item, route, ("cache-control",), appended=True):
            if _is_for_files(item):
                continue
            if value is None or _SHARED.search(value):
                shared.append(f"{item} sets Cache-Control to {value}" if value else f"{item} deletes Cache-Control")
            elif not item.has("conditions"):
                shared.clear()
        if same(item.get("matchProcessingBehavior"), "Stop") and not item.has("conditions"):
            break
    yield from shared


_SHARED = re.compile(r"\b(public|s-maxage)\b", re.IGNORECASE)


def _is_for_files(item: Resource) -> bool:
    """Whether a rule is for paths with some file extension only."""
    return any(
        same(lookup(condition, "name"), "UrlFileExtension")
        and not same(lookup(condition, "parameters.negateCondition"), True)
        for condition in item.each("conditions")
    )


@rule(
    "FD-RULES-KEEP-WAY",
    "No rule of the edge sends requests another way than their route",
    on=ITEM,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(a)(1)"],
    remediation="Remove the override of the origin group and redirects to HTTP; a route names its own origin group.",
    source="learn.microsoft.com/azure/frontdoor/front-door-rules-engine-actions: an override replaces origin and "
    "protocol of the route that rules examine",
    each="actions",
)
def keeps_way(action: Any) -> Iterator[str]:
    protocol = lookup(action, "parameters.destinationProtocol")
    if same(protocol, "Http"):
        yield f"it redirects to {shown(protocol)}"
    # There is one, even where nobody knows yet which.
    if {"originGroupOverride", "originGroup"} & set(lookup(action, "parameters", {})):
        yield "it sends requests to another origin group than the route's"


@rule(
    "FD-SPEAKS-FOR-NOBODY",
    "No rule of the edge says who a caller is, signs a browser in, or takes a content security policy away",
    on=ITEM,
    severity="high",
    controls=["164.312(d)", "164.312(a)(1)"],
    remediation="Leave Authorization, Cookie, Set-Cookie, X-MS-CLIENT-PRINCIPAL and X-Forwarded headers to callers, "
    "apps and Azure.",
    source="learn.microsoft.com/azure/app-service/configure-authentication-user-identities: apps believe them; "
    "learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol",
    each="actions",
)
def speaks_for_nobody(action: Any) -> Iterator[str]:
    name = str(lookup(action, "parameters.headerName", "")).strip().lower()
    deletes = same(lookup(action, "parameters.headerAction"), "Delete")
    value = str(lookup(action, "parameters.value", "")).lower()
    if same(lookup(action, "name"), "ModifyRequestHeader") and BELIEVED.match(name) and not deletes:
        yield f"it sets {name} of each request"
    if same(lookup(action, "name"), "ModifyResponseHeader"):
        if name == "set-cookie" and not deletes:
            yield "it sets a cookie"
        if name == "content-security-policy" and (
            deletes or re.search(r"(default|script)-src[^;]*(\*(?!\.)|unsafe-eval)", value)
        ):
            yield (
                "it deletes the content security policy" if deletes else f"it lets scripts come from anywhere: {value}"
            )


BELIEVED = re.compile(r"authorization$|cookie$|x-ms-(client-principal|token)|x-forwarded-|x-azure-|host$|x-original-")
"""Headers of a request by which an app knows who calls, and from where."""


@rule(
    "FD-CORS",
    "No rule of the edge lets every site read answers in a visitor's browser",
    on=ITEM,
    severity="high",
    controls=["164.312(a)(1)", "164.312(c)(1)"],
    remediation="Leave Access-Control-Allow-Origin to the app, or name one origin of the platform.",
    source="owasp.org, testing for cross-origin resource sharing: * and null admit every site",
)
def named_origins(item: Resource) -> Iterator[str]:
    for action in item.each("actions"):
        name, value = (str(lookup(action, f"parameters.{key}", "")).strip() for key in ("headerName", "value"))
        deletes = same(lookup(action, "parameters.headerAction"), "Delete")
        if same(name, "Access-Control-Allow-Origin") and same(value, "*", "null") and not deletes:
            yield f"it sets {name} to {value}"
