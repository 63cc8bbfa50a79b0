"""Conditions of the firewall's custom rules.

Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules (variables, operators,
transforms). All conditions of a rule must hold; of a condition's values one must.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote

from assurance.reach.security_groups import network_of
from assurance.request.message import Request

SHOWN = 40
"""Characters of a value that an explanation shows."""

TRANSFORMS: dict[str, Callable[[str], str]] = {
    "Lowercase": str.lower,
    "Uppercase": str.upper,
    "Trim": str.strip,
    "UrlDecode": unquote,
    "UrlEncode": quote,
    "RemoveNulls": lambda text: text.replace("\0", ""),
}
TEXT: dict[str, Callable[[str, str], bool]] = {
    "Equal": lambda text, value: text == value,
    "Contains": lambda text, value: value in text,
    "BeginsWith": lambda text, value: text.startswith(value),
    "EndsWith": lambda text, value: text.endswith(value),
    "RegEx": lambda text, value: re.search(value, text) is not None,
}
SIZE: dict[str, Callable[[int, int], bool]] = {
    "LessThan": lambda size, value: size < value,
    "GreaterThan": lambda size, value: size > value,
    "LessThanOrEqual": lambda size, value: size <= value,
    "GreaterThanOrEqual": lambda size, value: size >= value,
}


class UndecidedError(Exception):
    """A condition that needs what a description of a request does not have; the message says what."""


def holds(condition: dict[str, Any], request: Request) -> tuple[bool, str]:
    """Whether a condition holds, and why in words. Raises UndecidedError."""
    variable, operator = str(condition["matchVariable"]), str(condition["operator"])
    selector = condition.get("selector")
    values = [str(value) for value in condition.get("matchValue") or ()]
    subject = f"{variable} {selector}" if selector else variable
    negated = bool(condition.get("negateCondition"))
    if operator == "IPMatch":
        found = _in_ranges(_address(variable, request), values)
    elif operator == "GeoMatch":
        found = _in_countries(variable, request, values)
    else:
        found = _matches(variable, selector, operator, values, condition.get("transforms") or [], request)
    message = ", ".join(values) if len(values) < 4 else f"one of {len(values)} values"
    said = f"{subject} {'does not ' if negated else ''}{operator} {message[:SHOWN]}"
    result = found != negated
    return result, f"{said}: {'yes' if result else 'no'}"


def _address(variable: str, request: Request) -> str:
    """The socket's address; RemoteAddr believes what a client says in X-Forwarded-For."""
    if variable == "RemoteAddr":
        return request.headers.get("x-forwarded-for", request.address).split(",")[0].strip()
    if variable == "SocketAddr":
        return request.address
    raise UndecidedError(f"an address of {variable}")


def _in_ranges(address: str, ranges: list[str]) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    networks = [network_of(each, strict=False) for each in ranges]
    return any(known in network for network in networks if network.version == known.version)


def _in_countries(variable: str, request: Request, countries: list[str]) -> bool:
    if request.country is None:
        raise UndecidedError("the country of the address (--from COUNTRY)")
    if variable == "RemoteAddr" and "x-forwarded-for" in request.headers:
        raise UndecidedError("the country of the address in X-Forwarded-For")
    return request.country in countries


def _matches(
    variable: str, selector: str | None, operator: str, values: list[str], transforms: list[str], request: Request
) -> bool:
    if operator in SIZE and variable == "RequestBody":
        return any(SIZE[operator](request.body_bytes, int(value)) for value in values)
    text = _text(variable, selector, request)
    if operator == "Any":
        return bool(text)
    if text is None:
        return False
    for transform in transforms:
        text = TRANSFORMS[transform](text)
    if operator in SIZE:
        return any(SIZE[operator](len(text), int(value)) for value in values)
    if operator in TEXT:
        return any(TEXT[operator](text, value) for value in values)
    raise UndecidedError(f"what {operator} compares")


def _text(variable: str, selector: str | None, request: Request) -> str | None:
    """The text of a variable; None when the request does not have it."""
    if variable == "RequestHeader":
        return request.headers.get(str(selector).lower())
    if variable == "Cookies":
        return _pair(request.headers.get("cookie", ""), ";", selector)
    if variable == "QueryString":
        return request.query if selector is None else _pair(request.query, "&", selector)
    texts = {"RequestMethod": request.method, "RequestUri": request.url}
    if variable not in texts:
        raise UndecidedError(f"{variable} of the request")
    return texts[variable]


def _pair(text: str, separator: str, name: str | None) -> str | None:
    pairs = (part.strip().partition("=") for part in text.split(separator))
    return next((value for key, _, value in pairs if key == name), None)
