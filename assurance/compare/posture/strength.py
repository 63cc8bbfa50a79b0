"""Inputs whose value says how strong something is: ``strength.yaml`` on every pair of resources."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any

from assurance.compare.posture.item import Posture, Sides, item, known, plain
from assurance.compare.properties import differences
from assurance.record import SECRET, Record, Resource
from documents.counting import first_of
from documents.durations import seconds
from documents.reading import data_reader
from documents.sections import Section, one_of
from facts.types import Door, types_with
from policies.accepted_changes import Area
from policies.resource import lookup

NUMBER = re.compile(r"-?\d+(\.\d+)?")
ITEM_ORDERS = ("moreItems", "fewerItems")


class Strength(Section):
    """One row; the file's head says what each column means."""

    area: Area
    input: str
    types: list[str] = []
    where: dict[str, str] = {}
    order: Annotated[str, one_of(lambda: _RANKS)] | list[str]
    default: str | None = None
    why: str

    def is_about(self, resource: Resource, path: str) -> bool:
        """Whether it judges the input at ``path``, which has no places in lists."""
        if self.types and resource.type.removeprefix("azure-native:") not in self.types:
            return False
        if re.search(rf"(?:^|\.)(?:{self.input})$", path) is None:
            return False
        return all(re.fullmatch(v, str(lookup(resource.inputs, k, ""))) for k, v in self.where.items())

    def rank(self, value: Any) -> float:
        """How strong a value is: more is stronger; the default's where it is absent."""
        effective = self.default if value is None else value
        if isinstance(self.order, list):
            folded = [each.lower() for each in self.order]
            text = str(effective).lower()
            return folded.index(text) if text in folded else -1
        absent = effective is None and self.order not in ("present", *ITEM_ORDERS)
        return float("-inf") if absent else _RANKS[self.order](effective)


_RANKS: dict[str, Callable[[Any], float]] = {
    "more": lambda value: _number(value),
    "less": lambda value: -_number(value),
    "longer": lambda value: _duration(value),
    "shorter": lambda value: -_duration(value),
    "version": lambda value: _number("".join(re.findall(r"\d+", str(value))[:2])),
    "cron": lambda value: _runs(str(value)),
    "present": lambda value: float(bool(value)),
    "moreItems": lambda value: len(_items(value)),
    "fewerItems": lambda value: -len(_items(value)),
    "moreOften": lambda value: -_duration(str(value).rsplit("/", 1)[-1]),
}


def _number(value: Any) -> float:
    match = NUMBER.search(str(value))
    return float(match[0]) if match else float("-inf")


def _duration(value: Any) -> float:
    try:
        return seconds(str(value))
    except ValueError:
        return float("-inf")


def _runs(cron: str) -> float:
    """How often a cron expression of five fields runs in a week, near enough to compare two."""
    sizes = (60, 24, 31, 12, 7)
    fields = cron.split()
    if len(fields) != len(sizes):
        return float("-inf")
    shares = [_share(field, size) for field, size in zip(fields, sizes, strict=True)]
    return 60 * 24 * 7 * math.prod(shares)


def _share(field: str, size: int) -> float:
    """The part of a field's values that it names."""
    count = 0.0
    for part in field.split(","):
        values, _, step = part.partition("/")
        first, _, last = values.partition("-")
        if first == "*" or (step and not last):
            span = size
        else:
            span = int(last) - int(first) + 1 if first.isdigit() and last.isdigit() else 1
        count += max(1, span / int(step)) if step.isdigit() and int(step) else span
    return min(1.0, count / size)


def _items(value: Any) -> list[str]:
    if isinstance(value, str):
        return [each for each in re.split(r"[,;]\s*", value) if each and each.lower() != "none"]
    return [
        " ".join(f"{k} {v}" for k, v in each.items()) if isinstance(each, dict) else str(each) for each in value or ()
    ]


strengths = data_reader(__file__, "strength.yaml", list[Strength])
"""The rows."""


def strength_items(sides: Sides) -> Iterator[Posture]:
    """Every input that got weaker or stronger."""
    for base, head in sides.both:
        yield from _of_pair(base, head)
        yield from _protection(base, head)
    for new in sides.head:
        if new.urn in sides.added and _stays(new, sides.base):
            yield from _of_pair(_unset(new), new)
    for gone in sides.base:
        if gone.urn in sides.removed and _stays(gone, sides.head):
            yield from _of_pair(gone, _unset(gone))


PARAMETER = "azure-native:dbforpostgresql:Configuration"
"""A value of another resource: where it is not declared, the service's own holds."""


def _stays(parameter: Resource, other: Record) -> bool:
    """Whether it is a parameter of a server that the other side has too."""
    server = parameter.id.lower().partition("/configurations/")[0]
    return parameter.type == PARAMETER and any(each.id.lower() == server for each in other)


