"""A vault's two authorization models: each grants by itself only, and the two mean the same."""

from __future__ import annotations

from typing import Any

import pytest

from policies.access import ENCRYPT_WITH_KEYS, READ_SECRETS, Access, may
from policies.resource import Resource
from policies.view import Stack

VAULT_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
ROLES = "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions"


def resource(type_: str, name: str, inputs: dict[str, Any], **more: Any) -> Resource:
    return Resource(type=f"azure-native:{type_}", name=name, urn=f"urn::{name}", inputs=inputs, **more)


def allowed(access: Access, *, rbac: bool, policies: list[Any], role: str = "", scope: str = VAULT_ID) -> bool:
    """Whether the identity has ``access`` on a vault with these access policies and this role assignment."""
    properties = {"enableRbacAuthorization": rbac, "accessPolicies": policies}
    vault = resource("keyvault:Vault", "kv", {"properties": properties}, id=VAULT_ID)
    identity = resource("managedidentity:UserAssignedIdentity", "id", {}, outputs={"principalId": "Object-1"})
    assignment = resource(
        "authorization:RoleAssignment",
        "role",
        {"scope": scope, "principalId": "object-1", "roleDefinitionId": f"{ROLES}/{role}"},
    )
    return may(access, identity, vault, Stack([vault, identity, assignment]))


def policy(object_id: str = "object-1", **permissions: list[str]) -> dict[str, Any]:
    return {"objectId": object_id, "permissions": permissions}


@pytest.mark.parametrize("access", [READ_SECRETS, ENCRYPT_WITH_KEYS])
def test_role_grants_under_rbac_only(access: Access) -> None:
    assert allowed(access, rbac=True, policies=[], role=access.role_id)
    assert not allowed(access, rbac=False, policies=[], role=access.role_id)


def test_role_on_another_vault_grants_nothing() -> None:
    assert not allowed(READ_SECRETS, rbac=True, policies=[], role=READ_SECRETS.role_id, scope=f"{VAULT_ID}-other")
    assert not allowed(READ_SECRETS, rbac=True, policies=[], role=ENCRYPT_WITH_KEYS.role_id)


def test_access_policy_grants_without_rbac_only() -> None:
    full = [policy(secrets=["Get", "List"])]
    assert allowed(READ_SECRETS, rbac=False, policies=full)
    assert not allowed(READ_SECRETS, rbac=True, policies=full)


@pytest.mark.parametrize(
    "policies",
    [
        [policy(secrets=["get"])],
        [policy("object-2", secrets=["get", "list"])],
        [policy(keys=["get", "list"])],
        [policy(secrets=["get"]), policy("object-2", secrets=["list"])],
    ],
)
def test_less_than_the_whole_set_is_refused(policies: list[Any]) -> None:
    assert not allowed(READ_SECRETS, rbac=False, policies=policies)
