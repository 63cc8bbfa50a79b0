"""PostgreSQL servers: state, parameters, restarts."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route


class Postgres(FakeServer):
    """Servers and their parameters."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", r"(?P<server>.+/flexibleServers/[^/]+)", "_server_state"),
        ("GET", r"(?P<server>.+/flexibleServers/[^/]+)/configurations", "_configurations"),
        ("PATCH", r"(?P<server>.+/flexibleServers/[^/]+)", "_update"),
        ("POST", r"(?P<server>.+/flexibleServers/[^/]+)/restart", "_restart"),
        ("DELETE", r"(?P<id>.+/flexibleServers/[^/]+/administrators/[^/]+)", "_delete_administrator"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.servers: dict[str, dict[str, Any]] = {}
        self.administrators: set[str] = set()
        self.restarts: Counter[str] = Counter()

    def server(self, server: str, *pending: str, state: str = "Ready") -> None:
        """A PostgreSQL server; pending: parameters that wait for a restart."""
        names = sorted({"log_connections", "max_connections", "require_secure_transport", *pending})
        self.servers[server] = {
            "state": state,
            "parameters": {name: name in pending for name in names},
            "window": {"customWindow": "Disabled", "dayOfWeek": 0, "startHour": 0, "startMinute": 0},
        }

    def _known_server(self, server: str) -> dict[str, Any]:
        if server not in self.servers:
            raise RefusedError(404, "ResourceNotFound", server)
        return self.servers[server]

    def _server_state(self, given: dict[str, Any], *_: Any) -> Answer:
        server = self._known_server(given["server"])
        return Answer(200, {"properties": {"state": server["state"], "maintenanceWindow": server["window"]}})

    def _update(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        server = self._known_server(given["server"])
        if server["state"] != "Ready":
            raise RefusedError(409, "ServerStateNotReady")
        window = body["properties"]["maintenanceWindow"]
        return self._accept("async", lambda: server.update(window=window), on=given["server"], conflict="ServerBusy")

    def _configurations(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        parameters = self._known_server(given["server"])["parameters"]
        items = [{"name": n, "properties": {"isConfigPendingRestart": p}} for n, p in parameters.items()]
        return self._page(f"{given['server']}/configurations", items, query)

    def _delete_administrator(self, given: dict[str, Any], *_: Any) -> Answer:
        if given["id"] not in self.administrators:
            raise RefusedError(404, "ResourceNotFound", given["id"])
        self.administrators.remove(given["id"])
        return Answer(200)

    def _restart(self, given: dict[str, Any], *_: Any) -> Answer:
        server = self._known_server(given["server"])
        if server["state"] != "Ready":
            raise RefusedError(409, "ServerStateNotReady")
        server["state"] = "Restarting"
        self.restarts[given["server"]] += 1

        def back() -> None:
            server["state"] = "Ready"
            server["parameters"] = dict.fromkeys(server["parameters"], False)

        return self._accept("async", back, polls=2, on=given["server"], conflict="ServerBusy")
