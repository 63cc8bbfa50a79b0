"""Exceptions and trusted strangers that are new, or hold longer, in a stack; attestations that are gone, or shorter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from assurance.compare.posture.item import Posture
from documents.lines import text_lines
from documents.reading import parse_document
from policies.accepted_changes import Area

QUIET = ("reason", "compensatingControl", "owner", "stacks", "expires")


@dataclass(frozen=True)
class Entries:
    """Entries of one register that hold in one stack, as data, by id. lines: the line of each in the file."""

    file: str
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, file: str, text: str | None, stack: str) -> "Entries":
        """The entries of a register's text that name ``stack``; none where there is no register."""
        if text is None:
            return cls(file)
        data: Mapping[str, dict[str, Any]] = parse_document(text, dict[str, dict[str, Any]] | None, file) or {}
        lines = text_lines(text)
        here = {id_: each for id_, each in data.items() if stack in (each.get("stacks") or ())}
        return cls(file, here, {id_: lines[id_] for id_ in here if id_ in lines})


def register_items(area: Area, base: Entries, head: Entries) -> Iterator[Posture]:
    """What an entry opens is told by the entry: one that is new, wider or longer is weaker."""
    for id_, entry in head.entries.items():
        before = base.entries.get(id_)
        described = _describe_entry(entry)
        if before is None:
            yield _item(area, "weaker", f"{id_} is new: {described}", (None, described), id_, head)
            continue
        was = _describe_entry(before)
        if was != described:
            yield _item(area, "weaker", f"{id_}: {was} → {described}", (was, described), id_, head)
        old, new = _day(before), _day(entry)
        if old != new:
            direction = "weaker" if new > old else "stronger"
            yield _item(area, direction, f"{id_} holds until {new}, before until {old}", (old, new), id_, head)
    for id_, entry in base.entries.items():
        if id_ not in head.entries:
            was = _describe_entry(entry)
            yield _item(area, "stronger", f"{id_} is gone: {was}", (was, None), id_, base)


def attested_items(area: Area, base: Entries, head: Entries) -> Iterator[Posture]:
    """What an entry of the attestations says holds without it no more: one that is gone, or not signed, is weaker."""
    for id_, entry in head.entries.items():
        before = base.entries.get(id_)
        statement = str(entry.get("statement", ""))
        if before is None:
            yield _item(area, "stronger", f"{id_} is new: {statement}", (None, statement), id_, head)
            continue
        signed = [str(each.get("attested") or "not signed") for each in (before, entry)]
        if signed[0] != signed[1]:
            worse = signed[1] == "not signed" or (signed[0] != "not signed" and signed[1] < signed[0])
            what = f"{id_}: signed {signed[1]}, before {signed[0]}"
            yield _item(area, "weaker" if worse else "stronger", what, (signed[0], signed[1]), id_, head)
        for key in ("kind", "owner"):
            if before.get(key) != entry.get(key):
                what = f"{id_}: {key} {before.get(key)} → {entry.get(key)}"
                yield _item(area, "weaker", what, (before.get(key), entry.get(key)), id_, head)
    for id_, entry in base.entries.items():
        if id_ not in head.entries:
            statement = str(entry.get("statement", ""))
            yield _item(area, "weaker", f"{id_} is gone: {statement}", (statement, None), id_, base)


def _describe_entry(entry: Mapping[str, Any]) -> str:
    def text(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{key} {text(inner)}" for key, inner in value.items())
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    return "; ".join(f"{key} {text(value)}" for key, value in entry.items() if key not in QUIET)


def _day(entry: Mapping[str, Any]) -> str:
    value = entry.get("expires", "")
    return value.isoformat() if isinstance(value, date) else str(value)


def _item(area: Area, direction: Any, what: str, values: tuple[Any, Any], id_: str, side: Entries) -> Posture:
    origin = {"file": side.file, "line": side.lines.get(id_), "key": id_}
    return Posture(area=area, direction=direction, what=what, before=values[0], after=values[1], resource=id_,
                   aspect=id_, source=None, origin=origin)  # fmt: skip
