"""Every query of the project is analysed by Microsoft's own language service against the schemas of its tables.

It knows what the local engine does not: every function of KQL, and what Azure Monitor would refuse. It is a package of
npm, fetched when the tests run, and the tests say so when they cannot have it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.queries.engine import HERE, tables
from tests.queries.inventory import every_query

KUSTO = HERE / "kusto"
INSTALL = ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]

WRONG = {
    "a column that is not there": ("AZKVAuditLogs | where Caller == 'x'", "KS142"),
    "a table that is not there": ("AZKVAudit | take 1", "KS204"),
    "a function that is not there": ("Usage | extend x = no_such_function(DataType)", "KS211"),
    "half a sentence": ("Usage | where", "KS006"),
    "a text as a condition": ("Usage | where DataType", "KS"),
    "a sum of texts": ("Usage | summarize sum(DataType)", "KS"),
    "a column lost by summarize": ("Usage | summarize count() by DataType | where Quantity > 1", "KS142"),
}


QUERIES = {f"{use}: {id_}": text for use, texts in every_query().items() for id_, text in texts.items()}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the language service says of each query: one process for all of them."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("not analysed by Microsoft's language service: Node.js is not installed")
    folder: Path = tmp_path_factory.mktemp("kusto")
    shutil.copy(KUSTO / "package.json", folder)
    try:
        subprocess.run([npm, *INSTALL], cwd=folder, check=True, capture_output=True, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("not analysed by Microsoft's language service: npm cannot fetch it here")
    schemas = tables()
    wrong = {name: text for name, (text, _) in WRONG.items()}
    asked = json.dumps({"tables": schemas, "queries": {**QUERIES, **wrong}})
    done = subprocess.run([node, str(KUSTO / "analyse.js")], cwd=folder, input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("query", QUERIES)
def test_the_language_service_has_nothing_to_say(said: dict[str, list[str]], query: str, record_property: Any) -> None:
    record_property("kql", ("analysed", *query.split(": ", 1)))
    assert said[query] == []


@pytest.mark.parametrize("query", WRONG)
def test_the_language_service_sees_what_is_wrong(said: dict[str, list[str]], query: str) -> None:
    (found, *_) = said[query]
    assert found.startswith(f"Error {WRONG[query][1]}"), found


def test_the_versions_are_pinned() -> None:
    """Exactly, and without a lock file: that would name the registry's host."""
    pinned = json.loads((KUSTO / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(version[0].isdigit() for version in pinned.values())
    assert not list(KUSTO.glob("*lock*"))
