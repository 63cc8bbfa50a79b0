"""What the edge does with requests, on the project's own stacks and on altered ones."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.record import Mode, Record
from assurance.request.edge import Edge
from assurance.request.expectations import check, load_examples
from assurance.request.message import RequestError, parse_request
from assurance.request.outcome import Outcome
from tests.assurance.altered import added, lean_record, named, without
from tests.assurance.request.samples import API, WEB, condition, rules_of, waf
from tests.harness import MODES, ROOT, STACKS

FILE = ROOT / "docs" / "requests.yaml"
EXAMPLES = load_examples(FILE)


def ask(record: Record, method: str, url: str, **given: Any) -> Outcome:
    given.setdefault("origin", "US")
    return Edge(record).handle(parse_request(method, url, **given))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_every_example_is_answered_as_expected(stack: str, mode: Mode) -> None:
    findings = list(check(lean_record(stack, mode), EXAMPLES, "docs/requests.yaml"))
    assert len(findings) > 30
    assert [(finding.name, finding.message) for finding in findings if finding.status != "pass"] == []


def test_examples_cover_every_host_route_and_rule() -> None:
    record = lean_record()
    edge = Edge(record)
    outcomes = [edge.handle(each.request(EXAMPLES.hosts["prod"])) for each in EXAMPLES.requests]
    routes = {route.inputs["routeName"] for route in record.of_type("cdn:Route")}
    assert {outcome.route for outcome in outcomes} >= routes
    stopping = {outcome.rule for outcome in outcomes if outcome.rule}
    rules = {rule["name"] for policy in record.of_type("frontdoor:Policy") for rule in rules_of(policy.inputs)}
    assert rules - stopping == {"UrlSize", "QuerySize"}, "which have tests of their own: their URLs are long"


@pytest.mark.parametrize(("query", "path", "rule"), [(0, 3000, "UrlSize"), (1025, 1, "QuerySize"), (1024, 1, "")])
def test_long_urls_are_stopped(query: int, path: int, rule: str) -> None:
    url = f"{API}/{'a' * path}" + (f"?{'q' * query}" if query else "")
    assert ask(lean_record(), "GET", url).rule == rule


def test_request_without_country_leaves_geography_rule_open() -> None:
    outcome = ask(lean_record(), "GET", f"{WEB}/", origin="203.0.113.9")
    assert outcome.kind == "forwarded"
    assert outcome.undecided == ["Geography"]


@pytest.mark.parametrize(
    ("rate", "stopped"), [("100/5", False), ("101/5", True), ("20/1", False), ("202/10", True), ("198/10", False)]
)
def test_a_rate_is_measured_in_the_rules_window(rate: str, stopped: bool) -> None:
    outcome = ask(lean_record(), "POST", f"{API}/auth/login", rate=rate)
    assert (outcome.rule == "RateAuthentication") is stopped


def first(record: Record, **rule: Any) -> None:
    """A rule of one's own before all others."""
    match = [condition("RequestUri", "Contains", "/x")]
    rules_of(waf(record)).append(
        {
            "name": "Mine",
            "priority": 0,
            "enabledState": "Enabled",
            "ruleType": "MatchRule",
            "matchConditions": match,
            **rule,
        }
    )


def test_an_allow_ends_the_inspection() -> None:
    record = lean_record()
    first(record, action="Allow")
    outcome = ask(record, "POST", f"{API}/x/auth/login", rate="9999/5")
    assert outcome.kind == "forwarded"
    assert outcome.managed == []


def test_a_log_lets_the_next_rule_decide() -> None:
    record = lean_record()
    first(record, action="Log")
    outcome = ask(record, "POST", f"{API}/x/auth/login", rate="9999/5")
    assert outcome.logged == ["Mine"]
    assert outcome.rule == "RateAuthentication"


def test_redirect_of_firewall_goes_to_its_url() -> None:
    record = lean_record()
    first(record, action="Redirect")
    waf(record)["policySettings"]["redirectUrl"] = "https://example.org/"
    outcome = ask(record, "GET", f"{API}/x")
    assert (outcome.kind, outcome.location) == ("redirected", "https://example.org/")


def test_a_rule_that_is_off_decides_nothing() -> None:
    record = lean_record()
    first(record, action="Block", enabledState="Disabled")
    assert ask(record, "GET", f"{API}/x").kind == "forwarded"


def test_detection_only_logs() -> None:
    record = lean_record()
    waf(record)["policySettings"]["mode"] = "Detection"
    outcome = ask(record, "POST", f"{API}/auth/login", rate="9999/5")
    assert outcome.kind == "forwarded"
    assert "RateAuthentication" in outcome.logged


