"""Which resources of a record must wait for which by Azure's own order: found by ids and values, and where a preview
does not know one, by the resource that the value comes from.

What the program declares to wait for is not looked at, so that a dependency it declares can be judged.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assurance.record import UNKNOWN, Resource
from documents.nested import texts_in
from facts.order import Constraints, Wait
from facts.types import Serial, type_row

SHORTEST = 12
"""Characters of a value that is somebody's own."""
SLASH = re.compile("/")


@dataclass(frozen=True)
class RequiredWait:
    """``waits`` must wait for ``on``; reason: what happens otherwise."""

    waits: Resource
    on: Resource
    reason: str


def required_waits(links: "Links", constraints: Constraints) -> Iterator[RequiredWait]:
    """What the constraints require among the resources of ``links``."""
    for wait in constraints.waits:
        waiters = _of(links.made, wait.waits)
        for other in _of(links.made, wait.for_):
            if other.type in constraints.exist_with_parent:
                continue
            if wait.where is not None and wait.where.lower() not in links.inputs[other.urn]:
                continue
            for waiter in links.linked(wait, waiters, other):
                if waiter is not other:
                    yield RequiredWait(waiter, other, wait.reason)


def serial_groups(links: "Links", rules: Mapping[str, Serial]) -> Iterator[tuple[Resource, list[Resource], str]]:
    """(parent, resources below it, reason) where Azure makes one of at least two at a time. rules: by the parent's
    type."""
    for parent in links.made:
        if serial := rules.get(parent.type):
            group = [resource for resource in _of(links.made, serial.children) if links.relates(resource, parent)]
            if len(group) > 1:
                yield parent, group, serial.reason


def _of(made: Sequence[Resource], types: Sequence[str]) -> list[Resource]:
    return list(made) if "*" in types else [resource for resource in made if resource.type in types]


class Links:
    """How the resources ``made`` refer to each other: what each one's inputs hold, and what identifies each one."""

    def __init__(self, made: Sequence[Resource]) -> None:
        self.made = made
        self.inputs = {resource.urn: json.dumps(resource.inputs).lower() for resource in made}
        self._by_urn = {resource.urn: resource for resource in made}
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
        self._below = self._find_below()

    def _find_below(self) -> dict[str, set[str]]:
        """URNs of what lies under each resource, by its URN."""
        by_id: dict[str, list[str]] = {}
        for resource in self.made:
            if resource.id != UNKNOWN:
                by_id.setdefault(self._ids[resource.urn], []).append(resource.urn)
        below: dict[str, set[str]] = {}
        for resource in self.made:
            for urn in (*self._above_by_id(resource, by_id), *self._above_by_source(resource)):
                below.setdefault(urn, set()).add(resource.urn)
        return below

    def _above_by_id(self, resource: Resource, by_id: Mapping[str, list[str]]) -> Iterator[str]:
        """URNs of those under whose ARM id its own lies."""
        own_id = self._ids[resource.urn] if resource.id != UNKNOWN else ""
        for slash in SLASH.finditer(own_id):
            yield from by_id.get(own_id[: slash.start()], ())

    def _above_by_source(self, resource: Resource) -> Iterator[str]:
        """URNs of those that a name or scope of its own comes from, in whose type it lives, where an id is unknown."""
        row = type_row(resource.type)
        for urn in _sources(resource, {*row.names, row.scope}) if row else ():
            other = self._by_urn.get(urn)
            if row and other and other.type == row.lives_in and UNKNOWN in (resource.id, other.id):
                yield urn

    def linked(self, wait: Wait, waiters: Sequence[Resource], other: Resource) -> list[Resource]:
        """Those of ``waiters`` between which and another the link of ``wait`` holds."""
        if wait.kind == "under":
            below = self._below.get(other.urn, set[str]())
            return [waiter for waiter in waiters if waiter.urn in below] if below else []
        if wait.kind == "names":
            return [waiter for waiter in waiters if self.names(waiter, other)]
        test, commons = (self._share if wait.kind == "shares" else self._holds), self._by_type.get(wait.common, [])
        return [waiter for waiter in waiters if any(test(waiter, other, common) for common in commons)]

    def under(self, resource: Resource, other: Resource) -> bool:
        """Whether the resource's ARM id lies under the other's; where that is not known, whether a name or scope of
        its own comes from the other, in whose type it lives."""
        return resource.urn in self._below.get(other.urn, ())

    def names(self, resource: Resource, other: Resource) -> bool:
        """Whether the resource's inputs hold what identifies the other, or a value of its that is not known yet."""
        if other.id == UNKNOWN and other.urn in _sources(resource):
            return True
        text = self.inputs[resource.urn]
        found = [value for value in self._known_by[other.urn] if value in text]
        return bool(found) and any(_whole(value).search(text) for value in found)

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
    given = {text.lower() for text in texts_in(resource.inputs)}
    # Name and type are ARM's envelope: the program knows both.
    answered = _without_echoes(resource.outputs, {**resource.inputs, "name": "", "type": ""})
    for value in map(str.lower, texts_in(answered)):
        if len(value) >= SHORTEST and value not in given:
            yield value.rstrip("/")


def _without_echoes(outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs at places where no input is: what is at one repeats it, also where somebody altered the input."""
    kept = {key: value for key, value in outputs.items() if key not in inputs}
    for key, value in outputs.items():
        if isinstance(value, dict) and isinstance(inputs.get(key), dict):
            kept[key] = _without_echoes(value, inputs[key])
    return kept
