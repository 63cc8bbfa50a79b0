"""Which resources of a record must wait for which by Azure's own order: found by ids and values, and where a preview
does not know one, by the resource that the value comes from.

What the program declares to wait for is not looked at, so that a dependency it declares can be judged.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assurance.record import UNKNOWN, Resource
from facts.order import Constraints, Wait
from facts.types import Serial, type_row

SHORTEST = 12
"""Characters of a value that is somebody's own."""


@dataclass(frozen=True)
class RequiredWait:
    """``waits`` must wait for ``on``; reason: what happens otherwise."""

    waits: Resource
    on: Resource
    reason: str


@dataclass(frozen=True)
class SerialGroup:
    """Resources of which Azure makes one at a time below ``parent``; reason: what happens otherwise."""

    parent: Resource
    group: Sequence[Resource]
    reason: str


def required_waits(made: Sequence[Resource], constraints: Constraints) -> Iterator[RequiredWait]:
    """What the constraints require among the resources ``made``."""
    links = _Links(made)
    for wait in constraints.waits:
        holds = links.test(wait)
        waiters, others = _of(made, wait.waits), _of(made, wait.for_)
        for other in others:
            if other.type in constraints.exist_with_parent:
                continue
            if wait.where is not None and wait.where.lower() not in links.inputs[other.urn]:
                continue
            for waiter in waiters:
                if waiter is not other and holds(waiter, other):
                    yield RequiredWait(waiter, other, wait.reason)


def serial_groups(made: Sequence[Resource], rules: Mapping[str, Serial]) -> Iterator[SerialGroup]:
    """Groups of at least two resources of which Azure makes one at a time. rules: by type of what they lie under."""
    links = _Links(made)
    for parent in made:
        if serial := rules.get(parent.type):
            group = [resource for resource in _of(made, serial.children) if links.relates(resource, parent)]
            if len(group) > 1:
                yield SerialGroup(parent, group, serial.reason)


def _of(made: Sequence[Resource], types: Sequence[str]) -> list[Resource]:
    return list(made) if "*" in types else [resource for resource in made if resource.type in types]


class _Links:
    """How resources refer to each other: what each one's inputs hold, and what identifies each one."""

    def __init__(self, made: Sequence[Resource]) -> None:
        self.inputs = {resource.urn: json.dumps(resource.inputs).lower() for resource in made}
        self._by_type: dict[str, list[Resource]] = {}
        values: dict[str, set[str]] = {}
        for resource in made:
            self._by_type.setdefault(resource.type, []).append(resource)
            values[resource.urn] = {*_own_id(resource), *_given_by_azure(resource)}
        shared = Counter(value for found in values.values() for value in found)
        self._ids = {resource.urn: resource.id.lower() for resource in made}
        self._known_by = {
            urn: [value for value in found if shared[value] == 1 and value] for urn, found in values.items()
        }

    def test(self, wait: Wait) -> Callable[[Resource, Resource], bool]:
        """Whether the link of ``wait`` holds between one that waits and another."""
        if wait.kind == "under":
            return self.under
        if wait.kind == "names":
            return self.names
        test, commons = (self._share if wait.kind == "shares" else self._holds), self._by_type.get(wait.common, [])
        return lambda waiter, other: any(test(waiter, other, common) for common in commons)

    def under(self, resource: Resource, other: Resource) -> bool:
        """Whether the resource's ARM id lies under the other's; where that is not known, whether a name or scope of
        its own comes from the other, in whose type it lives."""
        if UNKNOWN in (resource.id, other.id):
            row = type_row(resource.type)
            named = {*row.names, row.scope} if row else set()
            return bool(row and row.lives_in == other.type and other.urn in _sources(resource, named))
        return self._ids[resource.urn].startswith(f"{self._ids[other.urn]}/")

    def names(self, resource: Resource, other: Resource) -> bool:
        """Whether the resource's inputs hold what identifies the other, or a value of its that is not known yet."""
        if other.id == UNKNOWN and other.urn in _sources(resource):
            return True
        text = self.inputs[resource.urn]
        return any(value in text and _whole(value).search(text) for value in self._known_by[other.urn])

    def relates(self, resource: Resource, other: Resource) -> bool:
        """Whether the resource lies under the other or names it."""
        return self.under(resource, other) or self.names(resource, other)

    def _share(self, waiter: Resource, other: Resource, common: Resource) -> bool:
        return self.relates(waiter, common) and self.relates(other, common)

    def _holds(self, waiter: Resource, other: Resource, common: Resource) -> bool:
        if common.id == UNKNOWN:
            return self.under(other, common) and common.urn in _sources(waiter)
        return self.under(other, common) and json.dumps(self._ids[common.urn]) in self.inputs[waiter.urn]


def _sources(resource: Resource, inputs: Collection[str] | None = None) -> set[str]:
    """URNs of the resources that its inputs, or only some of them, come from."""
    found = resource.propertyDependencies.items()
    return {urn for key, urns in found if inputs is None or key in inputs for urn in urns}


def _whole(value: str) -> re.Pattern[str]:
    """The value, not merely the beginning of a longer name."""
    return re.compile(re.escape(value) + r"(?![\w.-])")


def _own_id(resource: Resource) -> Iterator[str]:
    """The id, where it is somebody's own: a random password's is the word ``none``, and others' are as short."""
    if "/" in resource.id or len(resource.id) >= SHORTEST:
        yield resource.id.lower()


def _given_by_azure(resource: Resource) -> Iterator[str]:
    """Values in the outputs that no input gave and that are long enough to be somebody's own."""
    given = set(_leaves(resource.inputs))
    # Name and type are ARM's envelope: the program knows both.
    for value in _leaves(_without_echoes(resource.outputs, {**resource.inputs, "name": "", "type": ""})):
        if len(value) >= SHORTEST and value not in given:
            yield value.rstrip("/")


def _without_echoes(outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs at places where no input is: what is at one repeats it, also where somebody altered the input."""
    kept = {key: value for key, value in outputs.items() if key not in inputs}
    for key, value in outputs.items():
        if isinstance(value, dict) and isinstance(inputs.get(key), dict):
            kept[key] = _without_echoes(value, inputs[key])
    return kept


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    elif isinstance(value, str):
        yield value.lower()
