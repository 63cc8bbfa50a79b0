"""The posture of two sides compared, complete."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from assurance.compare.pairing import Pair
from assurance.compare.posture.access import access_items
from assurance.compare.posture.classification import classification_items
from assurance.compare.posture.edge import edge_items
from assurance.compare.posture.exposure import exposure_items
from assurance.compare.posture.item import Direction, Posture, Sides, same
from assurance.compare.posture.presence import presence_items
from assurance.compare.posture.rates import rate_items
from assurance.compare.posture.registers import Entries, attested_items, register_items
from assurance.compare.posture.strength import strength_items
from assurance.compare.posture.watching import watching_items
from assurance.compare.verdicts import RuleChange
from assurance.record import Record
from policies.accepted_changes import AcceptedChanges, Area
from policies.rule import UNREADABLE

Finder = Callable[[Sides], Iterator[Posture]]
FINDERS: dict[Area, Finder] = {
    "exposure": exposure_items,
    "access": access_items,
    "encryption": strength_items,
    "alerts": watching_items,
    "backup": presence_items,
    "rates": rate_items,
    "edge": edge_items,
    "rules": classification_items,
}
"""By the area that is named where a finder cannot read a record."""

REGISTERS: dict[str, Area] = {
    "policies/exceptions.yaml": "exceptions",
    "policies/trusted.yaml": "trusted",
    "policies/attestations.yaml": "rules",
}
"""The area of what a register's entry changes."""
ORDER: tuple[Area, ...] = ("moved", "exposure", "access", "edge", "encryption", "backup", "retention", "alerts", "logs",
                           "rates", "trusted", "exceptions", "rules")  # fmt: skip


def find_posture(
    base: Record,
    head: Record,
    pairs: Sequence[Pair],
    rules: Iterable[RuleChange],
    registers: tuple[Sequence[Entries], Sequence[Entries]] = ((), ()),
) -> list[Posture]:
    """Everything that got weaker or stronger, weaker first; of one record on both sides, by registers and rules alone.

    registers: of the base and of the head, file by file.
    """
    sides = Sides(base, head, list(pairs))
    found: list[Posture] = []
    for area, finder in FINDERS.items() if base is not head else ():
        found += _read(area, finder, sides)
    for old, new in zip(*registers, strict=True):
        items = attested_items if new.file.endswith("attestations.yaml") else register_items
        found += items(REGISTERS[new.file], old, new)
    entries = {id_: {"file": each.file, "line": each.lines.get(id_), "key": id_}
               for side in registers for each in side for id_ in each.entries}  # fmt: skip
    found += [_of_rule(each, head, base, entries) for each in rules]
    flows = {(each.resource, each.direction) for each in found if each.area == "exposure" and " to " in each.aspect}
    found = [each for each in same(found) if not _is_said_by_flow(each, flows)]
    return sorted(found, key=lambda e: (not e.weaker, ORDER.index(e.area), e.resource, e.aspect, e.what))


def _is_said_by_flow(each: Posture, flows: set[tuple[str, Direction]]) -> bool:
    """Whether an input of a resource only says what a flow to it says in full."""
    short = each.aspect.rsplit(".", 1)[-1]
    return (
        each.area == "exposure"
        and short in ("publicNetworkAccess", "defaultAction")
        and (each.resource, each.direction) in flows
    )


def _read(area: Area, finder: Finder, sides: Sides) -> list[Posture]:
    """What a finder finds; that it cannot read a record, where an input is nonsense: that is weaker until it can."""
    try:
        return list(finder(sides))
    except UNREADABLE as error:
        what = f"{area} cannot be compared: an input is not readable ({type(error).__name__}: {error})"
        return [Posture(area=area, direction="weaker", what=what, before=None, after=None, aspect="unreadable")]


def _of_rule(rule: RuleChange, head: Record, base: Record, entries: Mapping[str, dict[str, Any]]) -> Posture:
    """entries: of the registers by id: a verdict about one of them has its line."""
    about = head.by_urn.get(rule.urn) or base.by_urn.get(rule.urn)
    subject = f" {rule.name}" if rule.name else ""
    steps = f"{rule.before or 'not there'} → {rule.after or 'gone'}"
    area: Any = rule.area
    return Posture(
        area=area,
        direction="weaker" if rule.worse else "stronger",
        what=f"{rule.rule}{subject}: {steps}: {rule.message}".rstrip(": "),
        before=rule.before,
        after=rule.after,
        resource=rule.name,
        aspect=rule.rule,
        urn=rule.urn,
        source=rule.source or (about.source if about else None),
        origin=rule.origin or (about.origin if about else entries.get(rule.name)),
    )


def with_acceptance(items: Iterable[Posture], stack: str, accepted: AcceptedChanges, today: date) -> list[Posture]:
    """The items, each weaker one with the entry that covers it."""
    return [
        replace(each, accepted=accepted.find(stack, each.area, each.resource, each.aspect, today))
        if each.weaker
        else each
        for each in items
    ]
