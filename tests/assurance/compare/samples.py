"""Small records of two revisions."""

from __future__ import annotations

from typing import Any

from assurance.record import Record, Resource

GROUP = "/subscriptions/s/resourceGroups/rg"
VAULT = "azure-native:keyvault:Vault"


def resource(name: str, token: str = VAULT, *, parent: str = "", stack: str = "prod", **more: Any) -> Resource:
    """A resource as the recorder writes it; ``token`` as registered."""
    above = f"{parent.split('::')[2]}$" if parent else ""
    values = {
        "urn": f"urn:pulumi:{stack}::shop::{above}{token}::{name}",
        "id": f"{GROUP}/providers/Microsoft.Any/things/{name}",
        "type": token,
        "name": name,
        "parent": parent,
        "inputs": {"vaultName": name, "resourceGroupName": "rg"},
        "outputs": {},
        "apiVersion": "2024-11-01",
        "source": {"file": "__main__.py", "line": 1},
    }
    return Resource(**{**values, **more})


def record(*resources: Resource, stack: str = "prod", **more: Any) -> Record:
    """A record of these."""
    return Record(stack, "deployed", list(resources), **more)
