"""Ends that Azure has announced (facts/lifecycle.yaml), on what a record declares."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from assurance.lifecycle.endings import Ending
from assurance.record import UNKNOWN, Record, Resource
from facts.decisions import Unknown
from facts.lifecycle import End, Uses, lifecycle
from facts.tokens import generic_arm_type
from facts.types import counted_type, type_row
from policies.resource import lookup


def azure_endings(record: Record) -> Iterator[Ending]:
    """Every end that concerns a resource of the record, resource by resource."""
    for resource in record:
        if not resource.custom or resource.options.get("existing"):
            continue
        for id_, end in lifecycle().ends.items():
            if concerns(end, resource):
                yield _ending(id_, end, resource)


def concerns(end: End, resource: Resource) -> bool:
    """Whether the end is about this resource as it is declared."""
    if end.api_versions:
        arm = _arm_type(resource)
        return arm is not None and resource.apiVersion is not None and end.api_versions.ends(arm, resource.apiVersion)
    assert end.uses is not None
    return counted_type(resource.type, resource.inputs) in end.uses.types and _uses(end.uses, resource.inputs)


def unversioned(record: Record) -> list[Resource]:
    """Resources of a namespace some of whose versions end, of which the record does not say the version."""
    namespaces = {end.api_versions.namespace.lower() for end in lifecycle().ends.values() if end.api_versions}
    return [
        each
        for each in record
        if each.custom
        and each.apiVersion is None
        and (arm := _arm_type(each)) is not None
        and arm.split("/")[0].lower() in namespaces
    ]


def previews(record: Record) -> Mapping[tuple[str, str], int]:
    """How many resources are sent with each preview version, by type and version."""
    return Counter(
        (each.type, each.apiVersion)
        for each in record
        if each.custom and each.apiVersion is not None and each.apiVersion.endswith("preview")
    )


def undecided_previews(record: Record) -> list[str]:
    """Types and preview versions of the record without a row of their own."""
    rows = lifecycle().previews
    return [
        f"{type_} {version}"
        for type_, version in sorted(previews(record))
        if type_ not in rows or rows[type_].version != version
    ]


def _ending(id_: str, end: End, resource: Resource) -> Ending:
    unknown = end.ends.unknown if isinstance(end.ends, Unknown) else ""
    version = f" (sent with {resource.apiVersion})" if end.api_versions else ""
    return Ending(
        id=id_,
        kind=end.kind,
        subject=f"{end.subject}{version}",
        day=end.ends if isinstance(end.ends, date) else None,
        then=end.then,
        action=end.action,
        name=resource.name,
        effect=end.effect,
        why=unknown,
        status=end.status,
        source=end.source,
        read=end.read,
        resource=resource,
    )


def _arm_type(resource: Resource) -> str | None:
    row = type_row(counted_type(resource.type, resource.inputs))
    if row is not None and isinstance(row.arm, str):
        return row.arm
    return generic_arm_type(resource.inputs)


def _uses(uses: Uses, inputs: Mapping[str, Any]) -> bool:
    items = [inputs] if not uses.item else lookup(inputs, uses.item)
    return any(
        all(_matches(lookup(item, path), patterns) for path, patterns in uses.inputs.items())
        for item in (items if isinstance(items, list) else ())
    )


def _matches(value: Any, patterns: list[str | None]) -> bool:
    if value == UNKNOWN:
        return False
    return any(
        value is None if each is None else value is not None and fnmatchcase(str(value), each) for each in patterns
    )
