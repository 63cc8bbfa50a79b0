"""Reports for other programs: valid, complete, pointing at lines a person can open."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from assurance.check.findings import STATUSES, Report, Status, shared_basis
from assurance.check.formats import to_json, to_junit, to_sarif
from assurance.check.recording import recording_findings
from tests.assurance.check.samples import record, register, report
from tests.official_formats import read_junit, read_sarif


def sarif(*args: Any, **changes: Any) -> dict[str, Any]:
    return read_sarif(to_sarif([report(*args, **changes)]))


STRANGE = "größe [eu] 100% \x1b[31m\x00 <b>&amp;"
"""A name that a program may give: letters of others, marks of an address, of XML and of a terminal."""


def told_as(status: Status) -> Report:
    """A report of one finding of ``status``, in a file and on a resource of a strange name."""
    one = next(f for f in report(register()).findings if f.name)
    source = {"file": f"out side/{STRANGE}.py", "line": None}
    origin = {"file": "Pulumi.dev.yaml", "line": 3, "key": STRANGE}
    strange = {"name": STRANGE, "message": STRANGE, "seen": STRANGE, "title": STRANGE, "source": source}
    edited = replace(one, status=status, origin=origin, urn=f"urn:{STRANGE}", **strange)
    return replace(report(), findings=[edited, replace(edited, name="", urn="", source=None, origin=None)])


@pytest.mark.parametrize("status", STATUSES)
def test_reports_of_every_status_are_valid(status: Status) -> None:
    suite = read_junit(to_junit([told_as(status)])).find("testsuite")
    assert suite is not None
    assert int(suite.get("failures", 0)) == (2 if status == "fail" else 0)
    results = read_sarif(to_sarif([told_as(status)]))["runs"][0]["results"]
    assert len(results) == (2 if status in ("fail", "warn", "excepted") else 0)


def test_a_report_of_nothing_is_valid() -> None:
    for reports in ([], [replace(report(), findings=[], basis={})]):
        assert read_sarif(to_sarif(reports))["runs"][0]["results"] == []
        assert len(read_junit(to_junit(reports)).findall("testsuite")) == len(reports)


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
    results = read_sarif(to_sarif([noticed]))["runs"][0]["results"]
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
    result = read_sarif(to_sarif([told]))["runs"][0]["results"][0]
    assert "from Pulumi.dev.yaml:20 medspasync:vaults" in result["message"]["text"]
    assert result["properties"]["seen"] == "principalType = null"
    assert result["properties"]["key"] == "medspasync:vaults"
    assert result["properties"]["remediation"] == edited.remediation
    failure = read_junit(to_junit([told])).findtext("testsuite/testcase/failure", "")
    for part in ("Pulumi.dev.yaml:20 medspasync:vaults", "seen: principalType = null", f"to do: {edited.remediation}"):
        assert part in failure


def test_junit_names_line_and_remedy() -> None:
    suite = read_junit(to_junit([report(register())])).find("testsuite")
    assert suite is not None
    assert suite.get("name") == "dev"
    assert int(suite.get("skipped", 0)) > 0
    for case in suite.findall("testcase"):
        assert not case.get("name", "").startswith("vault") or "key_vault.py:98" in case.findtext("system-out", "")
    warned = next(case for case in suite.findall("testcase") if case.get("classname") == "ID-PRINCIPAL-TYPE")
    assert "principalType" in warned.findtext("system-out", "")
    failed = read_junit(to_junit([report()])).findtext("testsuite/testcase/failure", "")
    assert "to do: Set properties.enablePurgeProtection" in failed