def _unset(parameter: Resource) -> Resource:
    return replace(parameter, inputs={key: value for key, value in parameter.inputs.items() if key != "value"})


def _of_pair(base: Resource, head: Resource) -> Iterator[Posture]:
    doors = types_with("public", list).get(head.type, ())
    for path, before, after in _leaves(base.inputs, head.inputs):
        if path.startswith("tags") or not known(before, after) or SECRET in (before, after):
            continue
        short = plain(path)
        yield from _through_doors(doors, head, path, before, after)
        row = next((each for each in strengths() if each.is_about(head, short)), None)
        if row is None or any(_opens(door, short) for door in doors):
            continue
        old, new = row.rank(before), row.rank(after)
        listed = row.order in ITEM_ORDERS
        if old == new and not (listed and sorted(_items(before)) != sorted(_items(after))):
            continue
        why = f", so that {row.why}" if new < old else ""
        steps = _describe_items(before, after, row) if listed else f"{shown(before)} → {shown(after)}"
        what = f"{path} of {head.name}: {steps}{why}"
        yield item(row.area, new <= old, what, (before, after), head, short, path)


ITEMS_TOLD = 8


def _describe_items(before: Any, after: Any, row: Strength) -> str:
    """What a list no longer names, and what it newly names; an absent one counts as the default."""
    old, new = (_items(row.default if value is None else value) for value in (before, after))
    lost, won = [each for each in old if each not in new], [each for each in new if each not in old]
    parts = [f"{word} {_some(items)}" for word, items in (("without", lost), ("with", won)) if items]
    return ", ".join(parts) or f"{shown(before)} → {shown(after)}"


def _some(items: list[str]) -> str:
    return first_of([shown(item) for item in items], ITEMS_TOLD)


def _opens(door: Door, path: str) -> bool:
    return re.fullmatch(re.escape(door.path).replace(r"\*", "[^.]+"), path) is not None


def _through_doors(doors: Any, head: Resource, path: str, before: Any, after: Any) -> Iterator[Posture]:
    for door in doors:
        if _opens(door, plain(path)):
            was, is_ = door.keeps_closed(before), door.keeps_closed(after)
            if was != is_:
                why = ", so that the type's public side answers" if was else ""
                what = f"{path} of {head.name}: {shown(before)} → {shown(after)}{why}"
                yield item("exposure", was, what, (before, after), head, plain(path), path)


def _protection(base: Resource, head: Resource) -> Iterator[Posture]:
    for option in ("protect", "retainOnDelete"):
        before, after = bool(base.options.get(option)), bool(head.options.get(option))
        if before != after:
            why = ", so that the engine may delete it" if before else ""
            what = f"{option} of {head.name}: {shown(before)} → {shown(after)}{why}"
            yield item("backup", before, what, (before, after), head, f"options.{option}")


LISTS = ("exclusions", "ipRules", "virtualNetworkRules", "allowedOrigins", "tableNames", "scrubbingRules")
"""Inputs that are judged as a whole list."""


def _leaves(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """(path, before, after) of every differing value; of what only one side has, each value in it."""
    seen: set[str] = set()
    for each in differences(before, after):
        whole = re.match(rf"(.*?(?:^|\.)(?:{'|'.join(LISTS)}))(?:$|[.\[])", each.path)
        if whole:
            if whole[1] not in seen:
                seen.add(whole[1])
                yield whole[1], at_path(before, whole[1]), at_path(after, whole[1])
            continue
        if isinstance(each.before, (dict, list)) or isinstance(each.after, (dict, list)):
            old, new = dict(_inside(each.before, each.path)), dict(_inside(each.after, each.path))
            yield from ((path, old.get(path), new.get(path)) for path in sorted({*old, *new}))
        else:
            yield each.path, each.before, each.after


def _inside(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _inside(inner, f"{path}.{key}")
    elif isinstance(value, list) and path.rsplit(".", 1)[-1] not in LISTS:
        for index, inner in enumerate(value):
            yield from _inside(inner, f"{path}[{index}]")
    elif value is not None:
        yield path, value


def at_path(value: Any, path: str) -> Any:
    """The value at a path with places in lists; None where there is none."""
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            value = value[int(step)] if isinstance(value, list) else value.get(step)
        except (AttributeError, IndexError, ValueError):
            return None
        if value is None:
            return None
    return value


def shown(value: Any) -> str:
    """A value in words, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return shown(" ".join(f"{key} {item}" for key, item in value.items()))
    text = ", ".join(map(shown, value)) if isinstance(value, list) else str(value)
    text = text.rsplit("/", 1)[-1] if text.startswith("/subscriptions/") else text
    return (text if len(text) <= 90 else f"{text[:87]}…") or "none"
