"""Which changes make the engine replace a resource instead of changing it."""

from __future__ import annotations

import re

from assurance.record import Resource
from facts.types import ResourceType, type_row


def forces_replacement(resource: Resource, path: str) -> bool:
    """Whether a change at ``path`` of the inputs replaces the resource.

    Known: what the program or the SDK says (`replaceOnChanges`), what names the resource in Azure, its group, scope and
    location, and every input of pulumi-random, whose values are drawn once (registry.pulumi.com/packages/random, read
    2026-11-29). What else Azure fixes at creation stands in the facts of the type.
    """
    if resource.type.startswith("random:"):
        return True
    said = resource.options.get("replaceOnChanges", ())
    plain = re.sub(r"\[\d+\]", "", path)
    if any(plain == each or each == "*" or plain.startswith((f"{each}.", f"{each}[")) for each in said):
        return True
    if not resource.type.startswith("azure-native:"):
        return False
    row = type_row(resource.type) or ResourceType()
    fixed = {"resourceGroupName", "location", *(part for name in row.names for part in name.split("/"))}
    if row.scope not in ("subscription", "tenant", "resourceGroup"):
        fixed.add(row.scope)
    return plain in fixed or any(plain == each or plain.startswith(f"{each}.") for each in row.fixed)
