"""Azure Front Door: profile, domains, origins, routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.rule import must, rule
from policies.rules.app_service import ingress
from policies.view import Resource, Stack, lookup

GATEWAY = "apimanagement:ApiManagementService"
PROFILE, DOMAIN, ORIGIN, ROUTE = "cdn:Profile", "cdn:AFDCustomDomain", "cdn:AFDOrigin", "cdn:Route"

REQUIRED_HEADERS = frozenset(
    {
        "strict-transport-security",
        "x-content-type-options",
        "referrer-policy",
        "permissions-policy",
        "x-frame-options",
    }
)
"""Headers that every answer carries (owasp.org/www-project-secure-headers). The content security policy is not among
them: an app may send its own."""


@rule(
    "FD-PREMIUM",
    "Front Door is of the tier that has managed firewall rules and private origins",
    on=PROFILE,
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(B)"],
    remediation="Set sku.name to Premium_AzureFrontDoor.",
    source="Azure Policy 'Azure Front Door profiles should use Premium tier that supports managed WAF rules'",
)
def premium(profile: Resource) -> Iterator[str]:
    yield from must(profile, "sku.name", "Premium_AzureFrontDoor")


@rule(
    "FD-LOG-SCRUBBING",
    "Access logs hold no URL and no query argument: they may name a patient",
    on=PROFILE,
    severity="medium",
    controls=["164.312(a)(1)", "164.312(b)"],
    remediation="Set logScrubbing.state to Enabled with rules for RequestUri and QueryStringArgNames.",
    source="learn.microsoft.com/azure/frontdoor/standard-premium/how-to-protect-sensitive-data",
)
def log_scrubbing(profile: Resource) -> Iterator[str]:
    yield from must(profile, "logScrubbing.state", "Enabled")
    scrubbed = {
        lookup(entry, "matchVariable")
        for entry in profile.each("logScrubbing.scrubbingRules")
        if lookup(entry, "state") == "Enabled"
    }
    for variable in ("RequestUri", "QueryStringArgNames"):
        if variable not in scrubbed:
            yield f"no enabled scrubbing rule for {variable}"


@rule(
    "FD-TLS",
    "Front Door refuses TLS below 1.2",
    on=DOMAIN,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set tlsSettings.minimumTlsVersion to TLS12.",
    source="Azure Policy 'Azure Front Door Standard and Premium should be running minimum TLS version of 1.2'",
)
def domain_tls(domain: Resource) -> Iterator[str]:
    yield from must(domain, "tlsSettings.minimumTlsVersion", "TLS12", "TLS13")


@rule(
    "FD-HTTPS-REDIRECT",
    "A route sends browsers to HTTPS and speaks HTTPS to its origin",
    on=ROUTE,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set httpsRedirect to Enabled and forwardingProtocol to HttpsOnly.",
    source="learn.microsoft.com/azure/frontdoor/end-to-end-tls",
)
def https_redirect(route: Resource) -> Iterator[str]:
    yield from must(route, "httpsRedirect", "Enabled")
    yield from must(route, "forwardingProtocol", "HttpsOnly")


@rule(
    "FD-CACHE-STATIC-ONLY",
    "Only static files are cached at the edge, never an API's or a signed-in user's answers",
    on=ROUTE,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(c)(1)"],
    remediation="Leave cacheConfiguration out of routes for /*, /api or /.auth; cache named static paths only.",
    source="requirement S21; Azure Verified Modules' example caches /api/*",
    where=lambda route: route.has("cacheConfiguration"),
)
def cache_static_only(route: Resource) -> Iterator[str]:
    for pattern in route.each("patternsToMatch"):
        path = str(pattern).lower()
        if path == "/*" or path.startswith(("/api", "/.auth", "/auth")):
            yield f"it caches {pattern}"


@rule(
    "FD-SECURITY-HEADERS",
    "Every route's answers carry the security headers",
    on=ROUTE,
    severity="high",
    controls=["164.312(e)(1)", "164.312(c)(1)"],
    remediation="Attach a rule set that sets HSTS, X-Content-Type-Options, X-Frame-Options, Referrer-Policy and "
    "Permissions-Policy on every answer.",
    source="owasp.org/www-project-secure-headers; requirement S20",
)
def security_headers(route: Resource, stack: Stack) -> Iterator[str]:
    carried: set[str] = set()
    for rule_set in stack.targets(route, "ruleSets[].id", "cdn:RuleSet"):
        for item in stack.holders(rule_set, "ruleSetName", "cdn:Rule", by="ruleSetName"):
            if not item.has("conditions"):
                carried |= {str(name).lower() for name in map(_header_set, item.each("actions")) if name}
    missing = REQUIRED_HEADERS - carried
    if missing:
        yield f"its rule sets do not set {', '.join(sorted(missing))}"


def _header_set(action: Any) -> Any:
    """The response header that a rule's action sets, or None."""
    if lookup(action, "name") != "ModifyResponseHeader":
        return None
    if lookup(action, "parameters.headerAction") not in ("Overwrite", "Append"):
        return None
    return lookup(action, "parameters.headerName")


@rule(
    "FD-ORIGIN-CERTIFICATE",
    "Front Door checks the name in an origin's certificate",
    on=ORIGIN,
    severity="high",
    controls=["164.312(d)", "164.312(e)(2)(i)"],
    remediation="Set enforceCertificateNameCheck to true.",
    source="learn.microsoft.com/azure/frontdoor/end-to-end-tls",
)
def origin_certificate(origin: Resource) -> Iterator[str]:
    yield from must(origin, "enforceCertificateNameCheck", True)


@rule(
    "FD-ORIGIN-LOCKED",
    "An origin is reached privately, or admits our Front Door only",
    on=ORIGIN,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Give the origin a sharedPrivateLinkResource to a site or gateway without public access, or lock the "
    "site to Front Door (APP-INGRESS).",
    source="Azure Policy 'Secure private connectivity between Azure Front Door Premium and Azure App Service'",
)
def origin_locked(origin: Resource, stack: Stack) -> Iterator[str]:
    private = origin.has("sharedPrivateLinkResource.privateLink.id")
    path = "sharedPrivateLinkResource.privateLink.id" if private else "hostName"
    sites = stack.targets(origin, path, "web:WebApp", by="id" if private else "defaultHostName")
    gateways = stack.targets(origin, path, GATEWAY) if private else []
    for gateway in gateways:
        for message in must(gateway, "publicNetworkAccess", "Disabled"):
            yield f"{gateway}: {message}: private link does not close the public way"
    if not (sites or gateways):
        yield "its origin is no app of this stack, so nobody can say that only Front Door reaches it"
    for site in sites:
        if private:
            for message in must(site, "publicNetworkAccess", "Disabled"):
                yield f"{site}: {message}: private link does not close the public way"
        else:
            for message in ingress.check(site):
                yield f"{site}: {message}"


@rule(
    "FD-HEALTH-PROBE",
    "Front Door probes origins over HTTPS, on a path of their own",
    on="cdn:AFDOriginGroup",
    severity="medium",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Set healthProbeSettings with probeProtocol Https and a probePath other than /.",
    source="learn.microsoft.com/azure/frontdoor/health-probes",
)
def health_probe(group: Resource) -> Iterator[str]:
    yield from must(group, "healthProbeSettings.probeProtocol", "Https")
    path = str(group.get("healthProbeSettings.probePath", ""))
    if not path.startswith("/") or path == "/":
        yield f"healthProbeSettings.probePath is {path or 'not set'}"
