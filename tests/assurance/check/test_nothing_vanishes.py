"""Without a base: what a stack needs is missed by a check of its own when the program no longer makes it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from assurance.check.declared import declared_findings
from assurance.reach.report import reach
from assurance.record import Record, Resource
from policies.rules import RULES
from policies.view import Stack
from tests.harness import ROOT
from tests.long import sample
from tests.policies.records import everything, view, view_of

PROD = 0
"""Production's place among the records that rules are tried on."""
PARTS = 24
HARMLESS = {
    "random:index/randomBytes:RandomBytes": "the secret that it would fill is empty without it: NEED-SECRET-VALUE",
    "random:index/randomPassword:RandomPassword": "the secret that it would fill is empty without it",
}
"""Types that nobody misses, with the reason."""
GONE = object()


def types() -> list[str]:
    return sorted({resource.type for resource in everything("deployed")[PROD] if resource.custom})


def without(record: Record, type_: str) -> Record:
    """The record of a program that makes no resource of the type, nothing in one, and names none in an input."""
    gone = {resource.urn: resource for resource in record.of_type(type_)}
    while more := {each.urn: each for each in record if each.urn not in gone and _is_in(each, gone)}:
        gone |= more
    ids = [resource.id.lower() for resource in gone.values() if resource.id]
    return replace(record, resources=[_pruned(each, set(gone), ids) for each in record if each.urn not in gone])


def _is_in(resource: Resource, gone: dict[str, Resource]) -> bool:
    return resource.parent in gone or any(
        each.id and resource.id.lower().startswith(f"{each.id.lower()}/") for each in gone.values()
    )


def _pruned(resource: Resource, gone: set[str], ids: list[str]) -> Resource:
    if not any(gone & set(urns) for urns in resource.propertyDependencies.values()):
        return resource
    pruned = copy.copy(resource)
    pruned.inputs = _without_texts(resource.inputs, ids)
    pruned.propertyDependencies = {
        key: [urn for urn in urns if urn not in gone] for key, urns in resource.propertyDependencies.items()
    }
    return pruned


def _without_texts(value: Any, ids: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: kept for key, item in value.items() if (kept := _without_texts(item, ids)) is not GONE}
    if isinstance(value, list):
        return [kept for item in value if (kept := _without_texts(item, ids)) is not GONE]
    return GONE if isinstance(value, str) and any(id_ in value.lower() for id_ in ids) else value


def failures(record: Record, stack: Stack) -> Iterator[tuple[str, str]]:
    """Rules that fail, with what they fail for: cheap ones first."""
    yield from (("DECLARED", each.name) for each in declared_findings(record, ROOT) if each.status == "fail")
    changed = _changed(record)
    for rule in RULES:
        if rule.blocking and (rule.joins or changed & set(rule.types)):
            yield from ((rule.id, verdict.subject.urn) for verdict in rule.examine(stack) if verdict.violations)
    yield from ((each.rule, each.message) for each in reach(record).report.findings if each.status == "fail")


def _changed(record: Record) -> set[str]:
    """Types of the resources that lost an input: rules on one resource alone say of others what they said before."""
    same = {id(each) for each in everything("deployed")[PROD]}
    return {each.type for each in record if id(each) not in same}


@cache
def before() -> set[tuple[str, str]]:
    return set(failures(everything("deployed")[PROD], view(PROD, "deployed")))


@pytest.mark.parametrize("part", sample(range(PARTS), PARTS))
def test_type_out_of_the_program_is_missed(part: int) -> None:
    """Each type of production in turn, some of them in each part."""
    unmissed = set()
    kinds = types()[part::PARTS]
    for type_ in kinds:
        record = without(everything("deployed")[PROD], type_)
        if all(each in before() for each in failures(record, view_of(record, PROD, "deployed"))):
            unmissed.add(type_)
    assert unmissed == {type_ for type_ in HARMLESS if type_ in kinds}
