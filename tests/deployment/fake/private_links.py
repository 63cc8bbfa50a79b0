"""Front Door's origins, and private link connections on sites and gateways."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route

FRONT_DOORS_SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-0000000000fd"


def endpoint_id(subscription: str, name: str, group: str) -> str:
    return f"{subscription}/resourceGroups/{group}/providers/Microsoft.Network/privateEndpoints/{name}"


class PrivateLinks(FakeServer):
    """What profiles ask for, and what reached the sites."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", r"(?P<profile>.+/profiles/[^/]+)/originGroups", "_groups"),
        ("GET", r"(?P<profile>.+/profiles/[^/]+)/originGroups/(?P<index>\d+)/origins", "_origins"),
        ("GET", r"(?P<site>.+/(?:sites|service)/[^/]+)/privateEndpointConnections", "_connections"),
        (
            "GET",
            r"(?P<site>.+/(?:sites|service)/[^/]+)/privateEndpointConnections/(?P<name>[^/]+)",
            "_connection",
        ),
        ("PUT", r"(?P<site>.+/(?:sites|service)/[^/]+)/privateEndpointConnections/(?P<name>[^/]+)", "_approve"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.origins: dict[str, list[dict[str, Any]]] = {}
        self.connections: dict[str, dict[str, dict[str, Any]]] = {}

    def asks(self, profile: str, site: str, message: str, location: str = "eastus2", group: str = "sites") -> None:
        """An origin of a profile that asks for a site, or for a gateway (``Gateway``)."""
        link = {
            "privateLink": {"id": site},
            "requestMessage": message,
            "groupId": group,
            "privateLinkLocation": location,
        }
        self.origins.setdefault(profile, []).append(link)

    def connection(
        self,
        site: str,
        name: str,
        message: str,
        status: str = "Pending",
        by: str = "",
        group: str = "eafd-Prod-eastus2",
    ) -> None:
        """A private link connection on a site, by default from Front Door's subscription and its group there."""
        self.connections.setdefault(site, {})[name] = {
            "privateEndpoint": {"id": endpoint_id(by or FRONT_DOORS_SUBSCRIPTION, name, group)},
            "privateLinkServiceConnectionState": {"status": status, "description": message, "actionsRequired": "None"},
            "provisioningState": "Succeeded",
        }

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
