"""Azure RBAC role assignments with stable names."""

import uuid

import pulumi
from pulumi_azure_native import authorization

from facts.roles import role_id

STORAGE_BLOB_DATA_CONTRIBUTOR = role_id("Storage Blob Data Contributor")
"""Reads, adds, overwrites and deletes blobs. No built-in role only adds: give it where a policy keeps what is there.
Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage."""
_NAMESPACE = uuid.UUID("2f5f0d0c-7f0e-4e57-8a3c-5d6d1a1f7c10")


def assign_role(
    name: str,
    *,
    scope: pulumi.Input[str],
    role_id: str,
    principal_id: pulumi.Input[str],
    parent: pulumi.Resource | None = None,
    description: str | None = None,
    condition: str | None = None,
    principal_type: authorization.PrincipalType = authorization.PrincipalType.SERVICE_PRINCIPAL,
) -> authorization.RoleAssignment:
    """Give a service principal, or a group of people, one role on one scope.

    role_id: GUID of a built-in role definition.
    principal_id: object id of a managed identity (``principalId``, never its client id), or of a group.
    condition: what narrows the role (components/role_conditions.py).
    The assignment's name is derived from scope, role and principal: a random one fails with RoleAssignmentExists on
    a rerun. The principal type is always sent, so that Azure does not look for a principal that has not spread yet.
    """
    assignment_name = pulumi.Output.all(scope, principal_id).apply(
        lambda known: str(uuid.uuid5(_NAMESPACE, f"{known[0]}/{role_id}/{known[1]}".lower()))
    )
    return authorization.RoleAssignment(
        name,
        scope=scope,
        role_assignment_name=assignment_name,
        role_definition_id=pulumi.Output.format(
            "/subscriptions/{0}/providers/Microsoft.Authorization/roleDefinitions/{1}", _subscription(scope), role_id
        ),
        principal_id=principal_id,
        principal_type=principal_type,
        description=description,
        condition=condition,
        condition_version="2.0" if condition else None,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _subscription(scope: pulumi.Input[str]) -> pulumi.Input[str]:
    """The subscription of a scope. That of the program's own resources is known before they are, and so the role is:
    the engine's rules judge it at a first preview."""
    return scope.split("/")[2] if isinstance(scope, str) else authorization.get_client_config_output().subscription_id
