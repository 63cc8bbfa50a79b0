"""A record as the policies see a stack."""

from __future__ import annotations

from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from assurance import record as records
from policies.view import Resource, Stack


def stack_of(record: records.Record) -> Stack:
    """All resources of ``record``, unknown values guarded just as the engine's policy host guards them."""
    return Stack(_resource(item) for item in record)


def _resource(item: records.Resource) -> Resource:
    return Resource(
        type=item.type,
        name=item.name,
        urn=item.urn,
        inputs=unknown_checking_proxy(_guarded(item.inputs)),
        outputs=unknown_checking_proxy(_guarded(item.outputs)),
        id=item.id if item.id not in ("", records.UNKNOWN) else None,
        parent=item.parent or None,
        dependencies={name: frozenset(urns) for name, urns in item.propertyDependencies.items()},
        protect=bool(item.options.get("protect")),
        retained=bool(item.options.get("retainOnDelete")),
        secrets=frozenset(item.secrets),
    )


def _guarded(value: Any) -> Any:
    """``value`` with the record's mark for unknowns replaced by the engine's."""
    if isinstance(value, dict):
        return {key: _guarded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_guarded(item) for item in value]
    return UNKNOWN_STRING_VALUE if value == records.UNKNOWN else value
