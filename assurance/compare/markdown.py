"""A comparison as the comment of a pull request: the verdict first, a table for each stack, details folded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from assurance.compare.changes import Change
from assurance.compare.choice import Comparison
from assurance.compare.posture.item import Posture
from assurance.compare.report import StackComparison
from assurance.compare.terminal import MARKS, changed_values, named_side, place_of, verdict

LIMIT = 60_000
"""Characters: a comment of GitHub holds 65,536 (docs.github.com/rest/issues/comments, read 2026-11-29)."""
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+.!|<>~&@:-]")
_REFERENCES = {**{each: f"&#{ord(each)};" for each in "<>&|"}, "@": "@&#8203;", "#": "\\#&#8203;"}
"""What a backslash does not do: a character reference is never read as a mark, in a cell or outside of one; a space of
no width after @ and # keeps GitHub from making a mention or a reference of the words after them."""


@dataclass(frozen=True)
class _Cut:
    """How many changes of a stack, and properties of a change, are shown. Weaknesses are never cut."""

    changes: int
    properties: int
    stronger: int


STEPS = (_Cut(400, 12, 400), _Cut(200, 6, 100), _Cut(80, 4, 40), _Cut(30, 2, 20), _Cut(10, 0, 5), _Cut(0, 0, 0))
SHORT = 160
"""Characters of a weakness where all of them would be too long otherwise."""
CLAIMS = 30
"""How many claims of a change's own run are shown."""


def to_markdown(result: Comparison, lead: Sequence[str] = (), claims: Sequence[str] = ()) -> str:
    """The comment, the same for the same comparison, below `LIMIT` characters. What is left out is said.

    lead: Markdown that comes before the verdict, a line each. claims: what the change's own run says otherwise.
    """
    for cut in STEPS:
        text = _render(result, cut, None, lead, claims)
        if len(text) < LIMIT:
            return text
    return _render(result, STEPS[-1], SHORT, lead, claims)


def escaped(value: Any) -> str:
    """Text that a reader sees as it is: no link, mention, tag, heading or cell comes of it; on one line."""
    text = " ".join("".join(each if each.isprintable() else " " for each in str(value)).split())
    return _SPECIAL.sub(lambda match: _REFERENCES.get(match[0], f"\\{match[0]}"), text)


def _render(
    result: Comparison, cut: _Cut, weaker_length: int | None, lead: Sequence[str], claims: Sequence[str]
) -> str:
    environment = Environment(
        loader=PackageLoader("assurance.compare", "templates"),
        autoescape=False,  # noqa: S701 - Markdown: every value passes through `escaped`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = escaped
    template = environment.get_template("comment.md.j2")
    stacks = [_stack(each, cut, weaker_length) for each in result.stacks]
    text, _ = verdict(result)
    commit = str(result.basis.get("commit") or "")[:12]
    bad = any(each.weaker for each in result.stacks) or any(result.dearer.values())
    return template.render(
        lead=lead,
        verdict=text,
        weaker=bad,
        stacks=stacks,
        past=result.past,
        notes=result.notes,
        claims=claims[:CLAIMS],
        claims_left=max(0, len(claims) - CLAIMS),
        commit=commit,
    )


def _stack(comparison: StackComparison, cut: _Cut, weaker_length: int | None) -> dict[str, Any]:
    counts: Counter[str] = Counter(change.change for change in comparison.changes)
    weaker = [each for each in comparison.posture if each.weaker]
    stronger = [each for each in comparison.posture if not each.weaker]
    changes = comparison.changes[: cut.changes]
    side = "base" if comparison.head is None else "head" if comparison.base is None else ""
    return {
        "name": comparison.stack,
        "base": named_side(comparison.base) if comparison.base else None,
        "only": side,
        "counts": ", ".join(f"{counts[kind]} {kind}" for kind in MARKS if counts[kind]) or "nothing differs",
        "areas": _areas(comparison.posture),
        "cost": comparison.cost_line,
        "weaker": [_item(each, weaker_length) for each in weaker],
        "stronger": [_item(each, None) for each in stronger[: cut.stronger]],
        "stronger_left": max(0, len(stronger) - cut.stronger),
        "changes": [_change(each, cut.properties) for each in changes],
        "changes_all": len(comparison.changes),
        "changes_left": len(comparison.changes) - len(changes),
    }


def _areas(items: Sequence[Posture]) -> list[tuple[str, int, int, int]]:
    """(area, weaker, of these accepted, stronger) in the order in which they come."""
    return [
        (
            area,
            sum(each.weaker for each in items if each.area == area),
            sum(each.weaker and each.accepted is not None for each in items if each.area == area),
            sum(not each.weaker for each in items if each.area == area),
        )
        for area in dict.fromkeys(each.area for each in items)
    ]


def _item(item: Posture, length: int | None) -> dict[str, Any]:
    what = item.what if length is None or len(item.what) <= length else f"{item.what[: length - 1]}…"
    return {"area": item.area, "what": what, "place": place_of(item.origin, item.source), "accepted": item.accepted}


def _change(change: Change, properties: int) -> dict[str, Any]:
    ordered = sorted(change.properties, key=lambda each: not each.forcesReplacement)
    rows = []
    for each in ordered[:properties]:
        before, after = changed_values(each.before, each.after)
        rows.append({"path": each.path, "before": before, "after": after, "forces": each.forcesReplacement})
    return {
        "mark": MARKS[change.change][0],
        "change": change.change,
        "type": change.type.removeprefix("azure-native:"),
        "name": change.name,
        "notes": [word for word, is_so in (("stateful", change.stateful), ("locked", change.locked)) if is_so],
        "place": place_of(change.origin or change.baseOrigin, change.source or change.baseSource),
        "properties": rows,
        "left": max(0, len(ordered) - properties),
    }
