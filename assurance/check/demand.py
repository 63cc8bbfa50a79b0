"""What must be in a record because the stack's settings or a catalogue say so, and the finding it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assurance.check.findings import LATER, Finding, Status
from assurance.record import UNKNOWN, Resource
from policies.rule import RuleInfo


@dataclass(frozen=True, kw_only=True)
class Demand:
    """One thing that must be there.

    name: what it is, in words; origin: the entry that asks for it; resource: what answers it, None when nothing does.
    problems: what is wrong; none: it is as it must be. unknown: what cannot be told here.
    """

    rule: RuleInfo
    name: str
    origin: dict[str, Any]
    resource: Resource | None = None
    problems: Sequence[str] = field(default_factory=list)
    unknown: Sequence[str] = ()

    def finding(self, stack: str) -> Finding:
        """The demand as a finding of an audit."""
        status: Status = "fail" if self.problems else "unchecked" if self.unknown else "pass"
        message = "; ".join(self.problems or self.unknown)
        return Finding.of(self.rule, status, message, self.resource, stack=stack, name=self.name, origin=self.origin)


@dataclass
class Comparison:
    """How what is there differs from what must be there."""

    different: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Values that only a deployment knows."""


def compare(there: Any, wanted: Any, path: str = "") -> Comparison:
    """Every value of ``wanted`` against the one in its place; what ``wanted`` does not mention may be anything.

    A pattern stands for any text that it matches as a whole.
    """
    result = Comparison()
    for place, found, value in _pairs(there, wanted, path):
        if found == UNKNOWN:
            result.unknown.append(f"{LATER}{place}")
        elif isinstance(value, re.Pattern):
            if not (isinstance(found, str) and value.fullmatch(found)):
                result.different.append(f"{place} is not the catalogue's")
        elif found != value:
            result.different.append(f"{place} is {found!r}, must be {value!r}")
    return result


def demand(
    rule: RuleInfo,
    name: str,
    origin: dict[str, Any],
    found: Sequence[Resource],
    wanted: Mapping[str, Any] | None = None,
) -> Demand:
    """That one of ``found`` is there, with these inputs; more than one is for the engine to refuse."""
    if not found:
        return Demand(rule=rule, name=name, origin=origin, problems=[f"there is no {name}"])
    result = compare(found[0].inputs, wanted or {})
    return Demand(
        rule=rule, name=name, origin=origin, resource=found[0], problems=result.different, unknown=result.unknown
    )


def made_from(resources: Iterable[Resource], key: str, file: str | None = None) -> list[Resource]:
    """Those made from the entry ``key`` (of ``file``, or of any)."""
    origins = [(resource, resource.origin or {}) for resource in resources]
    return [one for one, origin in origins if origin.get("key") == key and file in (None, origin.get("file"))]


def _pairs(there: Any, wanted: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if there == UNKNOWN:
        yield path, UNKNOWN, wanted
    elif isinstance(wanted, Mapping):
        for key, value in wanted.items():
            found = there.get(key) if isinstance(there, Mapping) else None
            yield from _pairs(found, value, f"{path}.{key}" if path else key)
    elif isinstance(wanted, list):
        found = there if isinstance(there, list) else []
        if len(found) != len(wanted):
            yield f"number of {path}", len(found), len(wanted)
        for index, (one, value) in enumerate(zip(found, wanted, strict=False)):
            yield from _pairs(one, value, f"{path}[{index}]")
    else:
        yield path, there, wanted
