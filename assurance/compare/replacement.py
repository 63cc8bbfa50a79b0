"""Which changes make the engine replace a resource instead of changing it."""

import re

from assurance.record import Resource
from facts.types import ResourceType, type_row


def forces_replacement(resource: Resource, path: str) -> bool:
    """Whether a change at ``path`` of the inputs replaces the resource.

    Known: what the program or the SDK says (`replaceOnChanges`), what names the resource in Azure, its group, scope and
    location. What else is fixed at creation stands in the facts of the type.
    """
    said = resource.options.get("replaceOnChanges", ())
    plain = re.sub(r"\[\d+\]", "", path)
    row = type_row(resource.type) or ResourceType()
    created = [*said, *(row.fixed if isinstance(row.fixed, list) else ())]
    if any(each in (plain, "*") or plain.startswith((f"{each}.", f"{each}[")) for each in created):
        return True
    if not resource.type.startswith("azure-native:"):
        return False
    fixed = {"resourceGroupName", "location", *(part for name in row.names for part in name.split("/"))}
    if row.scope not in ("subscription", "tenant", "resourceGroup"):
        fixed.add(row.scope)
    return plain in fixed
