"""A comparison on the terminal: only what differs, what weakens and stateful resources first; the verdict last."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from assurance.compare.changes import Change
from assurance.compare.choice import Comparison
from assurance.compare.grouping import Group, grouped
from assurance.compare.report import StackComparison
from documents.counting import counted

MARKS = {"added": ("+", "green"), "changed": ("~", "yellow"), "replaced": ("±", "red"), "moved": (">", "red")}
MARKS["removed"] = ("-", "red")
VALUE_SHOWN = 70
PROPERTIES_SHOWN = 12


def show(console: Console, result: Comparison, *, quiet: bool = False) -> None:
    """The verdict, the comparison of every stack and what it could not see, and the verdict again.

    quiet: the verdict and what is weaker, and nothing else.
    """
    text, style = verdict(result)
    _line(console, text, style)
    for comparison in result.stacks:
        if quiet:
            for group in grouped(comparison.weaker):
                _show_posture(console, group)
        else:
            _show_stack(console, comparison)
    if quiet:
        return
    for id_ in result.past:
        _line(console, f"{id_} of policies/accepted_changes.yaml is past its last day: it covers nothing", "yellow")
    for note in result.notes:
        _line(console, f"Not seen: {note}.", "yellow")
    _line(console, text, style)


def verdict(result: Comparison) -> tuple[str, str]:
    """The verdict in a sentence, and its style."""
    dearer = [text for each in result.stacks for text in result.dearer.get(each.stack, ())]
    weaker = sum(len(each.weaker) for each in result.stacks)
    bill = f"The bill: {'; '.join(dearer)}." if dearer else ""
    if weaker:
        word = "thing is" if weaker == 1 else "things are"
        message = f"{weaker} {word} weaker than on the base, and nobody accepted that."
        return f"{message} {bill}".rstrip(), "bold red"
    if bill:
        return bill, "bold red"
    if any(each.differs for each in result.stacks):
        accepted = any(item.weaker for each in result.stacks for item in each.posture)
        but = ", but for what was accepted" if accepted else ""
        return f"Nothing is weaker than on the base{but}.", "bold green"
    return "Nothing differs.", "bold green"


def _show_stack(console: Console, comparison: StackComparison) -> None:
    if comparison.base is None or comparison.head is None:
        side = "base" if comparison.base else "head"
        _line(
            console, f"\n{comparison.stack}: on the {side} only, {counted(len(comparison.changes), 'resource')}", "bold"
        )
        return
    counts: Counter[str] = Counter(change.change for change in comparison.changes)
    message = ", ".join(f"{counts[kind]} {kind}" for kind in MARKS if counts[kind]) or "no resource differs"
    _line(console, f"\n{comparison.stack}, against {named_side(comparison.base)}: {message}", "bold")
    for group in grouped(comparison.posture):
        _show_posture(console, group)
    if comparison.cost_line:
        _line(console, f"  cost a month: {comparison.cost_line}", "")
    for change in comparison.changes:
        _show_change(console, change)


def named_side(side: dict[str, Any]) -> str:
    for kind in ("commit", "record", "stack"):
        if side.get(kind):
            return str(side[kind])[:12] if kind == "commit" else str(side[kind])
    return "the program at hand"


def _show_posture(console: Console, group: Group) -> None:
    item = group.first
    style = "green" if not item.weaker else "yellow" if item.accepted else "red"
    word = item.direction + (f", accepted by {item.accepted}" if item.accepted else "")
    place = place_of(item.origin, item.source)
    _line(console, f"  {item.area}, {word}: {group.what}" + (f"  ({place})" if place else ""), style)


def _show_change(console: Console, change: Change) -> None:
    mark, style = MARKS[change.change]
    notes = [word for word, is_so in (("stateful", change.stateful), ("locked", change.locked)) if is_so]
    head = Text.assemble((f"{mark} ", style), f"{change.type.removeprefix('azure-native:')} {change.name}")
    if notes:
        head.append(f"  {', '.join(notes)}", "bold magenta")
    if place := place_of(change.origin or change.baseOrigin, change.source or change.baseSource):
        head.append(f"  {place}", "dim")
    console.print(head, soft_wrap=True)
    for each in _first(change):
        forced = "  forces replacement" if each.forcesReplacement else ""
        before, after = changed_values(each.before, each.after)
        _line(console, f"    {each.path}: {before} → {after}{forced}", "")
    hidden = len(change.properties) - PROPERTIES_SHOWN
    if hidden > 0:
        _line(console, f"    and {hidden} more: --json FILE has them all", "dim")


def _first(change: Change) -> Sequence[Any]:
    return sorted(change.properties, key=lambda each: not each.forcesReplacement)[:PROPERTIES_SHOWN]


def place_of(origin: dict[str, Any] | None, source: dict[str, Any] | None) -> str:
    """The entry that a person would edit, else the line of the program."""
    if origin:
        line = f":{origin['line']}" if origin.get("line") else ""
        return f"{origin['file']}{line} {origin.get('key', '')}".rstrip()
    return f"{source['file']}:{source['line']}" if source else ""


def changed_values(before: Any, after: Any) -> tuple[str, str]:
    """Both values, each on one line; of long texts what surrounds their first difference."""
    old, new = _text(before), _text(after)
    start = 0
    if max(len(old), len(new)) > VALUE_SHOWN:
        start = max(0, _common(old, new) - VALUE_SHOWN // 3)
    return _cut(old, start), _cut(new, start)


def _common(old: str, new: str) -> int:
    """How many characters both begin with."""
    return next((index for index, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    return " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())


def _cut(text: str, start: int) -> str:
    shown = text[start : start + VALUE_SHOWN]
    return f"{'…' if start else ''}{shown}{'…' if len(text) > start + VALUE_SHOWN else ''}"


def _line(console: Console, text: str, style: str) -> None:
    console.print(Text(text, style=style), soft_wrap=True)
