"""The server of the fake: routes, faults, pages and long-running operations, over whatever state its parts hold."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Handler, serving

PAGE = 2
READING_POST = re.compile(r"/checkNameAvailability$", re.IGNORECASE)
"""A POST that only asks."""

Route = tuple[str, str, str]
"""Verb, pattern of the path, name of the method that answers: looked up when asked, so that a test can replace it."""


@dataclass
class RefusedError(Exception):
    """An answer that is an error."""

    status: int
    code: str
    message: str = "refused by the test"


@dataclass
class Fault:
    """Answers in place of the state machine: the next ``times`` requests that match. after: carry it out first."""

    method: str
    path: str
    status: int
    code: str = "Fault"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: bool = False


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Operation:
    """A long-running operation: ``polls`` answers that it runs, then its effect happens.

    on: the resource that takes no other write meanwhile; conflict: the code with which Azure refuses one.
    """

    polls: int
    effect: Callable[[], Any]
    style: str
    result: Any = None
    error: RefusedError | None = None
    ended: bool = False
    on: str | None = None
    conflict: str = "OperationInProgress"


class FakeServer:
    """A server on loopback. Each part of the fake is a base class with its ``ROUTES`` and its state."""

    ROUTES: ClassVar[list[Route]] = [("GET", r"/operations/(?P<key>\w+)(?P<result>/result)?", "_poll")]

    def __init__(self) -> None:
        self.changes: list[str] = []
        """Every request that was not a read."""
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.operations: dict[str, Operation] = {}
        self.busy: dict[str, str] = {}
        """Resources with an operation in progress, and the code with which Azure refuses another write below them."""
        self._lock = threading.Lock()
        self._open = ExitStack()
        self.url = self._open.enter_context(serving(self._handler()))

    def settle(self) -> None:
        """Time passes: every operation that nobody asks for ends as it must."""
        for operation in self.operations.values():
            if not operation.ended:
                operation.ended = True
                if not operation.error:
                    operation.effect()

    def close(self) -> None:
        self._open.close()

    def _handler(fake) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Arm(Handler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                content = self.rfile.read(length)
                body = json.loads(content) if content else None
                with fake._lock:
                    answer = fake.answer(self.command, self.path, body, dict(self.headers))
                text = b"" if answer.body is None else json.dumps(answer.body).encode()
                self.reply(answer.status, text, answer.headers)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

        return Arm

    def answer(self, method: str, target: str, body: Any, headers: dict[str, str]) -> Answer:
        parts = urlsplit(target)
        request = f"{method} {parts.path}"
        self.requests.append(request)
        fault = next(
            (f for f in self.faults if f.times and f.method == method and re.search(f.path, parts.path)),
            None,
        )
        if fault:
            fault.times -= 1
            if not fault.after:
                return self._error(RefusedError(fault.status, fault.code), fault.headers)
        if headers.get("Authorization") != "Bearer test":
            return self._error(RefusedError(401, "AuthenticationFailed"))
        query = parse_qs(parts.query)
        if "api-version" not in query and not parts.path.startswith("/operations/"):
            return self._error(RefusedError(400, "MissingApiVersionParameter"))
        if method != "GET" and not READING_POST.search(parts.path):
            self.changes.append(request)
        try:
            self._refuse_conflicts(method, parts.path)
            answer = self._route(method, parts.path, query, body, headers)
        except RefusedError as refused:
            answer = self._error(refused)
        return self._error(RefusedError(fault.status, fault.code), fault.headers) if fault else answer

    def _error(self, refused: RefusedError, headers: dict[str, str] | None = None) -> Answer:
        return Answer(refused.status, {"error": {"code": refused.code, "message": refused.message}}, headers or {})

    def _refuse_conflicts(self, method: str, path: str) -> None:
        """What Azure refuses whatever the resource is: here a write beside one that is under way."""
        if method == "GET" or READING_POST.search(path):
            return
        running = {op.on: op.conflict for op in self.operations.values() if op.on and not op.ended}
        for parent, code in {**running, **self.busy}.items():
            if f"{path}/".lower().startswith(f"{parent}/".lower()):
                raise RefusedError(409, code, "another operation is in progress")

    def _route(self, method: str, path: str, query: Any, body: Any, headers: dict[str, str]) -> Answer:
        for part in type(self).__mro__:
            for verb, pattern, name in part.__dict__.get("ROUTES", ()):
                found = re.fullmatch(pattern, path)
                if found and verb == method:
                    answer: Answer = getattr(self, name)(found.groupdict(), query, body, headers)
                    return answer
        raise RefusedError(404, "InvalidResourceType", path)

    def _accept(
        self,
        style: str,
        effect: Callable[[], Any],
        *,
        result: Any = None,
        error: RefusedError | None = None,
        polls: int = 1,
        on: str | None = None,
        conflict: str = "OperationInProgress",
    ) -> Answer:
        key = f"op{len(self.operations) + 1}"
        self.operations[key] = Operation(polls, effect, style, result, error, on=on, conflict=conflict)
        place = f"{self.url}/operations/{key}"
        if style == "location":
            return Answer(202, None, {"Location": place, "Retry-After": "15"})
        return Answer(202, None, {"Azure-AsyncOperation": place, "Location": f"{place}/result", "Retry-After": "10"})

    def _poll(self, given: dict[str, Any], *_: Any) -> Answer:
        operation = self.operations[given["key"]]
        location = operation.style == "location"
        if given["result"]:
            return Answer(200, operation.result)
        if operation.polls > 0:
            operation.polls -= 1
            return Answer(202) if location else Answer(200, {"status": "InProgress"})
        if operation.error:
            operation.ended = True
            if location:
                raise operation.error
            failed = {"code": operation.error.code, "message": operation.error.message}
            return Answer(200, {"status": "Failed", "error": failed})
        if not operation.ended:
            operation.ended = True
            operation.effect()
        return Answer(200, operation.result) if location else Answer(200, {"status": "Succeeded"})

    def _page(self, path: str, items: list[Any], query: Any) -> Answer:
        start = int(query.get("$skiptoken", ["0"])[0])
        body: dict[str, Any] = {"value": items[start : start + PAGE]}
        if start + PAGE < len(items):
            version = query["api-version"][0]
            body["nextLink"] = f"{self.url}{path}?api-version={version}&$skiptoken={start + PAGE}"
        return Answer(200, body)
