"""A small client for Azure Resource Manager: read, list, write, act, and wait for what takes long.

It retries what is safe to retry. ``azure.core``'s own retry policy also repeats a POST after 500, 503 and 504, which
could swap a slot twice, so it is not used.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, SansIOHTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import DefaultAzureCredential

ENDPOINT = "https://management.azure.com"
SCOPE = "https://management.azure.com/.default"

ATTEMPTS = 5
LONGEST_WAIT = 30.0
"""Seconds between two tries where Azure does not say how long to wait; waits double from one second up to this."""
OPERATION_LIMIT = 45 * 60.0
"""Seconds that one operation may take where nobody says otherwise. A restart or a swap takes a few minutes."""

_BUSY = (408, 429, 500, 502, 503, 504)
_ENDED = ("succeeded", "failed", "canceled", "cancelled")

Found = TypeVar("Found")


class ArmError(Exception):
    """Azure refused or did not answer. The message names the resource, the status and ARM's error code."""

    def __init__(self, what: str, status: int | None, code: str, message: str) -> None:
        super().__init__(f"{what}: {' '.join(filter(None, [str(status or ''), code]))}: {message}")
        self.status = status
        self.code = code


class Arm:
    """ARM as the steps use it. Paths are resource ids; every call names its API version.

    authentication: puts the token on a request; by default that of whoever is signed in (`DefaultAzureCredential`:
    a pipeline's federated identity, a managed identity, ``az login``).
    sleep, now: the clock, for tests.
    """

    def __init__(
        self,
        *,
        endpoint: str = ENDPOINT,
        authentication: SansIOHTTPPolicy[Any, Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        policy = authentication or BearerTokenCredentialPolicy(DefaultAzureCredential(), SCOPE)
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(endpoint, policies=[policy])
        self._endpoint = endpoint
        self._sleep = sleep
        self._now = now

    def get(self, path: str, version: str, **query: str) -> dict[str, Any]:
        """A resource. query: further parameters. Raises ArmError, with status 404 when it does not exist."""
        return _body(self._send("GET", self._url(path, version, query)))

    def find(self, path: str, version: str) -> dict[str, Any] | None:
        """A resource; None where there is none. Raises ArmError."""
        try:
            return self.get(path, version)
        except ArmError as refused:
            if refused.status != 404:
                raise
            return None

    def list(self, path: str, version: str, **query: str) -> list[dict[str, Any]]:
        """Every item of a collection, page after page. query: further parameters."""
        items: list[dict[str, Any]] = []
        url: str | None = self._url(path, version, query)
        while url:
            page = _body(self._send("GET", url))
            items += page.get("value", [])
            url = page.get("nextLink")
        return items

    def put(
        self,
        path: str,
        version: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = OPERATION_LIMIT,
    ) -> dict[str, Any]:
        """Write a resource and wait until Azure is done, ``seconds`` at most."""
        return self._settled(self._send("PUT", self._url(path, version), body, headers), seconds)

    def delete(self, path: str, version: str) -> None:
        """Delete a resource and wait until Azure is done. Raises ArmError, with status 404 when there was none."""
        self._settled(self._send("DELETE", self._url(path, version)))

    def patch(self, path: str, version: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change some properties of a resource and wait until Azure is done."""
        return self._settled(self._send("PATCH", self._url(path, version), body))

    def post(
        self,
        path: str,
        version: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Act on a resource, wait until Azure is done, and return the operation's result."""
        return self._settled(self._send("POST", self._url(path, version), body, headers))

    def until(self, read: Callable[[], Found | None], *, seconds: float) -> Found | None:
        """What ``read`` returns once it returns something; None after ``seconds`` without it."""
        end = self._now() + seconds
        wait = 1.0
        while (found := read()) is None:
            if self._now() + wait > end:
                return None
            self._sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        return found

    def _url(self, path: str, version: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self._endpoint}{path}?{urlencode({'api-version': version, **(query or {})})}"

    def _send(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """One request, tried again while ARM is busy.

        A POST is an action that may already have happened, so it is tried again only when it was surely not taken:
        throttled (429), or never sent.
        """
        what = f"{method} {urlsplit(url).path}"
        self._refuse_other_hosts(what, url)
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            backoff = min(2.0 ** (attempt - 1), LONGEST_WAIT)
            try:
                # A request is made anew for each try: the pipeline alters it.
                response = self._client.send_request(HttpRequest(method, url, headers=dict(headers or {}), json=body))
            except ClientAuthenticationError as refused:
                raise ArmError(what, None, "SignInFailed", str(refused).splitlines()[0]) from refused
            except AzureError as unanswered:
                if last or (method == "POST" and not isinstance(unanswered, ServiceRequestError)):
                    raise ArmError(what, None, "NoAnswer", str(unanswered)) from unanswered
                self._sleep(backoff)
                continue
            if response.status_code not in _BUSY or last or (method == "POST" and response.status_code != 429):
                break
            self._sleep(_retry_after(response) or backoff)
        if response.status_code >= 400:
            raise _refusal(what, response)
        return response

    def _settled(self, response: HttpResponse, seconds: float = OPERATION_LIMIT) -> dict[str, Any]:
        """Follow a long-running operation to its end (Azure/azure-resource-manager-rpc, async-api-reference)."""
        result = response.headers.get("Location")
        poll = response.headers.get("Azure-AsyncOperation") or result
        if response.status_code not in (201, 202) or poll is None:
            return _body(response)
        what = f"{response.request.method} {urlsplit(response.request.url).path}"
        started, wait = self._now(), 1.0
        while True:
            pause = _retry_after(response) or wait
            if self._now() + pause - started > seconds:
                raise ArmError(what, None, "StillRunning", "Azure is not done yet; run again to see how it ended")
            self._sleep(pause)
            wait = min(2 * wait, LONGEST_WAIT)
            response = self._send("GET", urljoin(self._endpoint, poll))
            body = _body(response)
            status = str(body.get("status", "")).lower()
            if response.status_code == 202 or (status and status not in _ENDED):
                continue
            if status and status != "succeeded":
                error = body.get("error") or {}
                raise ArmError(what, None, error.get("code", status), error.get("message", "the operation failed"))
            if status and result and result != poll:
                return _body(self._send("GET", urljoin(self._endpoint, result)))
            return body

    def _refuse_other_hosts(self, what: str, url: str) -> None:
        """A link in an answer must not carry the token elsewhere."""
        if urlsplit(url)[:2] != urlsplit(self._endpoint)[:2]:
            raise ArmError(what, None, "OtherHost", f"Azure answered with a link to {urlsplit(url).netloc}")


def _body(response: HttpResponse) -> dict[str, Any]:
    """The answer's JSON object; empty where there is none."""
    if not response.content:
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(what: str, response: HttpResponse) -> ArmError:
    error = _body(response).get("error") or _body(response)
    error = error if isinstance(error, dict) else {"message": str(error)}
    # App Service answers with capital letters.
    code = error.get("code") or error.get("Code") or response.reason or "Error"
    message = error.get("message") or error.get("Message") or "no message"
    if code == "ScopeLocked":
        message += " To lift it for one change: python -m deployment unlock STACK RESOURCE -- COMMAND"
    return ArmError(what, response.status_code, str(code), str(message))


def _retry_after(response: HttpResponse) -> float | None:
    """Seconds that Azure asks to wait: a number, or a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "")
    try:
        return max(float(text), 0.0) or None
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0) or None
    except (TypeError, ValueError):
        return None
