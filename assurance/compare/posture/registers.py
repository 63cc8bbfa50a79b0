"""Exceptions and trusted strangers that are new, or hold longer, in a stack; attestations that are gone, or shorter."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assurance.compare.posture.item import Posture, item, one_sided
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
    yield from _came_and_went(area, base, head, _describe_entry, gone_is_weaker=False)
    for id_, before, entry in _both(base, head):
        was, described = _describe_entry(before), _describe_entry(entry)
        if was != described:
            yield _item(area, True, f"{id_}: {was} → {described}", (was, described), id_, head)
        old, new = str(before.get("expires", "")), str(entry.get("expires", ""))
        if old != new:
            yield _item(area, new > old, f"{id_} holds until {new}, before until {old}", (old, new), id_, head)


def attested_items(area: Area, base: Entries, head: Entries) -> Iterator[Posture]:
    """What an entry of the attestations says holds without it no more: one that is gone, or not signed, is weaker."""
    yield from _came_and_went(area, base, head, lambda entry: str(entry.get("statement", "")), gone_is_weaker=True)
    for id_, before, entry in _both(base, head):
        old, new = (str(each.get("attested") or "not signed") for each in (before, entry))
        if old != new:
            worse = new == "not signed" or (old != "not signed" and new < old)
            yield _item(area, worse, f"{id_}: signed {new}, before {old}", (old, new), id_, head)
        for key in ("kind", "owner"):
            values = (before.get(key), entry.get(key))
            if values[0] != values[1]:
                yield _item(area, True, f"{id_}: {key} {values[0]} → {values[1]}", values, id_, head)


def _came_and_went(
    area: Area, base: Entries, head: Entries, describe: Callable[[Mapping[str, Any]], str], *, gone_is_weaker: bool
) -> Iterator[Posture]:
    for id_, entry, gone in one_sided(base.entries, head.entries):
        said = describe(entry)
        what, values = (f"{id_} is gone: {said}", (said, None)) if gone else (f"{id_} is new: {said}", (None, said))
        yield _item(area, gone == gone_is_weaker, what, values, id_, base if gone else head)


def _both(base: Entries, head: Entries) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    yield from ((id_, base.entries[id_], entry) for id_, entry in head.entries.items() if id_ in base.entries)


def _describe_entry(entry: Mapping[str, Any]) -> str:
    def text(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{key} {text(inner)}" for key, inner in value.items())
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    return "; ".join(f"{key} {text(value)}" for key, value in entry.items() if key not in QUIET)


def _item(area: Area, weaker: bool, what: str, values: tuple[Any, Any], id_: str, side: Entries) -> Posture:
    origin = {"file": side.file, "line": side.lines.get(id_), "key": id_}
    about = item(area, weaker, what, values, None, id_)
    return replace(about, resource=id_, origin=origin)
