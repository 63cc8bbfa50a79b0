"""A recorded program leaves nothing that only the garbage collector frees."""

from __future__ import annotations

import weakref
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.known_types import is_unknown
from pulumi_azure_native import resources

from assurance.garbage import no_collection
from assurance.recorder import leftovers
from tests.harness import record


def test_recorded_resources_are_gone_at_once() -> None:
    """A component, its child and an output of the child."""
    seen: list[weakref.ref[Any]] = []

    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent")
        group = resources.ResourceGroup("group", opts=pulumi.ResourceOptions(parent=parent))
        name = pulumi.Output.concat("name of ", group.name)
        parent.register_outputs({"name": name})
        pulumi.export("name", name)
        seen.extend(weakref.ref(each) for each in (parent, group, name))

    with no_collection():
        assert len(record(program).resources) == 2
        assert [each() for each in seen] == [None, None, None]


def test_unknown_is_found_as_the_sdk_does() -> None:
    """In whatever it stands, and in what holds itself."""
    ring: list[Any] = ["known"]
    ring.append({"ring": ring})
    unknown = pulumi.output.Unknown()
    assert is_unknown(unknown)
    values = [unknown, [unknown], {"a": [1, {"b": unknown}]}, ring, [ring, unknown], (unknown,), "known", None, {}, []]
    expected = [rpc.contains_unknowns(value) for value in values]
    assert [leftovers.contains_unknowns(value) for value in values] == expected
    assert {True, False} == set(expected)
