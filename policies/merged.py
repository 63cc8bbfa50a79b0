"""One form of a resource and its parts, whether they are declared inside it or apart from it (facts/parts.yaml).

A part declared apart joins the property that Azure keeps it in, so that a rule on the resource sees the whole. A part
written inside becomes a resource of its own type besides, so that a rule on that type sees it too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from facts.parts import Apart, Inside, parts
from facts.types import type_row
from policies.resource import Resource


class Overlay(Mapping[str, Any]):
    """An object with some members changed; the others are read from it, so that an unknown one still raises."""

    def __init__(self, base: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        self._base, self._changes = base, changes

    def __getitem__(self, key: str) -> Any:
        return self._changes[key] if key in self._changes else self._base[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._base
        yield from (key for key in self._changes if key not in self._base)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Part(Overlay):
    """An entry that stands apart, as a resource of its own, which the rules on that type judge."""


class Joined(Sequence[Any]):
    """A list with more entries behind its own."""

    def __init__(self, base: Sequence[Any], more: list[Any]) -> None:
        self._base, self._more = base, more

    def __getitem__(self, index: Any) -> Any:
        size = len(self._base)
        return self._base[index] if index < size else self._more[index - size]

    def __len__(self) -> int:
        return len(self._base) + len(self._more)


class Named(Mapping[str, Any]):
    """A list of names with values as an object; an unknown value raises when it is read."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self._entries = entries

    def __getitem__(self, key: str) -> Any:
        return self._entries[key]["value"]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def merged(resources: "Iterable[Resource]") -> "tuple[list[Resource], list[Resource]]":
    """The resources, each with its parts that stand apart; and the parts that stand inside them, on their own.

    A resource that was merged before is merged anew, from what its program declared.
    """
    given = [_as_type(resource.declared or resource) for resource in resources]
    by_type: dict[str, list[Resource]] = {}
    for resource in given:
        by_type.setdefault(resource.type, []).append(resource)
    whole: dict[int, Resource] = {}
    for type_, row in parts().apart.items():
        for part in by_type.get(type_, ()):
            for owner in by_type.get(row.resource, ()):
                if _is_of(part, owner, row.by):
                    before = whole.get(id(owner), owner)
                    inputs = _joined(before.inputs, row.into.split("."), part, row)
                    whole[id(owner)] = replace(before, inputs=inputs, declared=owner.declared or owner)
    inside = [
        part for row in parts().inside for owner in by_type.get(row.resource, ()) for part in _taken_out(owner, row)
    ]
    return [whole.get(id(resource), resource) for resource in given], inside


def _as_type(resource: "Resource") -> "Resource":
    """A generic resource with the inputs that its type has: what it calls properties, and its names."""
    if "resourceProviderNamespace" not in resource.inputs:
        return resource
    row = type_row(resource.type)
    try:
        properties = resource.inputs.get("properties") or {}
        path = str(resource.inputs.get("parentResourcePath") or "").strip("/").split("/")
        names = [*path[1::2], resource.inputs.get("resourceName")]
    except UnknownValueError:
        return resource
    named = {key: name for key, name in zip(row.names if row else (), names, strict=False) if name}
    flat = Overlay(properties, Overlay(resource.inputs, named)) if isinstance(properties, Mapping) else resource.inputs
    return replace(resource, inputs=flat, declared=resource)


def _is_of(part: "Resource", owner: "Resource", by: list[str]) -> bool:
    """Whether the part names this owner; where a name is not known yet, what it was computed from decides."""
    for name in by:
        here, there = part.named(name), owner.named(name)
        if not (isinstance(here, str) and isinstance(there, str)):
            return owner.urn in part.dependencies.get(name, frozenset())
        if here.lower() != there.lower():
            return False
    return True


def _joined(value: Any, path: list[str], part: "Resource", row: Apart) -> Any:
    """``value`` with the part at ``path``; unchanged where that is not known yet."""
    head, *rest = path
    try:
        member = value.get(head)
        if rest:
            return Overlay(value, {head: _joined(member if isinstance(member, Mapping) else {}, rest, part, row)})
        taken = part.inputs.get(row.takes) if row.takes else part.inputs
    except UnknownValueError:
        return value
    if row.fills:
        return value if member is not None else Overlay(value, {head: taken})
    renamed = {name: part.named(source) for name, source in row.renames.items()}
    entry = Part(taken if isinstance(taken, Mapping) else {}, renamed)
    return Overlay(value, {head: Joined(member if isinstance(member, Sequence) else (), [entry])})


def _taken_out(owner: "Resource", row: Inside) -> "Iterator[Resource]":
    names = {name: owner.named(name) for name in row.by}
    entries = [entry for entry in owner.leaves(f"{row.each}[]") if isinstance(entry, Mapping)]
    if not entries:
        return
    if row.settings:
        settings = {str(entry.get("name")): entry for entry in entries}
        inputs: Mapping[str, Any] = {**names, "properties": Named(settings)}
        yield replace(owner, type=row.type, inputs=inputs, id=None, inside=row.each, declared=None)
        return
    for entry in entries:
        name = entry.get("name")
        id_ = f"{owner.id}/{row.each}/{name}" if owner.id else None
        yield replace(
            owner,
            type=row.type,
            inputs=Overlay(entry, {**names, row.name: name}),
            outputs={},
            id=id_,
            inside=f"{row.each}: {name or 'one without a name'}",
            declared=None,
        )
