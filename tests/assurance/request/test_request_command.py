"""The command: one request explained, a file of examples held, wrong use told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from assurance.cli import app
from tests.assurance.altered import lean_record, named, without
from tests.assurance.cli import run
from tests.assurance.request.samples import API, WEB, rules_of, waf
from tests.harness import ROOT

FILE = ROOT / "docs" / "requests.yaml"


def test_example_that_no_longer_holds_fails_command(tmp_path: Path) -> None:
    record = lean_record()
    for rule in rules_of(waf(record)):
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