def test_firewall_that_is_off_or_absent_is_said() -> None:
    record = lean_record()
    waf(record)["policySettings"]["enabledState"] = "Disabled"
    assert "disabled" in " ".join(each.text for each in ask(record, "GET", f"{API}/x").decisions)
    without(record, "waf-api", "cdn:SecurityPolicy")
    assert "no firewall" in " ".join(each.text for each in ask(record, "GET", f"{API}/x").decisions)


def test_paths_without_a_route_are_refused() -> None:
    record = lean_record()
    named(record, "edge-backend", "cdn:Route").inputs["patternsToMatch"] = ["/api/*"]
    assert ask(record, "GET", f"{API}/other").status == 400
    assert ask(record, "GET", f"{API}/api/x").kind == "forwarded"


@pytest.mark.parametrize(("name", "type_"), [("edge-backend", "cdn:Route"), ("front-door-api", "cdn:AFDEndpoint")])
def test_what_is_disabled_takes_no_requests(name: str, type_: str) -> None:
    record = lean_record()
    named(record, name, type_).inputs["enabledState"] = "Disabled"
    assert ask(record, "GET", f"{API}/x").kind == "refused"


def test_an_origin_group_without_origins_answers_503() -> None:
    record = lean_record()
    named(record, "edge-backend", "cdn:AFDOrigin").inputs["enabledState"] = "Disabled"
    assert ask(record, "GET", f"{API}/x").status == 503


def test_endpoints_own_name_answers_only_where_linked() -> None:
    record = lean_record()
    host = named(record, "front-door-api", "cdn:AFDEndpoint").outputs["hostName"]
    assert ask(record, "GET", f"https://{host}/").kind == "refused"
    named(record, "edge-backend", "cdn:Route").inputs["linkToDefaultDomain"] = "Enabled"
    assert ask(record, "GET", f"https://{host}/").origin == "backend"


def test_http_goes_on_where_nobody_redirects() -> None:
    record = lean_record()
    route = named(record, "edge-backend", "cdn:Route").inputs
    route["httpsRedirect"] = "Disabled"
    route["forwardingProtocol"] = "MatchRequest"
    outcome = ask(record, "GET", "http://api.medspasyncpro.com/x")
    assert "over http " in outcome.decisions[-1].text
    route["supportedProtocols"] = ["Https"]
    assert ask(record, "GET", "http://api.medspasyncpro.com/x").kind == "refused"


def header_rule(record: Record, order: int, actions: list[dict[str, Any]], **more: Any) -> None:
    sets = named(record, "headers-backend", "cdn:RuleSet").inputs
    added(
        record,
        f"extra-{order}",
        "cdn:Rule",
        {"ruleSetName": sets["ruleSetName"], "order": order, "conditions": [], "actions": actions, **more},
    )


def response_header(action: str, name: str, value: str | None = None) -> dict[str, Any]:
    return {"name": "ModifyResponseHeader", "parameters": {"headerAction": action, "headerName": name, "value": value}}


def test_rules_work_in_their_order() -> None:
    record = lean_record()
    header_rule(record, 50, [response_header("Delete", "Cache-Control"), response_header("Append", "X-More", "1")])
    header_rule(record, 51, [{"name": "UrlRewrite", "parameters": {}}], conditions=[{"name": "UrlPath"}])
    to_origin = {**response_header("Overwrite", "X-Id"), "name": "ModifyRequestHeader"}
    header_rule(record, 52, [{"name": "UrlRewrite"}, to_origin], matchProcessingBehavior="Stop")
    header_rule(record, 53, [response_header("Overwrite", "X-Late", "1")])
    outcome = ask(record, "GET", f"{API}/x")
    assert "Cache-Control" in outcome.removed
    assert "Cache-Control" not in outcome.set
    assert outcome.added == {"X-More": "1"}
    assert outcome.undecided == ["extra-51", "UrlRewrite"]
    assert "X-Late" not in outcome.set


@pytest.mark.parametrize("mode", MODES)
def test_origin_is_reached_privately_under_its_own_name(mode: Mode) -> None:
    outcome = ask(lean_record("prod", mode), "GET", f"{API}/x")
    last = outcome.decisions[-1]
    assert "over https by private link" in last.text
    assert "app-backend" in last.text
    assert last.by is not None
    assert last.by.source


def test_request_needs_method_and_url_only() -> None:
    asked = parse_request("GET", "https://Host.example")
    assert (asked.path, asked.host, asked.country, asked.rate) == ("/", "host.example", None, (1, 1))
    with pytest.raises(RequestError):
        parse_request("GET", "ftp://host.example")
