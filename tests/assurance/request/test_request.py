"""What the edge does with requests, on the project's own stacks and on altered ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from assurance.cli import app
from assurance.record import Mode, Record
from assurance.request.conditions import UndecidedError, holds
from assurance.request.edge import Edge
from assurance.request.expectations import check, load_examples
from assurance.request.message import RequestError, parse_request
from assurance.request.outcome import Outcome
from assurance.request.routes import most_specific
from tests.assurance.altered import added, lean_record, named, without
from tests.assurance.cli import run
from tests.harness import MODES, ROOT, STACKS

FILE = ROOT / "docs" / "requests.yaml"
EXAMPLES = load_examples(FILE)
API = "https://api.medspasyncpro.com"
WEB = "https://app.medspasyncpro.com"


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
    rules = {rule["name"] for policy in record.of_type("frontdoor:Policy") for rule in _rules(policy.inputs)}
    assert rules - stopping == {"UrlSize", "QuerySize"}, "which have tests of their own: their URLs are long"


def _rules(policy: dict[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = policy["customRules"]["rules"]
    return rules


@pytest.mark.parametrize(("query", "path", "rule"), [(0, 3000, "UrlSize"), (1025, 1, "QuerySize"), (1024, 1, "")])
def test_long_urls_are_stopped(query: int, path: int, rule: str) -> None:
    url = f"{API}/{'a' * path}" + (f"?{'q' * query}" if query else "")
    assert ask(lean_record(), "GET", url).rule == rule


# The table of examples in learn.microsoft.com/azure/frontdoor/front-door-route-matching.
PATTERNS = ["/", "/*", "/ab", "/abc", "/abc/", "/abc/*", "/abc/def", "/path/"]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/", "/"), ("/a", "/*"), ("/ab", "/ab"), ("/abc", "/abc"), ("/abzzz", "/*"), ("/abc/", "/abc/"),
        ("/abc/d", "/abc/*"), ("/abc/def", "/abc/def"), ("/abc/defzzz", "/abc/*"), ("/abc/def/ghi", "/abc/*"),
        ("/path", "/*"), ("/path/", "/path/"), ("/path/zzz", "/*"),
    ],
)  # fmt: skip
def test_the_most_specific_pattern_takes_a_path(path: str, pattern: str) -> None:
    assert most_specific(PATTERNS, path) == pattern


def test_no_pattern_takes_what_none_covers() -> None:
    assert most_specific(["/api/*"], "/other") is None


def condition(variable: str, operator: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"matchVariable": variable, "operator": operator, "matchValue": list(values), **more}


ASKED = parse_request(
    "POST",
    f"{WEB}/A%62c/x?one=1&two=2",
    headers=["Cookie: a=1; s=zz", "X-Forwarded-For: 198.51.100.7, 10.0.0.1", "X-Name:  Value "],
    origin="203.0.113.5",
    body_bytes=100,
)


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (condition("SocketAddr", "IPMatch", "203.0.113.0/24"), True),
        (condition("SocketAddr", "IPMatch", "203.0.113.5"), True),
        (condition("SocketAddr", "IPMatch", "2001:db8::/32", "198.51.100.0/24"), False),
        (condition("RemoteAddr", "IPMatch", "198.51.100.0/24"), True),
        (condition("SocketAddr", "IPMatch", "203.0.113.0/24", negateCondition=True), False),
        (condition("RequestMethod", "Equal", "GET", "POST"), True),
        (condition("RequestMethod", "Equal", "post"), False),
        (condition("RequestMethod", "Equal", "post", transforms=["Lowercase"]), True),
        (condition("RequestUri", "Contains", "/abc/"), False),
        (condition("RequestUri", "Contains", "/abc/", transforms=["UrlDecode", "Lowercase"]), True),
        (condition("RequestUri", "BeginsWith", "https://app."), True),
        (condition("RequestUri", "EndsWith", "two=2"), True),
        (condition("RequestUri", "RegEx", "one=[0-9]+"), True),
        (condition("RequestUri", "RegEx", "^/A"), False),
        (condition("QueryString", "Equal", "2", selector="two"), True),
        (condition("QueryString", "GreaterThan", "10"), True),
        (condition("QueryString", "LessThanOrEqual", "11"), True),
        (condition("QueryString", "LessThan", "11"), False),
        (condition("QueryString", "GreaterThanOrEqual", "12"), False),
        (condition("Cookies", "Equal", "zz", selector="s"), True),
        (condition("Cookies", "Any", selector="missing"), False),
        (condition("RequestHeader", "Equal", "Value", selector="X-NAME"), True),
        (condition("RequestHeader", "Equal", "VALUE", selector="X-Name", transforms=["Uppercase"]), True),
        (condition("RequestHeader", "Contains", "x", selector="Missing"), False),
        (condition("RequestHeader", "Contains", "x", selector="Missing", negateCondition=True), True),
        (condition("RequestHeader", "Any", selector="Host"), True),
        (condition("RequestBody", "GreaterThan", "99"), True),
        (condition("RequestBody", "GreaterThan", "100"), False),
        (condition("RequestHeader", "Equal", "100", selector="Content-Length", transforms=["Trim"]), True),
    ],
)
def test_conditions_hold_as_azure_documents_them(tried: dict[str, Any], expected: bool) -> None:
    result, why = holds(tried, ASKED)
    assert result is expected
    assert why.endswith("yes" if expected else "no")


@pytest.mark.parametrize(
    "tried",
    [
        condition("SocketAddr", "GeoMatch", "US"),
        condition("SocketAddr", "ServiceTagMatch", "AzureCloud"),
        condition("RequestHeader", "ServiceTagMatch", "x", selector="Host"),
        condition("PostArgs", "Contains", "x", selector="a"),
        condition("RequestBody", "Contains", "x"),
        condition("RequestUri", "IPMatch", "10.0.0.0/8"),
    ],
)
def test_what_a_description_cannot_tell_is_not_decided(tried: dict[str, Any]) -> None:
    with pytest.raises(UndecidedError):
        holds(tried, ASKED)


def test_a_forwarded_address_has_no_known_country() -> None:
    forwarded = parse_request("GET", WEB, headers=["X-Forwarded-For: 198.51.100.7"], origin="KP")
    with pytest.raises(UndecidedError):
        holds(condition("RemoteAddr", "GeoMatch", "KP"), forwarded)
    assert holds(condition("SocketAddr", "GeoMatch", "KP"), forwarded)[0]
    assert not holds(
        condition("RemoteAddr", "IPMatch", "10.0.0.0/8"), parse_request("GET", WEB, headers=["X-Forwarded-For: ?"])
    )[0]


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


def waf(record: Record, name: str = "waf-api") -> dict[str, Any]:
    return named(record, name, "frontdoor:Policy").inputs


def first(record: Record, **rule: Any) -> None:
    """A rule of one's own before all others."""
    match = [condition("RequestUri", "Contains", "/x")]
    _rules(waf(record)).append(
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


def test_example_that_no_longer_holds_fails_command(tmp_path: Path) -> None:
    record = lean_record()
    for rule in _rules(waf(record)):
        rule["rateLimitThreshold"] = 5000
    named(record, "edge-frontend-static", "cdn:Route").inputs["cacheConfiguration"] = None
    without(record, "edge-frontend-cache", "cdn:Rule")
    named(record, "headers-backend-2", "cdn:Rule").inputs["actions"].pop()
    without(record, "headers-backend-3", "cdn:Rule")
    result, report = run("request", record, tmp_path, "prod", "--file", str(FILE))
    assert result.exit_code == 1
    failed = {each["name"]: each for each in report["findings"] if each["status"] == "fail"}
    assert set(failed) == {
        "api-call", "api-static-looking", "web-static", "web-static-upper-case", "password-guessing",
        "password-guessing-encoded", "api-flood", "flood",
    }  # fmt: skip
    assert "Cache-Control is not set" in failed["api-call"]["message"]
    assert "Server is not removed" in failed["api-call"]["message"]
    assert "expected RateAuthentication" in failed["password-guessing"]["message"]
    assert all(each["source"]["line"] and each["origin"]["key"] for each in failed.values())


def test_one_request_is_explained_step_by_step(tmp_path: Path) -> None:
    result, report = run(
        "request", lean_record(), tmp_path, "prod", "POST", f"{API}/auth/login", "--rate", "500/5", "--from", "US"
    )
    assert result.exit_code == 0
    assert "blocked (403) by RateAuthentication" in result.output
    assert (report["outcome"], report["rule"], report["status"]) == ("blocked", "RateAuthentication", 403)
    assert [each["name"] for each in report["decisions"]][-1] == "RateAuthentication"
    assert report["decisions"][-1]["source"]["line"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["GET", "http://api.medspasyncpro.com/a"], "redirected to https://api.medspasyncpro.com/a"),
        (["GET", "https://nobody.example/"], "refused (400)"),
        (["GET", f"{WEB}/static/a.js"], "from the cache where the origin allows it"),
    ],
)
def test_every_kind_of_answer_is_told(arguments: list[str], told: str, tmp_path: Path) -> None:
    result, _ = run("request", lean_record(), tmp_path, "prod", *arguments)
    assert result.exit_code == 0
    assert told in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["GET", "not-a-url"], "not a URL"),
        (["GET", "https://[::1"], "not a URL"),
        (["get", WEB], "not a method"),
        (["GET", WEB, "--header", "no colon"], "not a header"),
        (["GET", WEB, "--from", "nowhere"], "neither an address nor a country"),
        (["GET", WEB, "--rate", "many"], "not requests and minutes"),
        (["GET"], "give METHOD and URL"),
        (["GET", WEB, "--file", "x.yaml"], "not both"),
        (["--file", "/nonexistent.yaml"], "a file that is there"),
    ],
)
def test_wrong_use_is_told_in_a_line(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["request", "prod", *arguments])
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"requests": [{"id": "a", "why": "b", "method": "GET", "url": "https://{api}/"}]}, "expect"),
        ({"hosts": {"prod": {}}}, "has no host 'api'"),
        ({"hosts": {"dev": {"api": "a"}}, "stacks": ["prod"]}, "no hosts are given for stack prod"),
        ({"twice": True}, "two requests have this id"),
        ({"method": "get"}, "not a method"),
    ],
)
def test_mistakes_of_file_are_told_all_at_once(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    example = {"id": "a", "why": "b", "method": change.get("method", "GET"), "url": "https://{api}/",
               "stacks": change.get("stacks", []), "expect": {"outcome": "forwarded"}}  # fmt: skip
    content = {
        "hosts": change.get("hosts", {"prod": {"api": "a.example"}}),
        "requests": change.get("requests", [example, example] if "twice" in change else [example]),
    }
    file = tmp_path / "requests.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    result = CliRunner().invoke(app, ["request", "prod", "--file", str(file)])
    assert result.exit_code == 2
    assert told in result.output


def test_file_without_yaml_or_stack_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "requests.yaml"
    file.write_text("{", encoding="utf-8")
    assert "a YAML file" in CliRunner().invoke(app, ["request", "prod", "--file", str(file)]).output
    file.write_text(json.dumps({"hosts": {"dev": {}}, "requests": []}), encoding="utf-8")
    result, _ = run("request", lean_record(), tmp_path, "prod", "--file", str(file))
    assert result.exit_code == 2
    assert "no hosts for stack prod" in result.output


def test_request_needs_method_and_url_only() -> None:
    asked = parse_request("GET", "https://Host.example")
    assert (asked.path, asked.host, asked.country, asked.rate) == ("/", "host.example", None, (1, 1))
    with pytest.raises(RequestError):
        parse_request("GET", "ftp://host.example")
