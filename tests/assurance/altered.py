"""Small changes to records, for tests that show what a check finds."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from assurance.record import Mode, Record, Resource
from tests.records import stack_record


def named(record: Record, name: str, type_: str) -> Resource:
    """The resource of this name and type (``keyvault:Vault``)."""
    (found,) = [resource for resource in record.of_type(type_) if resource.name == name]
    return found


def without(record: Record, name: str, type_: str) -> None:
    """Take a resource out."""
    record.resources.remove(named(record, name, type_))


def added(record: Record, name: str, type_: str, inputs: dict[str, Any]) -> Resource:
    """Put a resource in."""
    resource = Resource(
        urn=f"urn:pulumi:{record.stack}::test::azure-native:{type_}::{name}",
        id=f"/test/{name}",
        type=f"azure-native:{type_}",
        name=name,
        parent="",
        inputs=inputs,
        outputs={},
        source={"file": "tests/assurance/altered.py", "line": 1},
    )
    record.resources.append(resource)
    return resource


ASIDE = ("monitor:", "authorization:ManagementLock", "operationalinsights:Table", "storage:Blob", "consumption:")
"""Types that neither access, reach nor request looks at: a record without them is altered and judged in no time."""


@cache
def _lean(stack: str, mode: Mode) -> Record:
    record = stack_record(stack, mode)
    record.resources = [
        each
        for each in record.resources
        if each.type.startswith("azure-native:") and not each.type.removeprefix("azure-native:").startswith(ASIDE)
    ]
    return record


def lean_record(stack: str = "prod", mode: Mode = "deployed") -> Record:
    """The record of a stack without what these commands do not look at; a copy, which a test may alter."""
    return copy.deepcopy(_lean(stack, mode))
