"""What runs by the clock: drift, the assessment, and their issues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from assurance.errors import UsageError
from ci.azure import post
from ci.drift import PAGES, QUERY, find_drift, graph_rows
from ci.engine import Engine
from ci.issues import QUARTERLY, assessment, open_issue
from tests.ci.conftest import Answers, Programs


@pytest.mark.parametrize(
    ("codes", "holds"),
    [({}, True), ({"refresh": 1}, False), ({"--state": 1}, False), ({"--graph": 1}, False)],
)
def test_drift_holds_when_nothing_differs(codes: dict[str, int], holds: bool, tmp_path: Path) -> None:
    programs = Programs(codes)
    assert find_drift(tmp_path, Engine("dev", programs), "s", lambda _question: {"data": []}) is holds
    assert "--preview-only" in programs.ran[0]
    assert not (tmp_path / "state.json").exists()


def test_drift_that_cannot_compare_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="could not compare"):
        find_drift(tmp_path, Engine("dev", Programs({"--graph": 2})), "s", lambda _question: {})


def test_graph_is_read_page_by_page() -> None:
    asked = []

    def ask(question: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(question)
        return {"data": [{"id": len(asked)}], "$skipToken": "more" if len(asked) < 3 else None}

    assert [row["id"] for row in graph_rows("s", ask)] == [1, 2, 3]
    assert asked[1]["options"]["$skipToken"] == "more"
    assert asked[0]["query"] == " ".join(QUERY.read_text().split())


def test_graph_without_end_is_told() -> None:
    with pytest.raises(UsageError, match=str(PAGES)):
        graph_rows("s", lambda _question: {"$skipToken": "again"})


def test_azure_refusal_is_told(answers: Answers) -> None:
    answers.answer = lambda _count: {"data": []}
    assert post(answers.url, {}, "t") == {"data": []}
    answers.status = 403
    with pytest.raises(UsageError, match="403"):
        post(answers.url, {}, "t")
    with pytest.raises(UsageError):
        post("http://127.0.0.1:1", {}, "t")


def test_assessment_is_the_list_of_the_page() -> None:
    title, text = assessment(QUARTERLY.read_text(), "2026 Q4")
    assert title == "Quarterly assessment 2026 Q4"
    assert text.count("- [ ]") >= 6
    assert "exceptions.yaml" in text
    with pytest.raises(UsageError):
        assessment("# nothing", "2026 Q4")


def test_issue_is_opened_once_then_added_to() -> None:
    class Issues:
        def __init__(self) -> None:
            self.open: list[dict[str, Any]] = []
            self.sent: list[str] = []

        def pages(self, _path: str, **_query: str) -> Iterator[Any]:
            yield from self.open

        def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
            self.sent.append(f"{method} {path}")
            if path == "issues":
                self.open.append({"number": 7, "title": body["title"]})
            return {"number": 7}

    github = Issues()
    assert open_issue(github, "Drift", "x" * 70_000) == "opened issue 7"  # type: ignore[arg-type]
    assert open_issue(github, "Drift", "again") == "added to issue 7"  # type: ignore[arg-type]
    assert github.sent == ["POST issues", "POST issues/7/comments"]
