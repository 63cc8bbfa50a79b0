"""Reports for other programs: JSON, SARIF 2.1.0 and JUnit XML."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from assurance.basis import stated_basis
from assurance.check.findings import Finding, Report, Status, shared_basis, totals
from assurance.json_text import json_text
from assurance.record import places
from assurance.sarif import sarif_location, sarif_log

_LEVELS: Mapping[Status, str] = {"fail": "error", "warn": "warning", "excepted": "note"}
"""A gate of code scanning must say what `check` says: only what fails is an error."""
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
"""GitHub code scanning sorts by ``security-severity``: above 9 critical, 7 high, 4 medium."""


def to_json(reports: Sequence[Report]) -> str:
    """All findings of all stacks, their totals, and what they rest on."""
    findings = [finding.as_dict() for report in reports for finding in report.findings]
    content = {"findings": findings, "totals": totals(reports), "basis": shared_basis(reports)}
    return json_text(content)


def stated_json(report: Report, says: str, **parts: Any) -> str:
    """What a command works out of a record: its parts between what they rest on and the findings. says: what kind of
    statement it is."""
    head = {"stack": report.stack, "mode": report.mode, "basis": stated_basis(report.basis, report.mode, says)}
    findings = [finding.as_dict() for finding in report.findings]
    return json_text({**head, **parts, "findings": findings, "totals": report.totals})


def to_sarif(reports: Sequence[Report]) -> str:
    """Violations as SARIF 2.1.0, one run, with every rule that was judged; excepted ones are suppressed."""
    findings = [finding for report in reports for finding in report.with_status("fail", "warn", "excepted")]
    rules = list({finding.rule: finding for report in reports for finding in report.findings}.values())
    numbers = {finding.rule: index for index, finding in enumerate(rules)}
    failed = {finding.rule for finding in findings if finding.status == "fail"}
    return sarif_log(
        "medspasync-assurance",
        [_sarif_rule(finding, finding.rule in failed) for finding in rules],
        [_sarif_result(finding, numbers[finding.rule]) for finding in findings],
        properties={"basis": shared_basis(reports)},
    )


def _sarif_rule(finding: Finding, failed: bool) -> dict[str, Any]:
    """The rule of a finding. Its score is given only where it fails: GitHub lets the score overrule the level."""
    score = {"security-severity": _SCORES[finding.severity]} if failed else {}
    return {
        "id": finding.rule,
        "shortDescription": {"text": finding.title},
        "help": {"text": finding.remediation},
        "defaultConfiguration": {"level": "warning" if finding.severity == "low" else "error"},
        "properties": {
            "tags": ["security", *(f"HIPAA {control}" for control in finding.controls)],
            **score,
        },
    }


def _sarif_result(finding: Finding, rule_index: int) -> dict[str, Any]:
    subject = finding.name or "the stack"
    source = finding.source or {"file": f"Pulumi.{finding.stack}.yaml"}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.status],
        "message": {
            "text": f"{finding.stack}: {subject}: {finding.message} [{places(finding.source, finding.origin)}]"
        },
        "locations": [sarif_location(source)],
        # The same finding of another run: the line may move, the resource does not.
        "partialFingerprints": {"resource/v1": f"{finding.stack}/{finding.rule}/{finding.urn or finding.name}"},
        "properties": {
            "stack": finding.stack,
            "urn": finding.urn,
            "seen": finding.seen,
            "remediation": finding.remediation,
            "key": (finding.origin or {}).get("key", ""),
        },
    }
    if finding.origin:
        message = {"text": f"made from {finding.origin.get('key', '')}".rstrip()}
        result["relatedLocations"] = [{**sarif_location(finding.origin), "id": 1, "message": message}]
    if finding.status == "excepted":
        justification = f"{finding.exception}, expires {finding.expires}"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def to_junit(reports: Sequence[Report]) -> str:
    """A test suite for each stack, a test case for each check; what was not judged is skipped with its reason."""
    root = ElementTree.Element("testsuites", name="assurance check")
    for report in reports:
        counts = report.totals
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=report.stack,
            tests=str(len(report.findings)),
            failures=str(counts["fail"]),
            errors="0",
            skipped=str(counts["excepted"] + counts["not-applicable"] + counts["unchecked"]),
        )
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in report.basis.items():
            text = json.dumps(value) if isinstance(value, (dict, list)) else str(value)
            ElementTree.SubElement(properties, "property", name=f"basis.{name}", value=text)
        for finding in report.findings:
            _junit_case(suite, finding)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _junit_case(suite: ElementTree.Element, finding: Finding) -> None:
    name = _as_xml(finding.name or finding.title)
    case = ElementTree.SubElement(suite, "testcase", classname=finding.rule, name=name)
    message = _as_xml(finding.message)
    if finding.status == "fail":
        failure = ElementTree.SubElement(case, "failure", message=message, type=finding.severity)
        failure.text = _as_xml(f"{finding.title}\n{finding.urn}\n{_junit_details(finding)}")
    elif finding.status == "warn":
        ElementTree.SubElement(case, "system-out").text = f"warning: {message}\n{_as_xml(_junit_details(finding))}"
    else:
        if finding.status != "pass":
            ElementTree.SubElement(case, "skipped", message=f"{finding.status}: {message}")
        # The schema has no attribute for a line: one more, and a server that checks refuses the report.
        at = f"at: {finding.source['file']}:{finding.source.get('line') or 1}" if finding.source else ""
        seen = f"seen: {finding.seen}" if finding.seen and finding.status == "pass" else ""
        if at or seen:
            ElementTree.SubElement(case, "system-out").text = _as_xml("\n".join(filter(None, (at, seen))))


def _junit_details(finding: Finding) -> str:
    """Where it is, what was seen and what is wanted."""
    return f"at: {places(finding.source, finding.origin)}\nseen: {finding.seen}\nto do: {finding.remediation}"


_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _as_xml(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold (w3.org/TR/xml, production 2), each as its code."""
    return _NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
