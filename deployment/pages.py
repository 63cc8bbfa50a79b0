"""Pages and certificates over the Internet, as everybody may ask for them: of our own public hosts and nothing else."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPResponse
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

SCHEMES = ("https",)
SECONDS = 20
"""How long one answer may take."""
CHARACTERS = 200_000
"""How much of an answer is kept: a first page names its scripts near its beginning."""


@dataclass(frozen=True)
class Answer:
    """What a page answered; headers by name in lower case; text: its first `CHARACTERS`."""

    status: int
    headers: Mapping[str, str]
    text: str = ""


class _AsItIs(HTTPErrorProcessor):
    """Errors and redirects are answers, to be looked at: the health path must be neither."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002
        return response

    https_response = http_response


def fetch(url: str) -> Answer:
    """GET a page over HTTPS. Raises OSError when nobody answers (an HTTP error is an answer)."""
    with _open(url, {"User-Agent": "medspasync-smoke", "Accept": "text/html"}) as response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, response.read(CHARACTERS).decode("utf-8", "replace"))


def read(url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """GET a text over HTTPS: its status and content. Raises OSError when nobody answers."""
    with _open(url, headers) as response:
        return response.status, response.read().decode("utf-8", "replace")


def _open(url: str, headers: Mapping[str, str]) -> HTTPResponse:
    if urlsplit(url).scheme not in SCHEMES:
        raise OSError(f"{url}: only https is asked")
    request = Request(url, headers=dict(headers))  # noqa: S310 - https
    response: HTTPResponse = build_opener(_AsItIs).open(request, timeout=SECONDS)
    return response


def read_expiry(host: str, port: int = 443, context: ssl.SSLContext | None = None) -> datetime:
    """When the certificate of a host ends, after checking chain and name as a browser does.

    Raises OSError when nobody answers or the certificate does not hold. context: other authorities, for tests.
    """
    checked = context or ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        checked.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
