"""Azure Resource Manager on loopback, as far as the deployment steps use it, with its states and its rules.

What is written here follows the public REST references of each service: what an operation needs, what it changes and
when the change can be seen. `FakeArm.changes` holds every request that was not a read.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
FRONT_DOORS_SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-0000000000fd"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-mss-test-platform"
DATA = f"{SUBSCRIPTION}/resourceGroups/rg-mss-test-data"
PAGE = 2


def endpoint_id(subscription: str, name: str) -> str:
    return f"{subscription}/resourceGroups/eafd-Prod-eastus2/providers/Microsoft.Network/privateEndpoints/{name}"


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
    """A long-running operation: ``polls`` answers that it runs, then its effect happens."""

    polls: int
    effect: Callable[[], Any]
    style: str
    result: Any = None
    error: RefusedError | None = None
    ended: bool = False


@dataclass
class Slot:
    """A site or a slot: what a swap exchanges (image) and what it leaves."""

    image: str
    state: str = "Running"
    availability: str = "Normal"
    target_swap_slot: str | None = None
    sign_in: bool = False
    instances: dict[str, list[str]] = field(default_factory=lambda: {"i1": ["READY"], "i2": ["READY"]})
    """States of each instance, one a read; the last one stays."""
    healthy: bool = True
    """Whether the health path answers Azure's warm-up with 200."""


