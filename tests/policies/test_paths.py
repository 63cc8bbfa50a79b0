"""Every input that a rule reads exists: a path with a misspelt name would make a rule blind, or always fail."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi import _types

from assurance.recorder.simulate import resource_class
from policies.resource import Resource
from policies.rules import RULES
from tests.policies.records import everything, view

FREE = {"tags", "properties"}
"""Objects whose members are not declared: tags, and app settings (where ``properties`` is a map of text)."""


def read_paths(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """(type, path) of everything that rules read of the stacks' resources."""
    seen: set[tuple[str, str]] = set()
    get, leaves = Resource.get, Resource.leaves

    def traced_get(self: Resource, path: str, default: Any = None) -> Any:
        seen.add((self.type, path))
        return get(self, path, default)

    def traced_leaves(self: Resource, path: str) -> Iterator[Any]:
        seen.add((self.type, path))
        return leaves(self, path)

    monkeypatch.setattr(Resource, "get", traced_get)
    monkeypatch.setattr(Resource, "leaves", traced_leaves)
    for index in range(len(everything("deployed"))):
        for rule in RULES:
            list(rule.examine(view(index, "deployed")))
    return seen


def unknown_part(type_: str, path: str) -> str | None:
    """The first part of ``path`` that the SDK's inputs of this type do not have."""
    cls = resource_class(type_)
    module = sys.modules[cls.__module__]
    # Where a nested type has the resource's name, the SDK calls the resource's own inputs InitArgs.
    inputs: Any = getattr(module, f"{cls.__name__}InitArgs", None) or getattr(module, f"{cls.__name__}Args")
    for part in path.replace("[]", "").split("."):
        if inputs is None:
            return None
        members = _types.input_type_types(inputs)
        if part not in members:
            return part
        if part in FREE and not _classes(members[part]):
            return None
        inputs = next(iter(_classes(members[part])), None)
    return None


def _classes(annotation: Any) -> list[type]:
    """Input types inside an annotation, outermost first."""
    if isinstance(annotation, type):
        return [annotation] if _types.is_input_type(annotation) else []
    return [found for inner in typing.get_args(annotation) for found in _classes(inner)]


def test_rules_read_only_inputs_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = read_paths(monkeypatch)
    assert len(seen) > 150
    # A rule on several types asks each for what only some of them have: a path is wrong where none has it.
    types: dict[str, set[str]] = {}
    for type_, path in seen:
        if type_.startswith("azure-native:"):
            types.setdefault(path, set()).add(type_)
    # Of a Sentinel rule, which no stack has, and of one kind of destination or criteria among several.
    elsewhere = {"query", "entityMappings", "destination.actionGroups[]", "criteria.webTestId"}
    elsewhere |= {"criteria.failedLocationCount"}
    # Of Entra's credentials, which the bootstrap makes.
    elsewhere |= {"applicationId"}
    # Of one kind of action among those of a rule of the edge, and of a key as ARM itself calls it.
    elsewhere |= {"actions[].parameters.cacheConfiguration.cacheBehavior", "properties.attributes.nbf"}
    # Of a mapping, whose members an app names.
    elsewhere |= {"siteConfig.azureStorageAccounts.*.accountName"}
    # Of one kind of rule among those of a backup policy.
    rules = "properties.policyRules[]"
    elsewhere |= {f"{rules}.trigger.schedule.repeatingTimeIntervals[]", f"{rules}.lifecycles[].deleteAfter.duration"}
    elsewhere |= {f"{rules}.backupParameters.backupType", f"{rules}.trigger.taggingCriteria[].isDefault"}
    assert {path for path, its in types.items() if all(unknown_part(type_, path) for type_ in its)} <= elsewhere


def test_a_misspelt_path_is_seen() -> None:
    assert unknown_part("azure-native:keyvault:Vault", "properties.networkAcls.defaultAcion") == "defaultAcion"
    assert unknown_part("azure-native:web:WebApp", "siteConfig.ipSecurityRestrictions[].tag") is None
