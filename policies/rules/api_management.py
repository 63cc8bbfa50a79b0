"""API Management: the gateway, what it asks of callers, and what it writes down."""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from policies.compare import same
from policies.resource import UNKNOWN, Resource, lookup
from policies.rule import must, rule, shown
from policies.view import Stack

SERVICE, API, OPERATION = "apimanagement:ApiManagementService", "apimanagement:Api", "apimanagement:ApiOperation"
POLICY, API_POLICY, NAMED = "apimanagement:Policy", "apimanagement:ApiPolicy", "apimanagement:NamedValue"
ORIGIN_CONTROLS = ("164.312(a)(1)", "164.312(e)(1)")
CALLER_CONTROLS = ("164.312(d)", "164.312(a)(1)")

SECURITY = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"
WEAK = tuple(f"{side}Protocols.{protocol}" for side in ("", "Backend.") for protocol in ("Tls10", "Tls11", "Ssl30"))
"""Protocols that must be switched off by name: the gateway's default allows some of them."""
OLDEST_CONTROL_PLANE = "2021-08-01"


def inbound(policy: str) -> ElementTree.Element:
    """What a policy does with a request, by its text; nothing when that is no policy."""
    try:
        # A policy is text of this program, not of a stranger.
        document = ElementTree.fromstring(policy)  # noqa: S314
    except ElementTree.ParseError:
        return ElementTree.Element("inbound")
    found = document.find("inbound")
    return ElementTree.Element("inbound") if found is None else found


def policies_of(stack: Stack, api: Resource) -> list[ElementTree.Element]:
    """The inbound sections of an API's own policies."""
    found = stack.parts(api, "apiId", API_POLICY)
    return [inbound(str(policy.get("value", ""))) for policy in found]


def front_door_only(service: Resource, stack: Stack) -> bool:
    """Whether every request without the id of a Front Door profile of this stack is refused."""
    for policy in stack.parts(service, "serviceName", POLICY):
        for check in inbound(str(policy.get("value", ""))).findall("check-header"):
            if str(check.get("name")).lower() == "x-azure-fdid" and _ours(check, service, stack):
                return True
    return False


def _ours(check: ElementTree.Element, service: Resource, stack: Stack) -> bool:
    """Whether every value that a header check accepts is a named value with our profile's id."""
    wanted = [str(value.text) for value in check.findall("value")]
    ids = {
        "{{" + str(named.get("displayName")) + "}}": stack.targets(named, "value", "cdn:Profile", by="frontDoorId")
        for named in stack.parts(service, "serviceName", NAMED)
    }
    return bool(wanted) and all(ids.get(value) for value in wanted)


@rule(
    "API-FRONT-DOOR-ONLY",
    "The gateway answers only what came through our own Front Door",
    on=SERVICE,
    severity="critical",
    controls=ORIGIN_CONTROLS,
    remediation="Give the gateway a policy with check-header X-Azure-FDID against a named value with the profile's id.",
    source="learn.microsoft.com/azure/api-management/front-door-api-management",
)
def only_front_door(service: Resource, stack: Stack) -> Iterator[str]:
    if not front_door_only(service, stack):
        yield "no policy of the gateway checks X-Azure-FDID against the id of a Front Door profile of this stack"


@rule(
    "API-TLS",
    "The gateway refuses TLS below 1.2, towards clients and apps",
    on=SERVICE,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set the custom properties of old protocols to False.",
    source="PSRule Azure.APIM.Protocols; the v2 tiers take no change of ciphers ("
    "learn.microsoft.com/azure/api-management/api-management-howto-manage-protocols-ciphers)",
)
def gateway_tls(service: Resource) -> Iterator[str]:
    given = service.get("customProperties")
    properties = given if isinstance(given, Mapping) else {}
    on = [name for name in WEAK if str(properties.get(f"{SECURITY}.{name}")).lower() != "false"]
    if on:
        yield f"not switched off: {', '.join(on)}"


@rule(
    "API-NO-OTHER-DOORS",
    "The gateway has no portal, and its control plane no old version that shows secrets",
    on=SERVICE,
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(4)(ii)(B)"],
    remediation="Set developerPortalStatus, legacyPortalStatus and configurationApi.legacyApi to Disabled and "
    f"apiVersionConstraint.minApiVersion to {OLDEST_CONTROL_PLANE} or newer.",
    source="PSRule Azure.APIM.MinAPIVersion; Azure Policy 'API Management minimum API version should be set'",
)
def no_other_doors(service: Resource) -> Iterator[str]:
    for path in ("developerPortalStatus", "legacyPortalStatus", "configurationApi.legacyApi"):
        yield from must(service, path, "Disabled")
    version = str(service.get("apiVersionConstraint.minApiVersion", ""))
    if version < OLDEST_CONTROL_PLANE:
        yield f"apiVersionConstraint.minApiVersion is {version or 'not set'}, must be {OLDEST_CONTROL_PLANE} or newer"


