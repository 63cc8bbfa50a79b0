"""What is no JSON is told, whatever is wrong with it."""

import re

import pytest

from documents.json_reading import parse_json
from tests.harness import ROOT

OURS = {
    "assurance/compare/revision.py": "written by the process that it started",
    "assurance/evidence/review.py": "the schema of stack files, of this repository",
    "deployment/journal.py": "its own notes",
    "deployment/preflight/github.py": "an answer of GitHub",
}
"""Modules that read JSON which nobody else wrote, with whose it is."""


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", '{"a": Infinity}', '"\\ud800"', "[" * 100_000, "[" * 300 + "]" * 300, "\x00"]
)
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not JSON: "):
        parse_json(text)


def test_json_is_read_as_the_library_reads() -> None:
    assert parse_json('{"a": [1, 1.0, true, null, "ü", 12345678901234567890123]}') == {
        "a": [1, 1.0, True, None, "ü", 12345678901234567890123]
    }


def test_json_of_others_is_read_in_one_way() -> None:
    read = {
        str(file.relative_to(ROOT))
        for room in ("assurance", "deployment")
        for file in (ROOT / room).rglob("*.py")
        if re.search(r"json\.loads\(", file.read_text(encoding="utf-8"))
    }
    assert read == OURS.keys()
