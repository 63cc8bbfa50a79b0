"""A request, as a person describes it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

ADDRESS = "203.0.113.10"
"""Where a request comes from that does not say: an address of the documentation range (RFC 5737)."""
METHOD = re.compile(r"[A-Z]+")


class RequestError(ValueError):
    """A request that cannot be understood; the message says which part."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to the edge.

    scheme, host, path, query: of the URL; ``path`` begins with /. headers: by name in lower case.
    address: of the socket. country: where Azure places it, two letters, or None when nobody said.
    rate: how many such requests its address sends in how many minutes. body_bytes: announced size of the body.
    """

    method: str
    scheme: str
    host: str
    path: str
    query: str
    headers: dict[str, str] = field(default_factory=dict)
    address: str = ADDRESS
    country: str | None = None
    rate: tuple[int, int] = (1, 1)
    body_bytes: int = 0

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")


def parse_request(
    method: str,
    url: str,
    *,
    headers: Sequence[str] = (),
    origin: str | None = None,
    rate: str | None = None,
    body_bytes: int = 0,
) -> Request:
    """Read a request. headers: ``Name: value``; origin: an address or a country; rate: ``N/MINUTES``.

    Raises RequestError.
    """
    if not METHOD.fullmatch(method):
        raise RequestError(f"{method}: not a method such as GET or POST")
    try:
        parts = urlsplit(url)
    except ValueError:  # an address in brackets that is none
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RequestError(f"{url}: not a URL such as https://host/path")
    named = dict(_header(line) for line in headers)
    named.setdefault("host", parts.hostname)
    if body_bytes:
        named.setdefault("content-length", str(body_bytes))
    address, country = _origin(origin)
    return Request(
        method=method,
        scheme=parts.scheme,
        host=parts.hostname.lower(),
        path=parts.path or "/",
        query=parts.query,
        headers=named,
        address=address,
        country=country,
        rate=_rate(rate),
        body_bytes=body_bytes,
    )


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise RequestError(f"{line}: not a header such as 'Name: value'")
    return name.strip().lower(), value.strip()


def _origin(origin: str | None) -> tuple[str, str | None]:
    if origin is None:
        return ADDRESS, None
    if re.fullmatch(r"[A-Z]{2}", origin):
        return ADDRESS, origin
    try:
        return str(ip_address(origin)), None
    except ValueError as error:
        raise RequestError(f"{origin}: neither an address nor a country of two capital letters") from error


def _rate(rate: str | None) -> tuple[int, int]:
    if rate is None:
        return 1, 1
    match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", rate)
    if not match:
        raise RequestError(f"{rate}: not requests and minutes such as 500/5")
    return int(match[1]), int(match[2])