@rule(
    "API-CALLER-KNOWN",
    "An API knows its callers: by a subscription's key, or by a token that the gateway checks",
    on=API,
    severity="critical",
    controls=CALLER_CONTROLS,
    remediation="Set subscriptionRequired to true, or check tokens with validate-jwt. A path whose callers the app "
    "knows by other means needs an exception; one page that is only read (health) needs none.",
    source="PSRule Azure.APIM.APIDescriptors; OWASP API2:2023 broken authentication",
)
def caller_known(api: Resource, stack: Stack) -> Iterator[str]:
    if same(api.get("subscriptionRequired"), True) or any(map(_checks_tokens, policies_of(stack, api))):
        return
    operations = stack.parts(api, "apiId", OPERATION)
    reading = {(operation.get("method"), operation.get("urlTemplate")) for operation in operations}
    if not reading or not reading <= {("GET", "/"), ("HEAD", "/")}:
        yield "it asks for neither key nor token, and answers more than one page"


def _checks_tokens(section: ElementTree.Element) -> bool:
    return any(
        check.get("require-signed-tokens", "true") == "true"
        and check.get("require-expiration-time", "true") == "true"
        and check.find("openid-config") is not None
        and check.find("audiences/audience") is not None
        for check in section.findall("validate-jwt")
    )


@rule(
    "API-RATE-LIMIT",
    "Every API limits how often one caller calls, and counts users by checked tokens only",
    on=API,
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(C)"],
    remediation="Give the API a policy with rate-limit-by-key; a key from a token needs validate-jwt before it.",
    source="requirement S18; learn.microsoft.com/azure/api-management/rate-limit-by-key-policy",
)
def api_rate_limit(api: Resource, stack: Stack) -> Iterator[str]:
    limits = [limit for section in policies_of(stack, api) for limit in section.findall("rate-limit-by-key")]
    if not any(int(limit.get("calls", "0")) > 0 for limit in limits):
        yield "no policy of it has rate-limit-by-key"
    by_token = any("token" in str(limit.get("counter-key")) for limit in limits)
    if by_token and not any(map(_checks_tokens, policies_of(stack, api))):
        yield "it counts by a token that nobody checks"


@rule(
    "API-HTTPS",
    "An API is called, and calls its app, over HTTPS",
    on=API,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set protocols to https alone and serviceUrl to an https address.",
    source="PSRule Azure.APIM.HTTPEndpoint, Azure.APIM.HTTPBackend",
)
def api_https(api: Resource) -> Iterator[str]:
    if api.each("protocols") != ["https"]:
        yield "protocols must be https alone"
    if not str(api.get("serviceUrl", "")).startswith("https://"):
        yield "serviceUrl must begin with https://"


@rule(
    "API-LOGS-NO-PHI",
    "What the gateway logs holds no body, header, query string or client address",
    on="apimanagement:Diagnostic",
    severity="high",
    controls=["164.312(a)(1)", "164.312(b)"],
    remediation="Set logClientIp to false and, for requests and responses on both sides, body.bytes to 0, no headers "
    "and a data masking that hides every query parameter.",
    source="requirement S15: no PHI in logs; learn.microsoft.com/azure/api-management/diagnostic-logs-reference",
)
def logs_without_phi(diagnostic: Resource) -> Iterator[str]:
    yield from must(diagnostic, "logClientIp", False)
    for place in ("frontend.request", "frontend.response", "backend.request", "backend.response"):
        if diagnostic.get(f"{place}.body.bytes") != 0:
            yield f"{place}.body.bytes must be 0"
        if diagnostic.each(f"{place}.headers"):
            yield f"{place}.headers must be empty"
        hidden = diagnostic.each(f"{place}.dataMasking.queryParams")
        if not any(lookup(entry, "value") == "*" and lookup(entry, "mode") == "Hide" for entry in hidden):
            yield f"{place}.dataMasking must hide every query parameter"


@rule(
    "API-SUBSCRIPTION-SCOPE",
    "A subscription opens one product, and shows nobody what a request went through",
    on="apimanagement:Subscription",
    severity="high",
    controls=CALLER_CONTROLS,
    remediation="Set scope to a product and allowTracing to false.",
    source="learn.microsoft.com/azure/api-management/api-management-subscriptions; Azure Policy 'API Management "
    "subscriptions should not be scoped to all APIs'",
)
def subscription_scope(subscription: Resource) -> Iterator[str]:
    scope = subscription.known("scope")
    if scope is not UNKNOWN and "/products/" not in str(scope):
        yield f"scope is {shown(scope)}, must be a product"
    yield from must(subscription, "allowTracing", False)


@rule(
    "API-NAMED-SECRET",
    "A secret of the gateway stays in Key Vault",
    on=NAMED,
    severity="high",
    controls=["164.312(a)(2)(iv)"],
    remediation="Give the named value a keyVault.secretIdentifier in place of the value.",
    source="Azure Policy 'API Management secret named values should be stored in Azure Key Vault'",
)
def named_secret(named: Resource) -> Iterator[str]:
    if same(named.get("secret"), True) and not named.has("keyVault.secretIdentifier"):
        yield "it is secret and its value stands in the gateway"
