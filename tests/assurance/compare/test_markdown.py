"""The comment of a pull request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from assurance.compare.changes import find_changes
from assurance.compare.choice import Comparison
from assurance.compare.markdown import LIMIT, escaped, to_markdown
from assurance.compare.pairing import pair_revisions
from assurance.compare.posture.build import find_posture
from assurance.compare.posture.item import Posture
from assurance.compare.report import StackComparison
from tests.assurance.compare.seeded import SEEDED, base, changed
from tests.harness import ROOT

HOSTILE = "</details> @someone #1 | [x](https://evil.example) <img src=x> `a` **b**\n# Approved"


def compared(change: Any) -> Comparison:
    before, after = base(), changed(change)
    pairs = pair_revisions(before, after)
    posture = find_posture(before, after, pairs, [])
    found = StackComparison(
        "prod", {"commit": "a" * 40}, {"commit": "b" * 40}, find_changes(before, after, pairs), [], posture
    )
    return Comparison([found], {"commit": "b" * 40})


def without_lines(text: str) -> str:
    return re.sub(r"\.yaml\\:\d+", ".yaml:LINE", text)


GOLDEN = ("a vault opened", "a limit raised", "a receiver removed", "retention lengthened")


@pytest.mark.parametrize("change", GOLDEN)
def test_the_comment_is_as_reviewed(change: str, snapshot: SnapshotAssertion) -> None:
    """A reader who sees only this can tell what happened. Numbers of lines are left out: others' edits move them."""
    assert without_lines(to_markdown(compared(SEEDED[change][0]))) == snapshot


@pytest.mark.parametrize("change", SEEDED)
def test_the_verdict_comes_first(change: str) -> None:
    expected = SEEDED[change][1]
    text = to_markdown(compared(SEEDED[change][0]))
    bad = expected is not None and expected[1] == "weaker"
    assert text.startswith("## ❌" if bad else "## ✅")
    assert len(text) < LIMIT


def many(count: int, what: str) -> Comparison:
    item = Posture(area="edge", direction="weaker", what=what, before=1, after=2)
    result = compared(SEEDED["a tag renamed"][0])
    items = [replace(item, what=f"{what} {number}", resource=str(number)) for number in range(count)]
    return Comparison([replace(result.stacks[0], posture=items)], {})


def test_weaknesses_are_never_cut() -> None:
    text = to_markdown(many(200, "a long reason " * 20))
    assert len(text) < LIMIT
    assert text.count("- **edge**") == 200
    assert "more resources that this comment has no room for" in text


def test_the_comment_is_stable() -> None:
    result = many(20, "x")
    assert to_markdown(result) == to_markdown(result)


def test_text_of_the_change_is_escaped() -> None:
    text = to_markdown(many(1, HOSTILE))
    assert "<img" not in text
    assert "</details> @" not in text
    assert "\n# Approved" not in text
    assert "@someone" not in text
    assert "](https" not in text
    assert text.count("</details>") == 1


def test_escaped_text_stays_in_its_cell() -> None:
    assert "|" not in escaped("a | b")
    assert "\n" not in escaped("a\nb\r\u2028c")


def test_readme_shows_a_real_comment() -> None:
    comment = to_markdown(compared(SEEDED["a limit raised"][0])).strip().splitlines()[:-1]
    quoted = "\n".join(f"> {line}".rstrip() for line in comment)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert without_lines(quoted) in without_lines(readme)
