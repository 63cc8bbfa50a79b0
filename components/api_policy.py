"""Policies of an API Management gateway, as XML documents built element by element.

Reference of elements and expressions: learn.microsoft.com/azure/api-management/api-management-policies. What a caller
of these functions gives becomes text or an attribute of its own, escaped, so no value can add an element.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

FRONT_DOOR_VALUE = "front-door-id"
"""Named value of the gateway that holds the id of its Front Door profile."""
KEY_HEADER = "Ocp-Apim-Subscription-Key"
"""Header with a subscription's key."""
CORRELATION_HEADER = "X-Azure-Ref"
"""Front Door's id of a request, which joins the logs of edge, gateway and app."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""What an API may be called with; browsers' OPTIONS is answered at the gateway."""
# As Front Door saw it: only our own Front Door gets past the policy of the whole gateway.
_CLIENT = 'context.Request.Headers.GetValueOrDefault("X-Azure-SocketIP", context.Request.IpAddress)'

Counter = Literal["user", "subscription", "address"]
"""Who is counted together: the subject of a validated token, a subscription, or a client address."""


@dataclass(frozen=True, kw_only=True)
class CallLimit:
    """At most ``calls`` in ``seconds`` (1 to 300) of one ``counter``; above it 429 with Retry-After."""

    counter: Counter
    calls: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class TokenCheck:
    """What a bearer token must be.

    open_id_configuration: of the issuer, whose keys sign it; issuers, audiences: one of each must fit.
    """

    open_id_configuration: str
    issuers: Sequence[str]
    audiences: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class BrowserAccess:
    """Origins from which browsers may call; credentials: with cookies."""

    origins: Sequence[str]
    credentials: bool


def gateway_policy(*, remove_headers: Sequence[str], timeout_seconds: int) -> str:
    """The policy of every request: it comes through our Front Door, with its id, and answers tell no server.

    timeout_seconds: 1 to 240; how long an app may take to answer.
    """
    policies, sections = _sections()
    header = SubElement(
        sections["inbound"],
        "check-header",
        {
            "name": "X-Azure-FDID",
            "failed-check-httpcode": "403",
            "failed-check-error-message": "Forbidden",
            "ignore-case": "true",
        },
    )
    SubElement(header, "value").text = "{{" + FRONT_DOOR_VALUE + "}}"
    choose = SubElement(sections["inbound"], "choose")
    known = f'context.Request.Headers.GetValueOrDefault("{CORRELATION_HEADER}", "none")'
    pattern = "^[A-Za-z0-9+/=_-]{1,128}$"
    when = SubElement(
        choose, "when", {"condition": f'@(!System.Text.RegularExpressions.Regex.IsMatch({known}, "{pattern}"))'}
    )
    SubElement(
        SubElement(when, "return-response"),
        "set-status",
        {"code": "400", "reason": f"{CORRELATION_HEADER} is malformed"},
    )
    forward = {"timeout": str(timeout_seconds), "follow-redirects": "false"}
    SubElement(sections["backend"], "forward-request", forward)
    for section in ("outbound", "on-error"):
        for name in remove_headers:
            _delete(sections[section], name)
    return tostring(policies, encoding="unicode")


def api_policy(
    api: str, *, limits: Sequence[CallLimit], token: TokenCheck | None = None, browsers: BrowserAccess | None = None
) -> str:
    """The policy of one API, inside the gateway's: who may call, and how often.

    api: name of the API, which counters are kept apart by. A limit of counter ``user`` needs ``token``: the subject of
    a token that nobody checked is whatever its sender wrote.
    """
    if token is None and any(limit.counter == "user" for limit in limits):
        raise ValueError(f"{api}: a limit for each user needs tokens that are checked")
    policies, sections = _sections()
    for section in sections.values():
        SubElement(section, "base")
    inbound = sections["inbound"]
    if browsers is not None:
        _cors(inbound, browsers)
    if token is not None:
        _validate(inbound, token)
    for limit in limits:
        attributes = {
            "calls": str(limit.calls),
            "renewal-period": str(limit.seconds),
            "counter-key": _counter(api, limit.counter),
            "retry-after-header-name": "Retry-After",
        }
        SubElement(inbound, "rate-limit-by-key", attributes)
    # The key is the gateway's business: the app never sees it.
    _delete(inbound, KEY_HEADER)
    return tostring(policies, encoding="unicode")


def _counter(api: str, counter: Counter) -> str:
    """The expression of a counter's key. Counters are the gateway's, so each begins with what it counts."""
    subjects = {
        "user": '((Jwt)context.Variables["token"]).Subject',
        "subscription": "context.Subscription.Id",
        "address": _CLIENT,
    }
    return f'@("{api}:{counter}:" + {subjects[counter]})'


def _validate(inbound: Element, token: TokenCheck) -> None:
    validate = SubElement(
        inbound,
        "validate-jwt",
        {
            "header-name": "Authorization",
            "failed-validation-httpcode": "401",
            "failed-validation-error-message": "Unauthorized",
            "require-expiration-time": "true",
            "require-scheme": "Bearer",
            "require-signed-tokens": "true",
            "output-token-variable-name": "token",
        },
    )
    SubElement(validate, "openid-config", {"url": token.open_id_configuration})
    for group, one, values in (("audiences", "audience", token.audiences), ("issuers", "issuer", token.issuers)):
        listed = SubElement(validate, group)
        for value in values:
            SubElement(listed, one).text = value


def _cors(inbound: Element, browsers: BrowserAccess) -> None:
    """Answer preflights here, since they carry neither key nor token; the app then sees no cross-origin call."""
    credentials = "true" if browsers.credentials else "false"
    cors = SubElement(inbound, "cors", {"allow-credentials": credentials, "terminate-unmatched-request": "true"})
    origins = SubElement(cors, "allowed-origins")
    for origin in browsers.origins:
        SubElement(origins, "origin").text = origin
    methods = SubElement(cors, "allowed-methods", {"preflight-result-max-age": "600"})
    for method in METHODS:
        SubElement(methods, "method").text = method
    SubElement(SubElement(cors, "allowed-headers"), "header").text = "*"
    SubElement(SubElement(cors, "expose-headers"), "header").text = "*"
    _delete(inbound, "Origin")


def _sections() -> tuple[Element, dict[str, Element]]:
    """An empty document, and its sections in the order that Azure wants."""
    policies = Element("policies")
    return policies, {name: SubElement(policies, name) for name in ("inbound", "backend", "outbound", "on-error")}


def _delete(section: Element, name: str) -> None:
    SubElement(section, "set-header", {"name": name, "exists-action": "delete"})
