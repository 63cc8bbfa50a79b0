"""A request's way through Front Door, API Management and the app."""

from __future__ import annotations

import pytest

from assurance.record import Mode
from assurance.request.edge import Edge
from assurance.request.message import parse_request
from assurance.request.outcome import Outcome
from tests.gateway import gateway_record
from tests.harness import MODES

HOST = "https://api.medspasyncpro.com"


def handle(method: str, path: str, mode: Mode = "deployed") -> Outcome:
    return Edge(gateway_record(mode)).handle(parse_request(method, HOST + path, origin="US"))


@pytest.mark.parametrize("mode", MODES)
def test_route_leads_over_gateway_to_app(mode: Mode) -> None:
    outcome = handle("GET", "/api/appointments?day=1", mode)
    assert (outcome.kind, outcome.origin, outcome.api) == ("forwarded", "backend", "backend")
    *_, origin, gateway = outcome.decisions
    assert (origin.stage, gateway.stage) == ("origin", "gateway")
    assert "by private link" in origin.text
    assert "(gateway)" in origin.text
    for part in (
        "asks for a subscription's key and a checked token",
        "300 calls in 60 s for each user",
        "3000 calls in 60 s for each subscription",
        "app-backend gets it as /api/appointments",
    ):
        assert part in gateway.text


@pytest.mark.parametrize(
    ("method", "path", "kind", "api"),
    [
        ("GET", "/healthz", "forwarded", "backend-healthz"),
        ("POST", "/healthz", "refused", "backend-healthz"),
        ("POST", "/webhooks/stripe", "forwarded", "backend-webhooks-stripe"),
        ("GET", "/webhooks/stripe", "refused", "backend-webhooks-stripe"),
        ("POST", "/webhooks/stripe/more", "refused", "backend-webhooks-stripe"),
        ("POST", "/webhooks/stripes", "forwarded", "backend"),
        ("POST", "/auth/login", "forwarded", "backend-auth"),
        ("DELETE", "/auth/login", "refused", "backend-auth"),
        ("OPTIONS", "/api/appointments", "forwarded", "backend"),
        ("TRACE", "/api/appointments", "refused", "backend"),
    ],
)
def test_longest_path_takes_it_with_its_methods_only(method: str, path: str, kind: str, api: str) -> None:
    outcome = handle(method, path)
    assert (outcome.kind, outcome.api) == (kind, api)
    assert outcome.status == (404 if kind == "refused" else None)


def test_what_no_api_takes_is_refused() -> None:
    record = gateway_record()
    record.resources = [r for r in record.resources if not r.type.endswith("apimanagement:Api")]
    outcome = Edge(record).handle(parse_request("GET", f"{HOST}/x", origin="US"))
    assert (outcome.kind, outcome.status, outcome.api) == ("refused", 404, "")


def test_other_apps_go_past_it() -> None:
    outcome = Edge(gateway_record()).handle(parse_request("GET", "https://app.medspasyncpro.com/", origin="US"))
    assert (outcome.kind, outcome.api) == ("forwarded", "")
    assert outcome.decisions[-1].stage == "origin"
