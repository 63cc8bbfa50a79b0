"""What reports of SARIF 2.1.0 share."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from assurance.json_text import json_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
Objects = Sequence[Mapping[str, Any]]


def sarif_log(tool: str, rules: Objects, results: Objects, **more: Any) -> str:
    """A log of one run. more: further properties of the run."""
    run = {
        "tool": {"driver": {"name": tool, "rules": rules}},
        "invocations": [{"executionSuccessful": True}],
        **more,
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def sarif_location(place: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the checkout; the first one where none is known. place: its file and line."""
    artifact = {"uri": quote(place["file"]), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": place.get("line") or 1}}}
