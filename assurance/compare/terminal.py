"""A comparison on the terminal: only what differs, what weakens and stateful resources first; the verdict last."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from assurance.compare.changes import Change, Kind
from assurance.compare.choice import Comparison
from assurance.compare.grouping import Group, grouped
from assurance.compare.report import StackComparison
from assurance.record import shown_entry, shown_place
from assurance.terminal import print_line
from documents.counting import counted

MARKS: dict[Kind, tuple[str, str]] = {
    "added": ("+", "green"), "changed": ("~", "yellow"), "replaced": ("±", "red"), "moved": (">", "red"),
    "removed": ("-", "red"),
}  # fmt: skip
VALUE_SHOWN = 70
PROPERTIES_SHOWN = 12


def show(console: Console, result: Comparison, *, quiet: bool = False) -> None:
    """The verdict, the comparison of every stack and what it could not see, and the verdict again.

    quiet: the verdict and what is weaker, and nothing else.
    """
    text, style = verdict(result)
    print_line(console, text, style)
    for comparison in result.stacks:
        if quiet:
            for group in grouped(comparison.weaker):
                _show_posture(console, group)
        else:
            _show_stack(console, comparison)
    if quiet:
        return
    past = "of policies/accepted_changes.yaml is past its last day: it covers nothing"
    for id_ in result.past:
        print_line(console, f"{id_} {past}", "yellow")
    for note in result.notes:
        print_line(console, f"Not seen: {note}.", "yellow")
    print_line(console, text, style)


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
        only = f"on the {side} only, {counted(len(comparison.changes), 'resource')}"
        print_line(console, f"\n{comparison.stack}: {only}", "bold")
        return
    message = counted_kinds(comparison.changes) or "no resource differs"
    print_line(console, f"\n{comparison.stack}, against {named_side(comparison.base)}: {message}", "bold")
    for group in grouped(comparison.posture):
        _show_posture(console, group)
    if comparison.cost_line:
        print_line(console, f"  cost a month: {comparison.cost_line}")
    for change in comparison.changes:
        _show_change(console, change)


def counted_kinds(changes: Sequence[Change]) -> str:
    """How many resources changed in which way; empty where none did."""
    counts = Counter(change.change for change in changes)
    return ", ".join(f"{counts[kind]} {kind}" for kind in MARKS if counts[kind])


def named_side(side: dict[str, Any]) -> str:
    """What a reader calls a side."""
    return str(side.get("commit") or "")[:12] or side.get("record") or side.get("stack") or "the program at hand"


def _show_posture(console: Console, group: Group) -> None:
    item = group.first
    style = "green" if not item.weaker else "yellow" if item.accepted else "red"
    word = item.direction + (f", accepted by {item.accepted}" if item.accepted else "")
    place = place_of(item.origin, item.source)
    print_line(console, f"  {item.area}, {word}: {group.what}" + (f"  ({place})" if place else ""), style)


def _show_change(console: Console, change: Change) -> None:
    mark, style = MARKS[change.change]
    head = Text.assemble((f"{mark} ", style), f"{change.type.removeprefix('azure-native:')} {change.name}")
    if change.notes:
        head.append(f"  {', '.join(change.notes)}", "bold magenta")
    if place := place_of(change.origin or change.baseOrigin, change.source or change.baseSource):
        head.append(f"  {place}", "dim")
    print_line(console, head)
    for each in change.forcing_first[:PROPERTIES_SHOWN]:
        forced = "  forces replacement" if each.forcesReplacement else ""
        before, after = changed_values(each.before, each.after)
        print_line(console, f"    {each.path}: {before} → {after}{forced}")
    hidden = len(change.properties) - PROPERTIES_SHOWN
    if hidden > 0:
        print_line(console, f"    and {hidden} more: --json FILE has them all", "dim")


def place_of(origin: dict[str, Any] | None, source: dict[str, Any] | None) -> str:
    """The entry that a person would edit, else the line of the program."""
    if origin:
        return shown_entry(origin)
    return shown_place(source) if source else ""


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
