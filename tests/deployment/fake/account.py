"""A subscription: providers, what is made in it, names, capabilities, SKUs, usages and the caller's rights.

Shapes: learn.microsoft.com/rest/api/resources/providers/list, resources/list, each service's checkNameAvailability,
rest/api/postgresql/capabilities-by-location/list, rest/api/authorization/permissions.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route

_SUBSCRIPTION = r"(?P<subscription>/subscriptions/[^/]+)"
_NAMESPACE = rf"{_SUBSCRIPTION}/providers/(?P<namespace>[^/]+)"


class Account(FakeServer):
    """One subscription. What is not set here is as a subscription should be: nothing taken, everything offered."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", r"/subscriptions", "_subscriptions"),
        ("GET", rf"{_SUBSCRIPTION}/providers", "_providers"),
        ("GET", rf"{_SUBSCRIPTION}/resources", "_made"),
        ("POST", rf"{_NAMESPACE}/[cC]heck[nN]ame[aA]vailability", "_name"),
        ("GET", rf"{_NAMESPACE}/deleted\w+", "_deleted"),
        ("GET", rf"{_NAMESPACE}/permissions", "_permissions"),
        ("GET", rf"{_NAMESPACE}/skus", "_skus"),
        ("GET", rf"{_NAMESPACE}/geoRegions", "_geo_regions"),
        ("GET", rf"{_NAMESPACE}/locations/(?P<location>[^/]+)/capabilities", "_capabilities"),
        ("GET", rf"{_NAMESPACE}/locations/(?P<location>[^/]+)/(?:resourceType/\w+/)?usages", "_usages"),
        ("GET", r"(?P<watcher>.+/networkWatchers/[^/]+)", "_watcher"),
        ("GET", r"(?P<id>.+/registries/[^/]+)", "_other"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.subscriptions = ["00000000-0000-4000-8000-000000000001"]
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.made: set[str] = set()
        self.taken: dict[str, str] = {}
        self.kept: dict[str, list[str]] = {}
        self.rights: list[dict[str, list[str]]] = [{"actions": ["*"], "notActions": []}]
        self.storage_skus: list[dict[str, Any]] = []
        self.worker_regions = ["East US 2"]
        self.capabilities: dict[str, Any] = {}
        self.usages: dict[str, dict[str, tuple[int, int]]] = {}
        self.watchers: set[str] = set()

    def namespace(self, name: str, state: str = "Registered", **types: tuple[list[str], list[str]]) -> None:
        """A provider; types: regions and API versions by resource type."""
        shown = [{"resourceType": kind, "locations": r, "apiVersions": v} for kind, (r, v) in types.items()]
        self.namespaces[name] = {"namespace": name, "registrationState": state, "resourceTypes": shown}

    def _subscriptions(self, _: Any, query: Any, *__: Any) -> Answer:
        return self._page(
            "/subscriptions", [{"subscriptionId": i, "displayName": "s"} for i in self.subscriptions], query
        )

    def _providers(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        return self._page(f"{given['subscription']}/providers", list(self.namespaces.values()), query)

    def _made(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        return self._page(f"{given['subscription']}/resources", [{"id": one} for one in sorted(self.made)], query)

    def _name(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        if given["namespace"] in ("Microsoft.KeyVault", "Microsoft.Storage") and "type" not in body:
            raise RefusedError(400, "MissingType")
        if reason := self.taken.get(body["name"]):
            return Answer(200, {"nameAvailable": False, "reason": reason, "message": "taken by the test"})
        return Answer(200, {"nameAvailable": True})

    def _deleted(self, given: dict[str, Any], *_: Any) -> Answer:
        return Answer(200, {"value": [{"name": name} for name in self.kept.get(given["namespace"], [])]})

    def _permissions(self, *_: Any) -> Answer:
        return Answer(200, {"value": self.rights})

    def _skus(self, *_: Any) -> Answer:
        return Answer(200, {"value": self.storage_skus})

    def _geo_regions(self, _: Any, query: Any, *__: Any) -> Answer:
        if query.get("linuxWorkersEnabled") != ["true"]:
            raise RefusedError(400, "the test asks for Linux workers")
        return Answer(200, {"value": [{"name": name} for name in self.worker_regions]})

    def _capabilities(self, *_: Any) -> Answer:
        return Answer(200, {"value": [self.capabilities]})

    def _usages(self, given: dict[str, Any], *_: Any) -> Answer:
        rows = self.usages.get(given["namespace"], {})
        shown = [{"name": {"value": n}, "currentValue": used, "limit": most} for n, (used, most) in rows.items()]
        return Answer(200, {"value": shown})

    def _watcher(self, given: dict[str, Any], *_: Any) -> Answer:
        if given["watcher"] not in self.watchers:
            raise RefusedError(404, "ResourceNotFound", given["watcher"])
        return Answer(200, {"id": given["watcher"]})

    def _other(self, given: dict[str, Any], *_: Any) -> Answer:
        raise RefusedError(404, "ResourceNotFound", given["id"])