class FakeArm:
    """The state, and a server over it."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.origins: dict[str, list[dict[str, Any]]] = {}
        self.connections: dict[str, dict[str, dict[str, Any]]] = {}
        self.servers: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.sites: dict[str, Slot] = {}
        self.operations: dict[str, Operation] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- the state ---------------------------------------------------------------------------------------------------

    def asks(self, profile: str, site: str, message: str, location: str = "eastus2", group: str = "sites") -> None:
        """An origin of a profile that asks for a site, or for a gateway (``Gateway``)."""
        link = {
            "privateLink": {"id": site},
            "requestMessage": message,
            "groupId": group,
            "privateLinkLocation": location,
        }
        self.origins.setdefault(profile, []).append(link)

    def connection(self, site: str, name: str, message: str, status: str = "Pending", by: str = "") -> None:
        """A private link connection on a site, by default from Front Door's subscription."""
        self.connections.setdefault(site, {})[name] = {
            "privateEndpoint": {"id": endpoint_id(by or FRONT_DOORS_SUBSCRIPTION, name)},
            "privateLinkServiceConnectionState": {"status": status, "description": message, "actionsRequired": "None"},
            "provisioningState": "Succeeded",
        }

    def server(self, server: str, *pending: str, state: str = "Ready") -> None:
        """A PostgreSQL server; pending: parameters that wait for a restart."""
        names = sorted({"log_connections", "max_connections", "require_secure_transport", *pending})
        self.servers[server] = {"state": state, "parameters": {name: name in pending for name in names}}

    def policy(self, container: str, days: int, state: str = "Unlocked", append: bool = True) -> None:
        """A container's immutability policy."""
        self.policies[container] = {"days": days, "state": state, "append": append, "etag": '"8d59f81a7fa7be0"'}

    def job(self, job: str, image: str, *outcomes: str, **env: str) -> None:
        """A container job; outcomes: how its next executions end. An existing one gets the new image."""
        template = {
            "containers": [
                {
                    "name": "job",
                    "image": image,
                    "command": ["python"],
                    "args": ["-m", "database"],
                    "env": [{"name": name, "value": value} for name, value in env.items()],
                }
            ]
        }
        known = self.jobs.setdefault(job, {"executions": [], "outcomes": []})
        known["template"] = template
        known["outcomes"] += outcomes

    # -- the server --------------------------------------------------------------------------------------------------

    def _handler(fake) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                content = self.rfile.read(length)
                body = json.loads(content) if content else None
                with fake._lock:
                    answer = fake.answer(self.command, self.path, body, dict(self.headers))
                text = b"" if answer.body is None else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        return Handler

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
        if method != "GET":
            self.changes.append(request)
        try:
            answer = self._route(method, parts.path, query, body, headers)
        except RefusedError as refused:
            answer = self._error(refused)
        return self._error(RefusedError(fault.status, fault.code), fault.headers) if fault else answer

    def _error(self, refused: RefusedError, headers: dict[str, str] | None = None) -> Answer:
        return Answer(refused.status, {"error": {"code": refused.code, "message": refused.message}}, headers or {})

    def _route(self, method: str, path: str, query: Any, body: Any, headers: dict[str, str]) -> Answer:
        routes: list[tuple[str, str, Callable[..., Answer]]] = [
            ("GET", r"/operations/(?P<key>\w+)(?P<result>/result)?", self._poll),
            ("GET", r"(?P<profile>.+/profiles/[^/]+)/originGroups", self._groups),
            ("GET", r"(?P<profile>.+/profiles/[^/]+)/originGroups/(?P<index>\d+)/origins", self._origins),
            ("GET", r"(?P<site>.+/(?:sites|service)/[^/]+)/privateEndpointConnections", self._connections),
            (
                "GET",
                r"(?P<site>.+/(?:sites|service)/[^/]+)/privateEndpointConnections/(?P<name>[^/]+)",
                self._connection,
            ),
            ("PUT", r"(?P<site>.+/(?:sites|service)/[^/]+)/privateEndpointConnections/(?P<name>[^/]+)", self._approve),
            ("GET", r"(?P<server>.+/flexibleServers/[^/]+)", self._server_state),
            ("GET", r"(?P<server>.+/flexibleServers/[^/]+)/configurations", self._configurations),
            ("POST", r"(?P<server>.+/flexibleServers/[^/]+)/restart", self._restart),
            ("GET", r".+/containers/(?P<container>[^/]+)/immutabilityPolicies/default", self._policy),
            ("POST", r".+/containers/(?P<container>[^/]+)/immutabilityPolicies/default/lock", self._lock_policy),
            ("GET", r"(?P<job>.+/jobs/[^/]+)", self._job),
            ("POST", r"(?P<job>.+/jobs/[^/]+)/start", self._start_job),
            ("GET", r"(?P<job>.+/jobs/[^/]+)/executions", self._executions),
            ("GET", r"(?P<job>.+/jobs/[^/]+)/executions/(?P<name>[^/]+)", self._execution),
            ("GET", r"(?P<slot>.+/sites/[^/]+(/slots/[^/]+)?)", self._slot),
            ("GET", r"(?P<slot>.+/sites/[^/]+(/slots/[^/]+)?)/config/web", self._config),
            ("PATCH", r"(?P<slot>.+/sites/[^/]+(/slots/[^/]+)?)/config/web", self._set_config),
            ("GET", r"(?P<slot>.+/sites/[^/]+(/slots/[^/]+)?)/config/authsettingsV2", self._sign_in),
            ("GET", r"(?P<slot>.+/sites/[^/]+(/slots/[^/]+)?)/instances", self._instances),
            ("GET", r"(?P<slot>.+/sites/[^/]+(/slots/[^/]+)?)/instances/(?P<name>[^/]+)", self._instance),
            ("POST", r"(?P<slot>.+/slots/[^/]+)/start", self._start_slot),
            ("POST", r"(?P<slot>.+/slots/[^/]+)/applySlotConfig", self._begin_swap),
            ("POST", r"(?P<slot>.+/slots/[^/]+)/resetSlotConfig", self._reset),
            ("POST", r"(?P<slot>.+/slots/[^/]+)/slotsswap", self._swap),
        ]
        for verb, pattern, route in routes:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                given = found.groupdict()
                return route(given, query, body, headers)
        raise RefusedError(404, "InvalidResourceType", path)

    # -- long-running operations ---------------------------------------------------------------------------------------

    def _accept(
        self,
        style: str,
        effect: Callable[[], Any],
        *,
        result: Any = None,
        error: RefusedError | None = None,
        polls: int = 1,
    ) -> Answer:
        key = f"op{len(self.operations) + 1}"
        self.operations[key] = Operation(polls, effect, style, result, error)
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
            if location:
                raise operation.error
            failed = {"code": operation.error.code, "message": operation.error.message}
            return Answer(200, {"status": "Failed", "error": failed})
        if not operation.ended:
            operation.ended = True
            operation.effect()
        return Answer(200, operation.result) if location else Answer(200, {"status": "Succeeded"})

    # -- Front Door and private links ----------------------------------------------------------------------------------

    def _groups(self, given: dict[str, Any], *_: Any) -> Answer:
        profile = given["profile"]
        return Answer(200, {"value": [{"id": f"{profile}/originGroups/{i}"} for i in range(len(self._of(profile)))]})

    def _of(self, profile: str) -> list[dict[str, Any]]:
        if profile not in self.origins:
            raise RefusedError(404, "ResourceNotFound", profile)
        return self.origins[profile]

    def _origins(self, given: dict[str, Any], *_: Any) -> Answer:
        link = self._of(given["profile"])[int(given["index"])]
        public = {"name": "public", "properties": {"hostName": "example.org"}}
        return Answer(200, {"value": [public, {"name": "app", "properties": {"sharedPrivateLinkResource": link}}]})

    def _connections(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        items = [{"name": n, "properties": p} for n, p in self.connections.get(given["site"], {}).items()]
        return self._page(f"{given['site']}/privateEndpointConnections", items, query)

    def _page(self, path: str, items: list[Any], query: Any) -> Answer:
        start = int(query.get("$skiptoken", ["0"])[0])
        body: dict[str, Any] = {"value": items[start : start + PAGE]}
        if start + PAGE < len(items):
            version = query["api-version"][0]
            body["nextLink"] = f"{self.url}{path}?api-version={version}&$skiptoken={start + PAGE}"
        return Answer(200, body)

    def _connection(self, given: dict[str, Any], *_: Any) -> Answer:
        known = self.connections.get(given["site"], {})
        if given["name"] not in known:
            raise RefusedError(404, "NotFound", given["name"])
        return Answer(200, {"name": given["name"], "properties": known[given["name"]]})

    def _approve(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        properties = self._connection(given).body["properties"]
        if properties["privateLinkServiceConnectionState"]["status"] != "Pending":
            raise RefusedError(409, "Conflict", "only a pending connection can be approved or rejected")
        state = body["properties"]["privateLinkServiceConnectionState"]
        return self._accept("location", lambda: properties.update(privateLinkServiceConnectionState=state))

    # -- PostgreSQL ----------------------------------------------------------------------------------------------------

    def _known_server(self, server: str) -> dict[str, Any]:
        if server not in self.servers:
            raise RefusedError(404, "ResourceNotFound", server)
        return self.servers[server]

    def _server_state(self, given: dict[str, Any], *_: Any) -> Answer:
        return Answer(200, {"properties": {"state": self._known_server(given["server"])["state"]}})

    def _configurations(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        parameters = self._known_server(given["server"])["parameters"]
        items = [{"name": n, "properties": {"isConfigPendingRestart": p}} for n, p in parameters.items()]
        return self._page(f"{given['server']}/configurations", items, query)

    def _restart(self, given: dict[str, Any], *_: Any) -> Answer:
        server = self._known_server(given["server"])
        if server["state"] != "Ready":
            raise RefusedError(409, "ServerStateNotReady")
        server["state"] = "Restarting"

        def back() -> None:
            server["state"] = "Ready"
            server["parameters"] = dict.fromkeys(server["parameters"], False)

        return self._accept("async", back, polls=2)

    # -- immutability --------------------------------------------------------------------------------------------------

    def _known_policy(self, container: str) -> dict[str, Any]:
        if container not in self.policies:
            raise RefusedError(404, "ContainerNotFound", container)
        return self.policies[container]

    def _policy(self, given: dict[str, Any], *_: Any) -> Answer:
        policy = self._known_policy(given["container"])
        properties = {
            "immutabilityPeriodSinceCreationInDays": policy["days"],
            "state": policy["state"],
            "allowProtectedAppendWritesAll": policy["append"],
        }
        return Answer(200, {"etag": policy["etag"], "properties": properties})

    def _lock_policy(self, given: dict[str, Any], _: Any, __: Any, headers: dict[str, str]) -> Answer:
        policy = self._known_policy(given["container"])
        if "If-Match" not in headers:
            raise RefusedError(400, "MissingRequiredHeader")
        if headers["If-Match"] != policy["etag"]:
            raise RefusedError(412, "ConditionNotMet")
        if policy["state"] == "Locked":
            raise RefusedError(409, "ImmutabilityPolicyAlreadyLocked")
        policy.update(state="Locked", etag='"8d59f81a7fa7be1"')
        return Answer(200, {"etag": policy["etag"]})

    # -- container jobs ------------------------------------------------------------------------------------------------

    def _known_job(self, job: str) -> dict[str, Any]:
        if job not in self.jobs:
            raise RefusedError(404, "ResourceNotFound", job)
        return self.jobs[job]

    def _job(self, given: dict[str, Any], *_: Any) -> Answer:
        job = self._known_job(given["job"])
        properties = {"configuration": {"replicaTimeout": 300}, "template": job["template"]}
        return Answer(200, {"id": given["job"], "properties": properties})

    def _start_job(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        job = self._known_job(given["job"])
        name = f"{given['job'].rsplit('/', 1)[-1]}-{len(job['executions']) + 1:04}"
        # A template in the request would run in place of the declared one.
        execution = {
            "name": name,
            "template": (body or {}).get("template") or job["template"],
            "startTime": f"2026-12-01T00:{len(job['executions']):02}:00Z",
            "reads": 2,
            "outcome": job["outcomes"].pop(0) if job["outcomes"] else "Succeeded",
        }
        job["executions"].insert(0, execution)
        return self._accept("location", lambda: None, result={"name": name, "id": f"{given['job']}/executions/{name}"})

    def _shown(self, execution: dict[str, Any]) -> dict[str, Any]:
        running = execution["reads"] > 0
        status = "Running" if running else execution["outcome"]
        shown = {"status": status, "startTime": execution["startTime"], "template": execution["template"]}
        return {"name": execution["name"], "properties": shown}

    def _executions(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        items = [self._shown(one) for one in self._known_job(given["job"])["executions"]]
        return self._page(f"{given['job']}/executions", items, query)

    def _execution(self, given: dict[str, Any], *_: Any) -> Answer:
        for one in self._known_job(given["job"])["executions"]:
            if one["name"] == given["name"]:
                one["reads"] -= 1
                return Answer(200, self._shown(one))
        raise RefusedError(404, "JobExecutionNotFound")

    # -- sites and slots -----------------------------------------------------------------------------------------------

    def _known_slot(self, slot: str) -> Slot:
        if slot not in self.sites:
            raise RefusedError(404, "ResourceNotFound", slot)
        return self.sites[slot]

    def _slot(self, given: dict[str, Any], *_: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        return Answer(
            200,
            {
                "properties": {
                    "state": slot.state,
                    "availabilityState": slot.availability,
                    "targetSwapSlot": slot.target_swap_slot,
                }
            },
        )

    def _config(self, given: dict[str, Any], *_: Any) -> Answer:
        return Answer(200, {"properties": {"linuxFxVersion": self._known_slot(given["slot"]).image}})

    def _set_config(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        if slot.target_swap_slot:
            raise RefusedError(409, "Conflict", "a swap with preview is in progress")
        slot.image = body["properties"]["linuxFxVersion"]
        return self._config(given)

    def _sign_in(self, given: dict[str, Any], *_: Any) -> Answer:
        return Answer(200, {"properties": {"platform": {"enabled": self._known_slot(given["slot"]).sign_in}}})

    def _instances(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        names = slot.instances if slot.state == "Running" else {}
        return self._page(f"{given['slot']}/instances", [{"name": name} for name in names], query)

    def _instance(self, given: dict[str, Any], *_: Any) -> Answer:
        states = self._known_slot(given["slot"]).instances[given["name"]]
        state = states.pop(0) if len(states) > 1 else states[0]
        return Answer(200, {"name": given["name"], "properties": {"state": state}})

    def _start_slot(self, given: dict[str, Any], *_: Any) -> Answer:
        self._known_slot(given["slot"]).state = "Running"
        return Answer(200)

    def _begin_swap(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        if slot.sign_in:
            raise RefusedError(409, "Conflict", "swap with preview cannot be used with site authentication")
        slot.target_swap_slot = body["targetSlot"]
        return Answer(200)

    def _reset(self, given: dict[str, Any], *_: Any) -> Answer:
        self._known_slot(given["slot"]).target_swap_slot = None
        return Answer(200)

    def _swap(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        production = self._known_slot(given["slot"].split("/slots/")[0])
        if body["targetSlot"] != "production":
            raise RefusedError(400, "BadRequest", "no such slot")

        def exchange() -> None:
            slot.image, production.image = production.image, slot.image
            slot.target_swap_slot = None

        unanswered = RefusedError(409, "Conflict", "the slot did not respond to http ping")
        return self._accept("location", exchange, error=None if slot.healthy else unanswered)
