"""Numbers with their nouns; and no output counts past them."""

from __future__ import annotations

import re

import pytest

from documents.counting import counted
from tests.harness import ROOT

ROOMS = ("assurance", "policies", "ci", "deployment", "documents", "facts")
NOUNS = "findings|rules|files|resources|secrets|rows|entries|tables|bytes|controls|attestations|changes"
BARE = re.compile(rf"\{{[^{{}}]*(?:\blen\(|length|count|number|get\()[^{{}}]*\}}+ (?:{NOUNS})\b")


@pytest.mark.parametrize(
    ("number", "noun", "many", "text"),
    [
        (1, "finding", "", "1 finding"),
        (0, "finding", "", "0 findings"),
        (2, "entry", "entries", "2 entries"),
        (1, "finding passes", "findings pass", "1 finding passes"),
    ],
)
def test_one_is_counted_as_one(number: int, noun: str, many: str, text: str) -> None:
    assert counted(number, noun, many) == text


def test_no_output_counts_without_its_noun() -> None:
    """``{len(rows)} rows`` says "1 rows" some day: `counted` does not."""
    assert BARE.search('f"{len(rows)} rows"')
    assert BARE.search("{{ t.rows | length }} rows")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*"))
        if path.suffix in (".py", ".j2") and "__pycache__" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if BARE.search(line)
    ]
    assert found == []
