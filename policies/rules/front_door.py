"""Azure Front Door: profile, domains, origins, routes."""

from collections.abc import Iterator

from policies.compare import same
from policies.resource import UNKNOWN, Resource, lookup
from policies.rule import about, must, rule
from policies.rules.app_service import ingress
from policies.view import Stack

GATEWAY = "apimanagement:ApiManagementService"
PROFILE, DOMAIN, ORIGIN, ROUTE = "cdn:Profile", "cdn:AFDCustomDomain", "cdn:AFDOrigin", "cdn:Route"


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
        if same(lookup(entry, "state"), "Enabled") and same(lookup(entry, "selectorMatchOperator"), "EqualsAny")
    }
    for variable in ("RequestUri", "QueryStringArgNames"):
        if variable not in scrubbed:
            yield f"no enabled scrubbing rule for {variable}"


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
    protocols = list(route.leaves("supportedProtocols[]"))
    if protocols and not any(same(each, "Https") or each is UNKNOWN for each in protocols):
        yield f"supportedProtocols are {', '.join(map(str, protocols))}, without Https"


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
    if not (sites or gateways):
        yield "its origin is no app of this stack, so nobody can say that only Front Door reaches it"
    for place in (*gateways, *sites):
        if private:
            for message in must(place, "publicNetworkAccess", "Disabled"):
                yield f"{place}: {message}: private link does not close the public way"
        else:
            yield from about(place, ingress.check(place))
