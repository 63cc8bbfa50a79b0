"""Which route's pattern takes a path, and which condition of a firewall's rule holds of a request."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.request.conditions import UndecidedError, holds
from assurance.request.message import parse_request
from assurance.request.routes import most_specific
from tests.assurance.request.samples import WEB, condition

# The table of examples in learn.microsoft.com/azure/frontdoor/front-door-route-matching.
PATTERNS = ["/", "/*", "/ab", "/abc", "/abc/", "/abc/*", "/abc/def", "/path/"]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/", "/"), ("/a", "/*"), ("/ab", "/ab"), ("/abc", "/abc"), ("/abzzz", "/*"), ("/abc/", "/abc/"),
        ("/abc/d", "/abc/*"), ("/abc/def", "/abc/def"), ("/abc/defzzz", "/abc/*"), ("/abc/def/ghi", "/abc/*"),
        ("/path", "/*"), ("/path/", "/path/"), ("/path/zzz", "/*"),
    ],
)  # fmt: skip
def test_the_most_specific_pattern_takes_a_path(path: str, pattern: str) -> None:
    assert most_specific(PATTERNS, path) == pattern


def test_no_pattern_takes_what_none_covers() -> None:
    assert most_specific(["/api/*"], "/other") is None


ASKED = parse_request(
    "POST",
    f"{WEB}/A%62c/x?one=1&two=2",
    headers=["Cookie: a=1; s=zz", "X-Forwarded-For: 198.51.100.7, 10.0.0.1", "X-Name:  Value "],
    origin="203.0.113.5",
    body_bytes=100,
)


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (condition("SocketAddr", "IPMatch", "203.0.113.0/24"), True),
        (condition("SocketAddr", "IPMatch", "203.0.113.5"), True),
        (condition("SocketAddr", "IPMatch", "2001:db8::/32", "198.51.100.0/24"), False),
        (condition("RemoteAddr", "IPMatch", "198.51.100.0/24"), True),
        (condition("SocketAddr", "IPMatch", "203.0.113.0/24", negateCondition=True), False),
        (condition("RequestMethod", "Equal", "GET", "POST"), True),
        (condition("RequestMethod", "Equal", "post"), False),
        (condition("RequestMethod", "Equal", "post", transforms=["Lowercase"]), True),
        (condition("RequestUri", "Contains", "/abc/"), False),
        (condition("RequestUri", "Contains", "/abc/", transforms=["UrlDecode", "Lowercase"]), True),
        (condition("RequestUri", "BeginsWith", "https://app."), True),
        (condition("RequestUri", "EndsWith", "two=2"), True),
        (condition("RequestUri", "RegEx", "one=[0-9]+"), True),
        (condition("RequestUri", "RegEx", "^/A"), False),
        (condition("QueryString", "Equal", "2", selector="two"), True),
        (condition("QueryString", "GreaterThan", "10"), True),
        (condition("QueryString", "LessThanOrEqual", "11"), True),
        (condition("QueryString", "LessThan", "11"), False),
        (condition("QueryString", "GreaterThanOrEqual", "12"), False),
        (condition("Cookies", "Equal", "zz", selector="s"), True),
        (condition("Cookies", "Any", selector="missing"), False),
        (condition("RequestHeader", "Equal", "Value", selector="X-NAME"), True),
        (condition("RequestHeader", "Equal", "VALUE", selector="X-Name", transforms=["Uppercase"]), True),
        (condition("RequestHeader", "Contains", "x", selector="Missing"), False),
        (condition("RequestHeader", "Contains", "x", selector="Missing", negateCondition=True), True),
        (condition("RequestHeader", "Any", selector="Host"), True),
        (condition("RequestBody", "GreaterThan", "99"), True),
        (condition("RequestBody", "GreaterThan", "100"), False),
        (condition("RequestHeader", "Equal", "100", selector="Content-Length", transforms=["Trim"]), True),
    ],
)
def test_conditions_hold_as_azure_documents_them(tried: dict[str, Any], expected: bool) -> None:
    result, why = holds(tried, ASKED)
    assert result is expected
    assert why.endswith("yes" if expected else "no")


@pytest.mark.parametrize(
    "tried",
    [
        condition("SocketAddr", "GeoMatch", "US"),
        condition("SocketAddr", "ServiceTagMatch", "AzureCloud"),
        condition("RequestHeader", "ServiceTagMatch", "x", selector="Host"),
        condition("PostArgs", "Contains", "x", selector="a"),
        condition("RequestBody", "Contains", "x"),
        condition("RequestUri", "IPMatch", "10.0.0.0/8"),
    ],
)
def test_what_a_description_cannot_tell_is_not_decided(tried: dict[str, Any]) -> None:
    with pytest.raises(UndecidedError):
        holds(tried, ASKED)


def test_a_forwarded_address_has_no_known_country() -> None:
    forwarded = parse_request("GET", WEB, headers=["X-Forwarded-For: 198.51.100.7"], origin="KP")
    with pytest.raises(UndecidedError):
        holds(condition("RemoteAddr", "GeoMatch", "KP"), forwarded)
    assert holds(condition("SocketAddr", "GeoMatch", "KP"), forwarded)[0]
    assert not holds(
        condition("RemoteAddr", "IPMatch", "10.0.0.0/8"), parse_request("GET", WEB, headers=["X-Forwarded-For: ?"])
    )[0]
