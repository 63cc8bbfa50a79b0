"""The failing cases of policies/cases.yaml, and the harmless ones, and how one is made in a record."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from assurance.record import Record, Resource
from documents.yaml_text import load_yaml

FOLDER = Path(__file__).parents[2] / "policies"


@dataclass(frozen=True)
class Case:
    """One case; the fields are explained in cases.yaml."""

    rule: str
    number: int
    resource: str
    where: dict[str, Any] = field(default_factory=dict)
    set: dict[str, Any] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    copy: dict[str, str] = field(default_factory=dict)
    change: str = ""
    drop: str = ""
    type: str = ""
    add: dict[str, Any] = field(default_factory=dict)
    blame: str = "added"

    def __str__(self) -> str:
        return f"{self.rule}-{self.number}"


def all_cases(file: str = "cases.yaml") -> list[Case]:
    """Every case of a file, in its order."""
    document = load_yaml((FOLDER / file).read_text(encoding="utf-8"))
    return [Case(rule=rule, number=n, **case) for rule, cases in document.items() for n, case in enumerate(cases, 1)]


def subjects(record: Record, case: Case) -> list[Resource]:
    """The resources that the case may be made on, or beside."""
    return [r for r in record.of_type(case.resource) if all(_matches(r, p, v) for p, v in case.where.items())]


def added(case: Case, subject: Resource) -> Resource:
    """The resource that the case adds beside ``subject``; inputs written ``<path>`` are the subject's."""
    type_ = str(case.add["type"])
    inputs = {key: _of(subject, value) for key, value in case.add.get("inputs", {}).items()}
    return replace(
        subject,
        urn=f"{subject.urn}-added",
        id="",
        type=f"azure-native:{type_}" if type_.count(":") == 1 else type_,
        name="added",
        inputs=inputs,
        outputs={},
        secrets=[],
        options=dict(case.add.get("options", {})),
        propertyDependencies={},
        token=None,
        apiVersion=None,
    )


def _of(subject: Resource, value: Any) -> Any:
    if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
        return subject.id if value == "<id>" else subject.inputs[value[1:-1]]
    if isinstance(value, dict):
        return {key: _of(subject, item) for key, item in value.items()}
    return [_of(subject, item) for item in value] if isinstance(value, list) else copy.deepcopy(value)


def made(record: Record, case: Case, subject: Resource) -> Record:
    """A copy of ``record`` with the case made on ``subject``."""
    dropped = {r.urn for r in record.of_type(case.drop)} if case.drop else set()
    kept = [r for r in record if r.urn not in dropped]
    assert dropped or not case.drop, f"{case}: no {case.drop} to drop"
    changed = record.of_type(case.change) if case.change else [subject]
    assert changed, f"{case}: no {case.change} to change"
    copies = {resource.urn: copy.deepcopy(resource) for resource in changed}
    for resource in copies.values():
        for path, value in case.set.items():
            _set(resource.inputs, path, value)
        for path in case.remove:
            _remove(resource.inputs, path)
        for to, source in case.copy.items():
            resource.inputs[to] = copy.deepcopy(subject.inputs[source])
            resource.propertyDependencies[to] = subject.propertyDependencies.get(source, [])
        resource.options.update(case.options)
        resource.type = case.type or resource.type
    more = [added(case, subject)] if case.add else []
    return replace(record, resources=[*(copies.get(r.urn, r) for r in kept), *more])


def _matches(resource: Resource, path: str, wanted: Any) -> bool:
    value: Any = resource.inputs
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return fnmatchcase(value, wanted) if isinstance(value, str) and isinstance(wanted, str) else value == wanted


def _steps(path: str) -> list[str]:
    return [step for part in path.split(".") for step in re.findall(r"[^\[\]]+|\[[^\]]+\]", part)]


def _holders(value: Any, steps: list[str]) -> Iterator[tuple[Any, str]]:
    """(object or list, last step) for each place that ``steps`` leads to; missing objects are made."""
    step, *rest = steps
    if not rest:
        yield value, step
    elif step == "[*]":
        for item in value:
            yield from _holders(item, rest)
    elif step.startswith("["):
        yield from _holders(value[int(step[1:-1])], rest)
    else:
        empty: Any = [] if rest[0].startswith("[") else {}
        if value.get(step) is None:
            value[step] = empty
        yield from _holders(value[step], rest)


def _set(inputs: dict[str, Any], path: str, value: Any) -> None:
    for holder, step in _holders(inputs, _steps(path)):
        if step == "[+]":
            holder.append(copy.deepcopy(value))
        elif step.startswith("["):
            holder[int(step[1:-1])] = copy.deepcopy(value)
        else:
            holder[step] = copy.deepcopy(value)


def _remove(inputs: dict[str, Any], path: str) -> None:
    for holder, step in _holders(inputs, _steps(path)):
        if step.startswith("["):
            del holder[int(step[1:-1])]
        else:
            holder.pop(step, None)
