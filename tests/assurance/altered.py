"""Small changes to records, for tests that show what a check finds."""

from __future__ import annotations

from typing import Any

from assurance.record import Mode, Record, Resource
from tests.harness import named, once, stack_record


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


def lean_record(stack: str = "prod", mode: Mode = "deployed") -> Record:
    """The record of a stack without what these commands do not look at; a copy, which a test may alter."""

    def make() -> Record:
        record = stack_record(stack, mode)
        record.resources = [
            each
            for each in record.resources
            if each.type.startswith("azure-native:") and not each.type.removeprefix("azure-native:").startswith(ASIDE)
        ]
        return record

    return once(make, "lean", stack, mode)
