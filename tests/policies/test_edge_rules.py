"""Front Door's rules are judged in the order in which they run."""

from __future__ import annotations

from typing import Any

from policies.resource import Resource, token
from policies.rules.edge_rules import HEADERS, ITEM, ROUTE, RULE_SET, security_headers
from policies.view import Stack

SAFE = {
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=()",
    "x-frame-options": "DENY",
}


def resource(type_: str, name: str, **inputs: Any) -> Resource:
    return Resource(type=token(type_), name=name, urn=name, id=f"/id/{name}", inputs=inputs)


def header(name: str, value: str, action: str = "Overwrite") -> dict[str, Any]:
    parameters = {"headerAction": action, "headerName": name, "value": value}
    return {"name": "ModifyResponseHeader", "parameters": parameters}


def rule_set(name: str, **items: dict[str, Any]) -> list[Resource]:
    made = [resource(ITEM, key, ruleSetName=name, **inputs) for key, inputs in items.items()]
    return [resource(RULE_SET, name, ruleSetName=name), *made]


def judged(route_sets: list[str], *resources: Resource) -> list[str]:
    route = resource(ROUTE, "route", ruleSets=[{"id": f"/ID/{name}"} for name in route_sets])
    stack = Stack([route, *resources])
    return list(security_headers.check(route, stack))


HARDEN = rule_set("harden", all={"order": 1, "actions": [header(name, value) for name, value in SAFE.items()]})


def test_every_header_with_a_safe_value_holds() -> None:
    assert SAFE.keys() == HEADERS.keys()
    assert judged(["harden"], *HARDEN) == []


def test_last_word_holds_in_the_routes_own_order() -> None:
    weaker = rule_set("weaker", weak={"order": 1, "actions": [header("X-Frame-Options", "ALLOWALL")]})
    assert judged(["weaker", "harden"], *HARDEN, *weaker) == []
    assert judged(["weaker", "harden"], *weaker, *HARDEN) == []
    (message,) = judged(["harden", "weaker"], *weaker, *HARDEN)
    assert "weak sets x-frame-options to ALLOWALL" in message


def test_order_inside_a_set_decides() -> None:
    late = {"order": 9, "actions": [header("X-Frame-Options", "", "Delete")]}
    early = {"order": 0, "actions": [header("X-Frame-Options", "", "Delete")]}
    assert len(judged(["harden"], *HARDEN, resource(ITEM, "late", ruleSetName="harden", **late))) == 1
    assert judged(["harden"], *HARDEN, resource(ITEM, "early", ruleSetName="harden", **early)) == []


def test_rule_that_ends_evaluation_hides_later_headers() -> None:
    stop = rule_set("stop", stop={"order": 1, "actions": [], "matchProcessingBehavior": "stop"})
    assert judged(["harden", "stop"], *HARDEN, *stop) == []
    assert len(judged(["stop", "harden"], *HARDEN, *stop)) == len(SAFE)
    sometimes = {"order": 1, "actions": [], "conditions": [{"name": "IsDevice"}], "matchProcessingBehavior": "Stop"}
    assert len(judged(["some", "harden"], *HARDEN, *rule_set("some", some=sometimes))) == len(SAFE)


def test_appended_header_protects_nothing() -> None:
    appended = [header(name, value, "Append") for name, value in SAFE.items()]
    assert len(judged(["add"], *rule_set("add", all={"order": 1, "actions": appended}))) == len(SAFE)
