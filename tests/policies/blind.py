"""The blind run: production altered property by property, whatever a property means; what no rule notices is listed."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from assurance.record import SECRET, Record, Resource
from policies import resource as viewed
from policies.rule import Rule
from policies.rules import RULES
from policies.view import Stack
from tests.policies.records import everything, view, view_of

CHANGED = "altered-by-the-blind-run"
STRANGERS = {
    r"/subscriptions/": "/subscriptions/00000000-0000-4000-8000-000000000009/resourceGroups/x/providers/M.X/y/z",
    r"[0-9a-f]{8}-[0-9a-f-]{27}$": "99999999-9999-4999-8999-999999999999",
    r"https://": "https://evil.example/",
    r"[a-z0-9-]+(\.[a-z0-9-]+)+$": "evil.example",
}
"""What an id, a principal, an address or a host is changed to, by its shape."""
Path = tuple[str | int, ...]
FREE = re.compile(r"^[A-Z][A-Z0-9_]+$|[./-]")
"""Names that a program may choose, such as those of settings, which are no inputs of their own."""


@dataclass(frozen=True)
class Property:
    """An input of a type: ``keyvault:Vault properties.sku.name``; a list's entries count as one, ``[]``."""

    type: str
    path: str

    def __str__(self) -> str:
        return f"{self.type.removeprefix('azure-native:')} {self.path}"


@dataclass(frozen=True)
class Alteration:
    """One property of one resource, removed or changed; stranger: to something of another's."""

    property: Property
    altered: Resource
    stranger: bool = False


def alterations(record: Record, types: Iterable[str] = ()) -> list[Alteration]:
    """Each property of each type, once removed and once changed; properties of a type on different resources."""
    found: list[Alteration] = []
    wanted = set(types)
    groups: dict[str, list[Resource]] = {}
    for resource in record:
        if resource.custom and (not wanted or resource.type in wanted):
            groups.setdefault(resource.type, []).append(resource)
    for type_, resources in groups.items():
        holders: dict[str, list[tuple[Resource, Path]]] = {}
        for resource in resources:
            for path in _paths(resource.inputs, ()):
                holders.setdefault(_name(path), []).append((resource, path))
        for index, (name, places) in enumerate(holders.items()):
            resource, path = places[index % len(places)]
            for change in (_without, _changed):
                inputs = copy.deepcopy(resource.inputs)
                if change(inputs, path):
                    stranger = change is _changed and _at(inputs, path) in STRANGERS.values()
                    found.append(Alteration(Property(type_, name), replace(resource, inputs=inputs), stranger))
    return found


def survivors(tried: list[Alteration]) -> list[Property]:
    """The properties of which no alteration is noticed: no rule that blocks reads them, or none objects."""
    noticed: set[Property] = set()
    for each in tried:
        if each.property not in noticed and _is_noticed(each):
            noticed.add(each.property)
    return sorted({each.property for each in tried} - noticed, key=str)


def _is_noticed(alteration: Alteration) -> bool:
    """Whether a rule that reads the property breaks on a resource on which it did not."""
    rules = [rule for rule in RULES if rule.blocking and _reads(rule, alteration.property)]
    if alteration.stranger:  # rules that look at every text, whatever its name
        rules += [rule for rule in RULES if rule.id.startswith("TRUST-")]
    if not rules:
        return False
    resources = [alteration.altered if each.urn == alteration.altered.urn else each for each in production()]
    stack = view_of(replace(production(), resources=resources), 0, "deployed")
    return any(_broken(rule, stack) - _broken_before(rule) for rule in rules)


def _broken(rule: Rule, stack: Stack) -> frozenset[str]:
    return frozenset(verdict.subject.urn for verdict in rule.examine(stack) if verdict.violations)


@cache
def _broken_before(rule: Rule) -> frozenset[str]:
    return _broken(rule, view(0, "deployed"))


def _reads(rule: Rule, one: Property) -> bool:
    """Whether a rule reads the property, or an object or list that it is part of, or a part of it."""
    path = one.path.replace("[]", "")
    return any(f"{path}.".startswith(f"{read}.") or read.startswith(f"{path}.") for read in _paths_read(rule)[one.type])


@cache
def _paths_read(rule: Rule) -> dict[str, set[str]]:
    """The paths that a rule reads of each type, in production as it is."""
    read: dict[str, set[str]] = defaultdict(set)
    get, leaves = viewed.Resource.get, viewed.Resource.leaves

    def traced_get(self: viewed.Resource, path: str, default: Any = None) -> Any:
        read[self.type].add(path)
        return get(self, path, default)

    def traced_leaves(self: viewed.Resource, path: str) -> Iterator[Any]:
        read[self.type].add(path.replace("[]", ""))
        return leaves(self, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(viewed.Resource, "get", traced_get)
        patch.setattr(viewed.Resource, "leaves", traced_leaves)
        # A stack of its own for each rule: what one has worked out, another would not read again.
        before = view(0, "deployed")
        fresh = Stack(before.resources, ours=before.ours).judged(before.trust, before.today)
        list(rule.examine(fresh))
    return read


def _paths(value: Any, path: Path) -> Iterator[Path]:
    """Every leaf, and every list as a whole."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], (dict, list)):
        yield path
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))
    else:
        yield path


def _name(path: Path) -> str:
    steps = ("[]" if isinstance(step, int) else "." + ("*" if FREE.search(step) else step) for step in path)
    return "".join(steps).removeprefix(".")


def _holder(inputs: Any, path: Path) -> tuple[Any, Any]:
    for step in path[:-1]:
        inputs = inputs[step]
    return inputs, path[-1]


def _at(inputs: Any, path: Path) -> Any:
    holder, step = _holder(inputs, path)
    value = holder[step]
    return value if isinstance(value, str) else None


def _without(inputs: dict[str, Any], path: Path) -> bool:
    holder, step = _holder(inputs, path)
    del holder[step]
    return True


def _changed(inputs: dict[str, Any], path: Path) -> bool:
    """Another value of the kind; a secret stays one, and an empty list has none."""
    holder, step = _holder(inputs, path)
    value = holder[step]
    if value == SECRET or (isinstance(value, (list, dict)) and not value):
        return False
    if isinstance(value, bool):
        holder[step] = not value
    elif isinstance(value, (int, float)):
        holder[step] = 0 if value else 1
    elif isinstance(value, list):
        holder[step] = []
    else:
        holder[step] = next((other for shape, other in STRANGERS.items() if re.match(shape, str(value))), CHANGED)
    return True


def production() -> Record:
    """The record that is altered; it stays as it is."""
    return everything("deployed")[0]
