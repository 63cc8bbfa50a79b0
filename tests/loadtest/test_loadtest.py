"""The load test and the Lighthouse budget: valid for their tools, aimed at staging, as strict as the objectives."""

from __future__ import annotations

import configparser
import json
import py_compile
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from documents.yaml_text import load_yaml
from loadtest import scenario
from tests.harness import ROOT

LOADTEST = ROOT / "loadtest"
LIGHTHOUSE = ROOT / "lighthouse"

TEXT = {"type": "string", "minLength": 1}
# learn.microsoft.com/azure/load-testing/reference-test-config-yaml
TEST_CONFIG = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "testId", "testType", "testPlan", "engineInstances", "failureCriteria", "autoStop"],
    "properties": {
        "version": {"const": "v0.1"},
        "testId": {"type": "string", "pattern": "^[a-z0-9_-]{2,50}$"},
        "displayName": TEXT,
        "description": {"type": "string", "maxLength": 100},
        "testType": {"enum": ["JMX", "Locust"]},
        "testPlan": TEXT,
        "engineInstances": {"type": "integer", "minimum": 1, "maximum": 400},
        "properties": {
            "type": "object",
            "required": ["userPropertyFile"],
            "properties": {"userPropertyFile": TEXT},
            "additionalProperties": False,
        },
        "configurationFiles": {"type": "array", "items": TEXT},
        "env": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "value"],
                "properties": {"name": TEXT, "value": TEXT},
                "additionalProperties": False,
            },
        },
        "failureCriteria": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "string",
                "pattern": r"^((avg|min|max|p50|p75|p90|p95|p96|p97|p98|p99)\((response_time_ms|latency)\)"
                r"|percentage\(error\)|avg\(requests_per_sec\)) [<>] \d+$",
            },
        },
        "autoStop": {
            "type": "object",
            "required": ["errorPercentage", "timeWindow"],
            "properties": {
                "errorPercentage": {"type": "integer", "minimum": 1, "maximum": 100},
                "timeWindow": {"type": "integer", "minimum": 1},
            },
            "additionalProperties": False,
        },
    },
}
RESOURCE = {"enum": ["script", "stylesheet", "image", "font", "media", "document", "other", "third-party", "total"]}


def _budgets(key: str, allowed: dict[str, Any]) -> dict[str, Any]:
    row = {"type": "object", "required": [key, "budget"], "additionalProperties": False}
    row["properties"] = {key: allowed, "budget": {"type": "number", "exclusiveMinimum": 0}}
    return {"type": "array", "minItems": 1, "items": row}


# github.com/GoogleChrome/lighthouse, performance budgets
BUDGET = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["path", "resourceSizes"],
        "properties": {
            "path": {"type": "string", "pattern": "^/"},
            "resourceSizes": _budgets("resourceType", RESOURCE),
            "resourceCounts": _budgets("resourceType", RESOURCE),
            "timings": _budgets("metric", {"type": "string", "pattern": "^[a-z-]+$"}),
        },
    },
}


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    data: dict[str, Any] = load_yaml((LOADTEST / "config.yaml").read_text(encoding="utf-8"))
    return data


def _stack(name: str) -> dict[str, Any]:
    data: dict[str, Any] = load_yaml((ROOT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))["config"]
    return data


def _hosts(stack: str, *exposures: str) -> set[str]:
    apps = _stack(stack)["medspasync:apps"].values()
    return {host for app in apps if app["exposure"] in exposures for host in app["hostNames"]}


def _locust_conf() -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read_string("[locust]\n" + (LOADTEST / "locust.conf").read_text(encoding="utf-8"))
    return dict(parser["locust"])


# The load test


def test_configuration_is_valid_and_names_existing_files(config: dict[str, Any]) -> None:
    jsonschema.validate(config, TEST_CONFIG)
    for name in (config["testPlan"], config["properties"]["userPropertyFile"], *config["configurationFiles"]):
        assert (LOADTEST / name).is_file(), name
        assert Path(name).name == name, "uploaded files lie in one folder"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("testId", "API"),
        ("testType", "k6"),
        ("failureCriteria", ["p95(response_time_ms) >= 200"]),
        ("failureCriteria", []),
        ("secrets", []),
        ("description", "x" * 101),
    ],
)
def test_a_wrong_configuration_is_refused(config: dict[str, Any], key: str, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**config, key: value}, TEST_CONFIG)


def test_load_test_fails_exactly_where_objective_does(config: dict[str, Any]) -> None:
    latency = _stack("staging")["medspasync:slo"]["objectives"]["backend"]["latency"]
    assert f"p{latency['percent']}(response_time_ms) > {latency['milliseconds'] - 1}" in config["failureCriteria"]
    assert any(re.fullmatch(r"percentage\(error\) > [0-5]", criterion) for criterion in config["failureCriteria"])


def test_load_goes_to_staging_and_never_to_production(config: dict[str, Any]) -> None:
    (host,) = (row["value"] for row in config["env"] if row["name"] == "LOCUST_HOST")
    assert host.removeprefix("https://") in _hosts("staging", "api") - _hosts("prod", "api")


