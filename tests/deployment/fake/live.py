"""What stands in a deployed stack's groups: resources, alert rules, private endpoints, the archive's count of blobs."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route

_GROUP = r"(?P<group>/subscriptions/[^/]+/resourceGroups/[^/]+)"


class Live(FakeServer):
    """A stack in order: what a test breaks, it sets here."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", rf"{_GROUP}/resources", "_in_group"),
        ("GET", rf"{_GROUP}/providers/Microsoft.Insights/(?P<kind>\w+)", "_rules"),
        ("GET", rf"{_GROUP}/providers/Microsoft.Network/privateEndpoints", "_endpoints"),
        ("GET", r".+/blobServices/default/providers/Microsoft.Insights/metrics", "_blob_count"),
        ("GET", r"(?P<profile>.+/profiles/[^/]+)/customDomains", "_domains"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.in_group: list[str] = []
        """Types of what stands in each group."""
        self.rules: dict[str, dict[str, Any]] = {}
        """``enabled`` by kind and name."""
        self.endpoints: dict[str, str] = {}
        self.blobs: list[float | None] = [None, 12.0]
        self.domains: dict[str, str] = {}

    def _in_group(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        items = [{"id": f"{given['group']}/providers/{kind}/one"} for kind in self.in_group]
        return self._page(f"{given['group']}/resources", items, query)

    def _rules(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        rules = self.rules.get(given["kind"], {}) if given["group"].endswith("monitoring") else {}
        items = [{"name": name, "properties": {"enabled": on}} for name, on in rules.items()]
        return self._page(f"{given['group']}/providers/Microsoft.Insights/{given['kind']}", items, query)

    def _endpoints(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        shown = self.endpoints if given["group"].endswith("platform") else {}
        items = [
            {
                "name": name,
                "properties": {
                    "privateLinkServiceConnections": [
                        {"properties": {"privateLinkServiceConnectionState": {"status": status}}}
                    ]
                },
            }
            for name, status in shown.items()
        ]
        return self._page(f"{given['group']}/providers/Microsoft.Network/privateEndpoints", items, query)

    def _blob_count(self, _: Any, query: Any, *__: Any) -> Answer:
        if query.get("metricnames") != ["BlobCount"] or query.get("aggregation") != ["Average"]:
            raise RefusedError(400, "BadRequest", "no such metric")
        data = [{"timeStamp": "2026-12-01T00:00:00Z", **({} if n is None else {"average": n})} for n in self.blobs]
        return Answer(200, {"value": [{"timeseries": [{"data": data}]}]})

    def _domains(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        items = [
            {"properties": {"hostName": host, "domainValidationState": state}} for host, state in self.domains.items()
        ]
        return self._page(f"{given['profile']}/customDomains", items, query)
