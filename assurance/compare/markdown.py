"""A comparison as the comment of a pull request: the verdict first, a table for each stack, details folded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assurance.compare.changes import Change
from assurance.compare.choice import Comparison
from assurance.compare.grouping import Group, grouped
from assurance.compare.posture.item import Posture
from assurance.compare.report import StackComparison
from assurance.compare.terminal import MARKS, changed_values, counted_kinds, named_side, place_of, verdict
from assurance.pages.builder import build_text
from documents.counting import first_of

LIMIT = 60_000
"""Characters: a comment of GitHub holds 65,536 (docs.github.com/rest/issues/comments, read 2026-11-29)."""
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+.!|<>~&@:$-]")
_REFERENCES = {**{each: f"&#{ord(each)};" for each in "<>&|$"}, "@": "@&#8203;", "#": "\\#&#8203;"}
"""What a backslash does not do: a character reference is never read as a mark, in a cell or outside of one; a space of
no width after @ and # keeps GitHub from making a mention or a reference of the words after them."""
_MADE_LATER = re.compile(r":(?=(?:[\w+-]*[a-z+-][\w+-]*|100|1234):)|\bgh-(?=\d)", re.I)
"""What GitHub makes of the finished text, so that no backslash helps: a picture of `:tada:`, a link of `GH-1`."""


@dataclass(frozen=True)
class _Cut:
    """What is shown: changes of a stack, properties of a change, what is stronger, claims; characters of a line about
    something weaker, and how many such lines a stack has. None: all."""

    changes: int
    properties: int
    stronger: int
    characters: int | None = None
    weaker: int | None = None
    claims: int = 30


STEPS = (
    _Cut(400, 12, 400), _Cut(200, 6, 100), _Cut(80, 4, 40), _Cut(30, 2, 20), _Cut(10, 0, 5), _Cut(0, 0, 0),
    _Cut(0, 0, 0, 160), _Cut(0, 0, 0, 60),
    _Cut(0, 0, 0, 60, 100, 10), _Cut(0, 0, 0, 60, 10, 0), _Cut(0, 0, 0, 60, 0, 0),
)  # fmt: skip
"""Each is shorter than the one before. What is weaker is cut in the last three only: there are hundreds of lines then,
more than GitHub takes, and a comment that is refused would say nothing at all."""
LEAD_LINES, LEAD_CHARACTERS = 8, 2_000
"""What the last step leaves of the lines before the verdict."""


def to_markdown(result: Comparison, lead: Sequence[str] = (), claims: Sequence[str] = ()) -> str:
    """The comment, the same for the same comparison, below `LIMIT` characters. What is left out is said.

    lead: Markdown that comes before the verdict, a line each. claims: what the change's own run says otherwise.
    """
    for cut in STEPS:
        text = _render(result, cut, lead, claims)
        if len(text) < LIMIT:
            return text
    return _render(result, STEPS[-1], [each[:LEAD_CHARACTERS] for each in lead[:LEAD_LINES]], claims)


def escaped(value: Any) -> str:
    """Text that a reader sees as it is: no link, mention, tag, heading, picture or cell comes of it; on one line."""
    text = " ".join(str(value).split())
    if not text.isprintable():
        text = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    text = _MADE_LATER.sub("\\g<0>\0", text)
    return _SPECIAL.sub(lambda match: _REFERENCES.get(match[0], f"\\{match[0]}"), text).replace("\0", "&#8203;")


def _render(result: Comparison, cut: _Cut, lead: Sequence[str], claims: Sequence[str]) -> str:
    text, _ = verdict(result)
    return build_text(
        "assurance.compare",
        "comment.md.j2",
        filters={"md": escaped},
        lead=lead,
        verdict=text,
        weaker=any(each.weaker for each in result.stacks) or any(result.dearer.values()),
        stacks=[_stack(each, cut) for each in result.stacks],
        past=result.past,
        notes=result.notes,
        claims=claims[: cut.claims],
        claims_left=max(0, len(claims) - cut.claims),
        commit=str(result.basis.get("commit") or "")[:12],
    )


def _stack(comparison: StackComparison, cut: _Cut) -> dict[str, Any]:
    weaker = grouped(each for each in comparison.posture if each.weaker)
    stronger = grouped(each for each in comparison.posture if not each.weaker)
    alike = _alike(comparison.changes)
    return {
        "name": comparison.stack,
        "base": named_side(comparison.base) if comparison.base else None,
        "only": "base" if comparison.head is None else "head" if comparison.base is None else "",
        "counts": counted_kinds(comparison.changes) or "nothing differs",
        "areas": _areas(comparison.posture),
        "cost": comparison.cost_line,
        "weaker": [_item(each, cut.characters) for each in weaker[: cut.weaker]],
        "weaker_left": len(weaker) - len(weaker[: cut.weaker]),
        "stronger": [_item(each, None) for each in stronger[: cut.stronger]],
        "stronger_all": sum(not each.weaker for each in comparison.posture),
        "stronger_left": max(0, len(stronger) - cut.stronger),
        "changes": [_change(each, also, cut.properties) for each, also in alike[: cut.changes]],
        "changes_all": len(comparison.changes),
        "changes_left": sum(1 + len(also) for _, also in alike[cut.changes :]),
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


def _item(group: Group, length: int | None) -> dict[str, Any]:
    item = group.first
    what, place = (_short(text, length) for text in (group.what, place_of(item.origin, item.source)))
    return {"area": item.area, "what": what, "place": place, "accepted": item.accepted}


def _short(text: str, length: int | None) -> str:
    return text if length is None or len(text) <= length else f"{text[: length - 1]}…"


MANY = 5
"""Resources that change alike, from which on one line names them all: a renamed tag is one thing, not three hundred."""


def _alike(changes: Sequence[Change]) -> list[tuple[Change, list[str]]]:
    """Each change, and the others that change the same in the same way, where they are many."""
    groups: dict[str, list[Change]] = {}
    for each in changes:
        alike = each.change == "changed" and len(each.properties) < MANY
        groups.setdefault(repr(each.properties) if alike else each.urn, []).append(each)
    found: list[tuple[Change, list[str]]] = []
    for same in groups.values():
        if len(same) < MANY:
            found += [(each, []) for each in same]
        else:
            first, *others = same
            found.append((first, [f"{each.type.rsplit(':', 1)[-1]} {each.name}" for each in others]))
    order = {each.urn: index for index, each in enumerate(changes)}
    return sorted(found, key=lambda each: order[each[0].urn])


ALSO = 40
"""Names that one line has of what changes alike."""


def _change(change: Change, also: Sequence[str], properties: int) -> dict[str, Any]:
    rows = []
    for each in change.forcing_first[:properties]:
        before, after = changed_values(each.before, each.after)
        rows.append({"path": each.path, "before": before, "after": after, "forces": each.forcesReplacement})
    return {
        "mark": MARKS[change.change][0],
        "change": change.change,
        "type": change.type.removeprefix("azure-native:"),
        "name": change.name,
        "notes": change.notes,
        "place": place_of(change.origin or change.baseOrigin, change.source or change.baseSource),
        "properties": rows,
        "left": max(0, len(change.properties) - properties),
        "also": first_of(also, ALSO),
        "count": 1 + len(also),
    }
