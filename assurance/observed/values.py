"""Values of a record and of what is live, compared as far as a record can know them.

A record invents what only Azure gives: subscription, tenant, object ids, hashes. So ids are compared up to their
subscription and GUIDs, and a text that holds a computed output of another resource is not compared at all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assurance.record import UNKNOWN, Record, Resource
from documents.nested import texts_in

SECRET = "[secret]"  # noqa: S105 - the record's mark for one
ENGINE_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key by which the engine marks a secret
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SHORTEST = 8
"""Characters from which a text counts as a computed output: shorter ones are words like `Enabled`."""
RANDOM = "random:"
ENGINE_KEYS = frozenset({"__defaults", "__provider"})
"""Inputs that the engine and the SDKs add for themselves."""


@dataclass(frozen=True)
class Difference:
    """One input that differs. path: where; declared, live: its values, None where it is absent."""

    path: str
    declared: Any
    live: Any

    def __str__(self) -> str:
        return f"{self.path} is {_shown(self.live)}, declared {_shown(self.declared)}"


@dataclass
class Comparison:
    """differences: inputs that differ; skipped: paths that could not be compared, with why."""

    differences: list[Difference]
    skipped: dict[str, str]


class Comparer:
    """Compares inputs of one record's resources with live ones."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def compare(self, resource: Resource, live: Mapping[str, Any]) -> Comparison:
        """The inputs of a resource against the live ones."""
        result = Comparison([], {})
        computed = self._computed(resource)
        generated = self._generated(resource)
        for key in sorted({*resource.inputs, *live} - ENGINE_KEYS):
            if key in generated:
                result.skipped[key] = "depends on a generated value"
                continue
            _compare(key, resource.inputs.get(key), live.get(key), computed, result)
        return result

    @cached_property
    def _outputs(self) -> dict[str, frozenset[str]]:
        """Computed texts of each resource, by URN: outputs that are none of its inputs."""
        found = {}
        for resource in self._record:
            given = set(texts_in(resource.inputs))
            answered = {text for text in texts_in(resource.outputs) if len(text) >= SHORTEST} - given
            found[resource.urn] = frozenset(text for text in answered if not text.startswith("/subscriptions/"))
        return found

    def _computed(self, resource: Resource) -> frozenset[str]:
        urns = {urn for urns in resource.propertyDependencies.values() for urn in urns}
        return frozenset().union(*(self._outputs.get(urn, frozenset()) for urn in urns))

    def _generated(self, resource: Resource) -> set[str]:
        """Inputs that depend on a random value of the engine."""
        random = {each.urn for each in self._record if each.type.startswith(RANDOM)}
        return {name for name, urns in resource.propertyDependencies.items() if random & set(urns)}


def _compare(path: str, declared: Any, live: Any, computed: frozenset[str], result: Comparison) -> None:
    if _is_secret(declared) or _is_secret(live):
        result.skipped[path] = "secret"
    elif declared == UNKNOWN:
        result.skipped[path] = "known only when deployed"
    elif isinstance(declared, Mapping) and isinstance(live, Mapping):
        for key in sorted({*declared, *live} - ENGINE_KEYS, key=str):
            _compare(f"{path}.{key}", declared.get(key), live.get(key), computed, result)
    elif isinstance(declared, list) and isinstance(live, list) and len(declared) == len(live):
        for index, (one, other) in enumerate(_paired(declared, live)):
            _compare(f"{path}[{index}]", one, other, computed, result)
    elif isinstance(declared, str) and any(text in declared for text in computed):
        result.skipped[path] = "computed by Azure"
    elif comparable(declared) != comparable(live):
        result.differences.append(Difference(path, declared, live))


def _paired(declared: list[Any], live: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Items side by side; in one order, where both lists hold the same in another."""
    keys = [sorted(map(repr, map(comparable, each))) for each in (declared, live)]
    if keys[0] == keys[1]:
        return zip(sorted(declared, key=_key), sorted(live, key=_key), strict=True)
    return zip(declared, live, strict=True)


def _key(value: Any) -> str:
    return repr(comparable(value))


def comparable(value: Any) -> Any:
    """A value as it is compared: texts without case, GUIDs and subscriptions; whole numbers alike; empty is absent."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return GUID.sub("<guid>", value.strip()).lower() or None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, Mapping):
        kept = {key: comparable(item) for key, item in value.items() if key not in ENGINE_KEYS}
        return {
            key: item for key, item in sorted(kept.items(), key=lambda pair: str(pair[0])) if item is not None
        } or None
    return [comparable(item) for item in value] or None


def _is_secret(value: Any) -> bool:
    return value == SECRET or (isinstance(value, Mapping) and ENGINE_SECRET in value)


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
