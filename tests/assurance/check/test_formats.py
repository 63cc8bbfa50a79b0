"""Reports for other programs: valid, complete, pointing at lines a person can open."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import jsonschema

from assurance.check.findings import shared_basis
from assurance.check.formats import to_json, to_junit, to_sarif
from assurance.check.recording import recording_findings
from tests.assurance.check.samples import record, register, report

LOCATION: dict[str, Any] = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": "^[^/]"}},
                },
                "region": {"required": ["startLine"], "properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        }
    },
}
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "items": {"required": ["id", "shortDescription", "help"]},
                                        "uniqueItems": True,
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": {"required": ["text"]},
                                "locations": {"type": "array", "minItems": 1, "items": LOCATION},
                                "relatedLocations": {"type": "array", "items": LOCATION},
                                "suppressions": {
                                    "items": {
                                        "required": ["kind"],
                                        "properties": {
                                            "kind": {"enum": ["inSource", "external"]},
                                            "status": {"enum": ["accepted", "underReview", "rejected"]},
                                        },
                                    }
                                },
                            },
                        }
                    },
                },
            },
        },
    },
}
"""The part of SARIF 2.1.0 that code scanning relies on (docs.oasis-open.org/sarif/sarif/v2.1.0)."""


def sarif(*args: Any, **changes: Any) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(to_sarif([report(*args, **changes)]))
    jsonschema.validate(log, SARIF)
    return log


def test_json_has_the_contract_members_on_every_finding() -> None:
    data = json.loads(to_json([report(), report(register())]))
    assert data.keys() == {"findings", "totals", "basis"}
    assert (data["basis"]["mode"], data["basis"]["date"]) == ("deployed", "2026-11-22")
    needed = {"rule", "severity", "status", "controls", "urn", "type", "name", "message", "seen", "remediation"}
    needed |= {"source", "origin"}
    for finding in data["findings"]:
        assert needed | {"stack"} <= finding.keys()
    counted = {status: [f["status"] for f in data["findings"]].count(status) for status in data["totals"]}
    assert counted == data["totals"]
    excepted = next(f for f in data["findings"] if f["status"] == "excepted")
    assert (excepted["exception"], excepted["expires"]) == ("EXC-DEV-THING", "2027-01-31")


def test_sarif_points_to_line_and_to_entry() -> None:
    run = sarif()["runs"][0]
    result = next(r for r in run["results"] if r["ruleId"] == "KV-PURGE-PROTECTION")
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("components/key_vault.py", 98)
    related = result["relatedLocations"][0]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.dev.yaml"
    assert "medspasync:vaults" in related["message"]["text"]
    for each in run["results"]:
        assert run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]


def test_sarif_level_follows_the_status() -> None:
    """A gate of code scanning says what `check` says: what warns is no error, and has no score that overrules it."""
    run = sarif()["runs"][0]
    rules = {each["id"]: each for each in run["tool"]["driver"]["rules"]}
    levels = {each["ruleId"]: each["level"] for each in run["results"]}
    assert levels == {"KV-PURGE-PROTECTION": "error", "ID-PRINCIPAL-TYPE": "warning"}
    assert "security-severity" in rules["KV-PURGE-PROTECTION"]["properties"]
    assert "security-severity" not in rules["ID-PRINCIPAL-TYPE"]["properties"]
    assert "PG-ADMINISTRATOR" in rules, "a rule without a violation was judged too"


def test_basis_of_stacks_is_apart_where_it_differs() -> None:
    reports = [replace(report(), stack=name, basis={"version": "1", "stackFile": name}) for name in ("dev", "prod")]
    assert shared_basis(reports) == {"version": "1", "stackFile": {"dev": "dev", "prod": "prod"}}


def test_a_pass_says_what_was_seen() -> None:
    passed = next(f for f in report().findings if f.rule == "KV-PURGE-PROTECTION" and f.status == "pass")
    assert passed.seen == "properties.enablePurgeProtection = true"


def test_sarif_excepted_finding_is_suppressed_with_its_exception() -> None:
    result = next(r for r in sarif(register())["runs"][0]["results"] if r["ruleId"] == "KV-PURGE-PROTECTION")
    assert result["suppressions"][0]["justification"] == "EXC-DEV-THING, expires 2027-01-31"


def test_sarif_finding_without_line_points_to_stack_file() -> None:
    problems = [{"kind": "dropped-output", "urn": "", "message": "no value", "source": None}]
    noticed = replace(report(), findings=list(recording_findings(record(problems=problems))))
    results = json.loads(to_sarif([noticed]))["runs"][0]["results"]
    result = next(each for each in results if each["ruleId"] == "RECORD-DROPPED-OUTPUT")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.dev.yaml"
    assert "relatedLocations" not in result


def test_sarif_fingerprint_differs_by_finding_and_stays_same() -> None:
    prints = [r["partialFingerprints"]["resource/v1"] for r in sarif()["runs"][0]["results"]]
    assert len(set(prints)) == len(prints)
    moved = record()
    for resource in moved:
        resource.source = {"file": "components/key_vault.py", "line": 200}
    again = [r["partialFingerprints"]["resource/v1"] for r in sarif(resources=moved.resources)["runs"][0]["results"]]
    assert again == prints


def test_every_format_names_key_seen_and_remedy() -> None:
    """What was seen, what is wanted, and the entry to edit: for a person in a pull request, and one in a pipeline."""
    wrong = next(f for f in report().findings if f.rule == "ID-PRINCIPAL-TYPE" and f.status == "warn")
    edited = replace(wrong, status="fail", seen="principalType = null")
    told = replace(report(), findings=[edited])
    result = json.loads(to_sarif([told]))["runs"][0]["results"][0]
    assert "from Pulumi.dev.yaml:20 medspasync:vaults" in result["message"]["text"]
    assert result["properties"]["seen"] == "principalType = null"
    assert result["properties"]["key"] == "medspasync:vaults"
    assert result["properties"]["remediation"] == edited.remediation
    failure = ElementTree.fromstring(to_junit([told])).findtext("testsuite/testcase/failure", "")
    for part in ("Pulumi.dev.yaml:20 medspasync:vaults", "seen: principalType = null", f"to do: {edited.remediation}"):
        assert part in failure


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(to_junit([report(register())]))
    suite = root.find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert suite.get("name") == "dev"
    assert int(suite.get("tests", 0)) == len(cases)
    assert int(suite.get("failures", 0)) == len(suite.findall("testcase/failure"))
    assert int(suite.get("skipped", 0)) == len(suite.findall("testcase/skipped")) > 0
    warned = next(case for case in cases if case.get("classname") == "ID-PRINCIPAL-TYPE")
    assert "principalType" in warned.findtext("system-out", "")
    failed = ElementTree.fromstring(to_junit([report()])).find("testsuite/testcase/failure")
    assert failed is not None
    assert "to do: Set properties.enablePurgeProtection" in (failed.text or "")
