"""What refers to what in a record, in both of its modes.

Known values are compared as Azure compares them; where a value is not known yet, the engine's record of what the
property was computed from decides (see `policies.view.Stack.targets`, which does the work).
"""

from typing import Any

from assurance.record import Record, Resource
from policies.resource import lookup


class References:
    """References between the resources of one record, which must not change meanwhile."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._by_types: dict[tuple[str, ...], list[Resource]] = {}

    def by_type(self, *types: str) -> list[Resource]:
        """Resources of these types, ``keyvault:Vault`` being short for ``azure-native:keyvault:Vault``."""
        if types not in self._by_types:
            self._by_types[types] = self.record.of_type(*types)
        return list(self._by_types[types])

    def targets(self, holder: Resource, path: str, *types: str, by: str = "id", child: str = "") -> list[Resource]:
        """The resources of ``types`` (``*``: any) that the value of ``holder`` at ``path`` refers to.

        path: dotted, ``name[]`` means each entry of a list. by: what the value holds: ``id`` for ARM ids, else the
        target's input or output of that name.
        """
        view = self.record.view
        matches = view.targets(view.by_urn[holder.urn], path, *types, by=by, child=child)
        return [self.record.by_urn[resource.urn] for resource in matches]

    def holders(self, target: Resource, path: str, *types: str, by: str = "id", child: str = "") -> list[Resource]:
        """The resources of ``types`` whose value at ``path`` refers to ``target``, or to its part ``child``."""
        view = self.record.view
        matches = view.holders(view.by_urn[target.urn], path, *types, by=by, child=child)
        return [self.record.by_urn[resource.urn] for resource in matches]


def get(resource: Resource, path: str, default: Any = None) -> Any:
    """The input at a dotted path, or ``default``."""
    return lookup(resource.inputs, path, default)


def short_type(resource: Resource) -> str:
    """``keyvault:Vault`` for ``azure-native:keyvault:Vault``."""
    return resource.type.removeprefix("azure-native:")


def source_lines(resource: Resource) -> str:
    """Where a person would look: the line that made it and the entry it was made from."""
    parts = []
    if resource.source:
        parts.append(f"{resource.source['file']}:{resource.source['line']}")
    if resource.origin:
        line = f":{resource.origin['line']}" if resource.origin.get("line") else ""
        parts.append(f"{resource.origin['file']}{line} {resource.origin.get('key', '')}".rstrip())
    return ", from ".join(parts) or "no line is known"