def test_load_stays_below_limits_of_edge_and_app() -> None:
    """Without an exemption, a test above them would measure the firewall."""
    settings = _locust_conf()
    plan = (LOADTEST / "locustfile.py").read_text(encoding="utf-8")
    (pause,) = re.findall(r"between\((\d+), (\d+)\)", plan)
    a_minute = 60 / ((int(pause[0]) + int(pause[1])) / 2)
    edge = load_yaml((ROOT / "stacks/catalogues/rate_limits.yaml").read_text(encoding="utf-8"))["api"]
    limits = json.loads((ROOT / "samples/node/limits.json").read_text(encoding="utf-8"))
    people = int(settings["users"])
    assert people * a_minute < edge["api"]["threshold"] / edge["api"]["windowMinutes"]
    assert people < min(edge["authentication"]["threshold"], limits["login-address"]["limit"])
    assert 60 / int(pause[0]) * limits["api-user"]["seconds"] / 60 < limits["api-user"]["limit"]
    assert re.fullmatch(r"\d+m", settings["run-time"])


def test_the_locust_file_compiles(tmp_path: Path) -> None:
    for name in ("locustfile.py", "scenario.py"):
        py_compile.compile(str(LOADTEST / name), cfile=str(tmp_path / f"{name}c"), doraise=True)


def test_no_password_lies_in_the_load_test() -> None:
    assert scenario.load(LOADTEST / "scenario.json").sign_in["body"]["password"] == "{password}"
    assert "value: https://" in (LOADTEST / "config.yaml").read_text(encoding="utf-8")
    assert "LOADTEST_PASSWORD" not in (LOADTEST / "config.yaml").read_text(encoding="utf-8")


# The scenario


def test_people_are_synthetic_each_with_own_account() -> None:
    plan = scenario.load(LOADTEST / "scenario.json")
    people = [scenario.Person(plan, number) for number in range(1, 26)]
    assert len({person.account for person in people}) == 25
    assert all(person.account.endswith("@example.invalid") for person in people)
    path, body, field = people[0].sign_in("pass{word}")
    assert (path, field) == (plan.sign_in["path"], "accessToken")
    assert body == {"email": "loadtest-01@example.invalid", "password": "pass{word}"}


def test_an_account_that_could_be_somebodys_is_refused(tmp_path: Path) -> None:
    data = json.loads((LOADTEST / "scenario.json").read_text(encoding="utf-8"))
    (tmp_path / "s.json").write_text(json.dumps({**data, "account": "ann{number}@example.org"}))
    with pytest.raises(ValueError, match="synthetic accounts"):
        scenario.load(tmp_path / "s.json")


def test_requests_follow_weights_and_never_repeat_booking() -> None:
    plan = scenario.load(LOADTEST / "scenario.json")
    person = scenario.Person(plan, 3)
    drawn = [person.next_request() for _ in range(5000)]
    counts = Counter(kind.name for kind, _, _ in drawn)
    total = sum(kind.weight for kind in plan.requests)
    for kind in plan.requests:
        assert counts[kind.name] == pytest.approx(5000 * kind.weight / total, rel=0.15)
    assert all(path.startswith("/api/") and "{" not in path for _, path, _ in drawn)
    bodies = [json.dumps(body) for _, _, body in drawn if body is not None]
    assert bodies
    assert len(set(bodies)) == len(bodies)
    assert all(kind.method == "GET" or body for kind, _, body in drawn)


def test_an_unknown_placeholder_is_an_error() -> None:
    with pytest.raises(KeyError):
        scenario.fill({"a": "{typo}"}, {"day": "x"})


# Lighthouse


def test_the_budget_is_one_that_lighthouse_reads() -> None:
    budget = json.loads((LIGHTHOUSE / "budget.json").read_text(encoding="utf-8"))
    jsonschema.validate(budget, BUDGET)
    for page in budget:
        sizes = {row["resourceType"]: row["budget"] for row in page["resourceSizes"]}
        assert all(size <= sizes["total"] for size in sizes.values())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**budget[0], "resourceSizes": [{"resourceType": "js", "budget": 1}]}], BUDGET)


def test_every_front_end_must_score_above_ninety() -> None:
    rules = json.loads((LIGHTHOUSE / "lighthouserc.json").read_text(encoding="utf-8"))["ci"]
    level, options = rules["assert"]["assertions"]["categories:performance"]
    assert level == "error"
    assert options["minScore"] > 0.90
    assert rules["collect"]["numberOfRuns"] >= 3
    assert {url.split("/")[2] for url in rules["collect"]["url"]} == _hosts("staging", "web", "marketing")
    assert "performance" in rules["collect"]["settings"]["onlyCategories"]


def test_budget_and_assertions_agree() -> None:
    asserted = json.loads((LIGHTHOUSE / "lighthouserc.json").read_text(encoding="utf-8"))["ci"]["assert"]["assertions"]
    (page,) = json.loads((LIGHTHOUSE / "budget.json").read_text(encoding="utf-8"))
    for row in page["timings"]:
        if row["metric"] in asserted:
            assert asserted[row["metric"]][1]["maxNumericValue"] == row["budget"]
