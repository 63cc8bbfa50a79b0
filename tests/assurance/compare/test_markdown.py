"""The comment of a pull request."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from assurance.compare.choice import Comparison
from assurance.compare.markdown import LIMIT, escaped, to_markdown
from assurance.compare.posture.item import Posture
from tests.assurance.compare.seeded import SEEDED, comparison
from tests.harness import ROOT

HOSTILE = "</details> @someone #1 | [x](https://evil.example) <img src=x> `a` **b**\n# Approved"


def without_lines(text: str) -> str:
    """Without what others' edits move: numbers of lines, and what all the other resources cost."""
    text = re.sub(r"\.yaml\\:\d+", ".yaml:LINE", text)
    return re.sub(r"[\d,\\.]+ → [\d,\\.]+ USD", "BEFORE → AFTER USD", text)


@pytest.mark.parametrize("change", SEEDED)
def test_comment_is_as_reviewed(change: str, snapshot: SnapshotAssertion) -> None:
    """The verdict, then file, key and cost: a reader who sees only this can tell what happened.

    Numbers of lines are left out: others' edits move them.
    """
    expected = SEEDED[change][1]
    text = to_markdown(comparison(change))
    bad = expected is not None and expected[1] == "weaker"
    assert text.startswith("## ❌" if bad else "## ✅")
    assert len(text) < LIMIT
    if change != "a tag renamed":  # every resource of prod
        assert without_lines(text) == snapshot


@pytest.mark.parametrize("change", [name for name, (_, expected) in SEEDED.items() if expected])
def test_line_is_where_the_key_stands(change: str) -> None:
    for item in comparison(change).stacks[0].posture:
        assert item.origin is not None
        line = (ROOT / item.origin["file"]).read_text(encoding="utf-8").splitlines()[item.origin["line"] - 1]
        assert re.split(r"[.:\[]", item.origin["key"])[-1].rstrip("]") in line or "[" in item.origin["key"], item


def test_dearer_change_tells_its_cost() -> None:
    text = to_markdown(comparison("a SKU raised"))
    assert re.search(r"\| cost a month \| [\d,\\.]+ → [\d,\\.]+ USD", text), text
    assert "cost a month" not in to_markdown(comparison("a vault opened"))


def many(count: int, what: str) -> Comparison:
    item = Posture(area="edge", direction="weaker", what=what, before=1, after=2)
    result = comparison("a tag renamed")
    items = [replace(item, what=f"{what} {number}", resource=f"r{number}") for number in range(count)]
    return Comparison([replace(result.stacks[0], posture=items)], {})


def test_weaknesses_are_never_cut() -> None:
    text = to_markdown(many(200, "a long reason " * 20))
    assert len(text) < LIMIT
    assert text.count("- **edge**") == 200
    assert "more resources that this comment has no room for" in text


@pytest.mark.parametrize("count", [300])
def test_comment_that_github_refuses_is_cut(count: int) -> None:
    """Far more than any change weakens, with names made to grow: a refused comment would say nothing at all."""
    result = many(count, "@#" * 60)
    origin = {"file": "@" * 200, "line": 1, "key": "#" * 200}
    items = [replace(each, origin=origin) for each in result.stacks[0].posture]
    hostile = Comparison([replace(result.stacks[0], posture=items)] * 4, {})
    text = to_markdown(hostile, ["@&#8203;" * 2_000] * 90, ["@" * 500] * 90)
    assert len(text) < LIMIT
    assert f"## ❌ {count * 4} things are weaker" in text
    assert "more that are weaker**, which no comment has room for" in text


def test_what_one_entry_weakens_is_told_once() -> None:
    """One line names every resource; the table and the verdict count each."""
    (item,) = many(1, "x").stacks[0].posture
    items = [replace(item, what=f"days of {name}: 9 → 1", resource=name) for name in ("vault-a", "vault-b", "vault-c")]
    other = replace(item, what="days of vault-d: 9 → 2", resource="vault-d")
    text = to_markdown(Comparison([replace(many(1, "x").stacks[0], posture=[*items, other])], {}))
    assert "- **edge**: days of vault\\-a\\: 9 → 1 \\(also vault\\-b, vault\\-c\\)" in text
    assert text.count("- **edge**") == 2
    assert "| edge | 4 |" in text
    assert text.startswith("## ❌ 4 things")


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


@pytest.mark.parametrize(
    "text", [":tada:", "see GH-1", "$\\color{red}{x}$", "a@b", "\u202egnp.exe", "www.evil.example"]
)
def test_github_makes_nothing_of_escaped_text(text: str) -> None:
    """Neither of the Markdown nor, later, of the finished text: a picture, a link to an issue, a formula."""
    shown = escaped(text)
    for made in (r":[a-z]+:", r"GH-\d", r"\$", r"@\w", "\u202e", r"www\.\w"):
        assert not re.search(made, shown.replace("\\:", ":").replace("\\-", "-")), shown


def test_readme_shows_a_real_comment() -> None:
    comment = to_markdown(comparison("a limit raised")).strip().splitlines()[:-1]
    quoted = "\n".join(f"> {line}".rstrip() for line in comment)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert without_lines(quoted) in without_lines(readme)
