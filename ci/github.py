"""GitHub's REST interface, as far as the workflows need it; https://docs.github.com/rest (read 2026-11-29)."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from assurance.errors import UsageError

SECONDS = 30
PAGES = 40
"""Pages of a hundred that are read at most: more files than a pull request shows (3,000)."""
ANSWER_LIMIT = 20_000_000
"""Bytes of an answer that are read."""


class GitHubError(Exception):
    """GitHub refused or did not answer. status: of HTTP; 0 where there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status


class _NoRedirect(HTTPRedirectHandler):
    """A redirect leads to another host, which must not see the token: it is followed by hand."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPEN = build_opener(_NoRedirect).open


@dataclass(frozen=True)
class GitHub:
    """One repository. api: address of the interface; repository: ``owner/name``."""

    api: str
    repository: str
    token: str

    @classmethod
    def from_environment(cls) -> "GitHub":
        """As a workflow's step has it; the token leaves the environment, so that no child process sees it.

        Raises UsageError for what is missing.
        """
        names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise UsageError(f"{', '.join(missing)}: missing; this command runs in a workflow of GitHub")
        return cls(os.environ[names[0]], os.environ[names[1]], os.environ.pop(names[2]))

    def get(self, path: str, **query: str) -> Any:
        """The answer to one question about the repository. Raises GitHubError."""
        return self._json(self._send("GET", self._address(path, query)))

    def find(self, path: str, **query: str) -> Any:
        """As `get`; None for what is not there (404)."""
        try:
            return self.get(path, **query)
        except GitHubError as error:
            if error.status != 404:
                raise
            return None

    def pages(self, path: str, key: str | None = None, **query: str) -> Iterator[Any]:
        """The entries of a list, of all its pages. key: where an answer holds the list, if it is no list itself."""
        address: str | None = self._address(path, {**query, "per_page": "100"})
        for _ in range(PAGES):
            if address is None:
                return
            response = self._send("GET", address)
            answer = self._json(response)
            yield from answer[key] if key else answer
            found = re.search(r'<([^>]*)>\s*;\s*rel="next"', response.headers.get("Link") or "")
            address = found[1] if found and _origin(found[1]) == _origin(self.api) else None

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Create or change something. Raises GitHubError."""
        return self._json(self._send(method, self._address(path, {}), body))

    def download(self, path: str, limit: int) -> bytes:
        """The bytes of a file, which stands on another host that never sees the token. Raises GitHubError.

        limit: how many bytes there may be.
        """
        response = self._send("GET", self._address(path, {}), redirects=True)
        if response.status in (301, 302, 303, 307, 308):
            target = urljoin(self.api, response.headers.get("Location") or "")
            if urlsplit(target).scheme not in ("https", urlsplit(self.api).scheme):
                raise GitHubError(response.status, "the file stands at an address without TLS")
            response = _open(Request(target))  # noqa: S310 - its scheme is looked at
        content = response.read(limit + 1)
        if len(content) > limit:
            raise GitHubError(response.status, f"the file has more than {limit:,} bytes")
        return content

    def _address(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self.api}/repos/{quote(self.repository)}/{path}" + (f"?{urlencode(query)}" if query else "")

    def _send(
        self, method: str, address: str, body: Mapping[str, Any] | None = None, *, redirects: bool = False
    ) -> HTTPResponse:
        request = Request(  # noqa: S310 - the scheme is that of GITHUB_API_URL
            address,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "Content-Type": "application/json",
            },
        )
        return _open(request, redirects=redirects)

    @staticmethod
    def _json(response: HTTPResponse) -> Any:
        try:
            return json.loads(response.read(ANSWER_LIMIT) or b"null")
        except ValueError as error:
            raise GitHubError(response.status, "an answer that is no JSON") from error


def _open(request: Request, *, redirects: bool = False) -> HTTPResponse:
    try:
        response: HTTPResponse = _OPEN(request, timeout=SECONDS)
    except HTTPError as error:
        if redirects and 300 <= error.code < 400:
            return error  # type: ignore[return-value]  # it reads as a response does
        answer = error.read(2000).decode(errors="replace")
        raise GitHubError(error.code, f"{request.get_method()} {urlsplit(request.full_url).path}: {answer}") from error
    except (URLError, OSError) as error:
        raise GitHubError(0, f"{request.get_method()} {urlsplit(request.full_url).path}: {error}") from error
    return response


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc
