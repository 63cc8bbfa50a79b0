"""Custom Azure roles, for duties that every built-in role gives too much for."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization

from components.role_assignment import assign_role

_NAMESPACE = uuid.UUID("b4a1c6d2-6b0d-4d5e-8f0e-3a6b8f9d2c11")


@dataclass(frozen=True, kw_only=True)
class CustomRoleArgs:
    """Arguments of `CustomRole`.

    scope: where it may be given, a resource group's or subscription's id. role_name: unique in the tenant.
    actions: operations of the control plane, without wildcards.
    """

    scope: pulumi.Input[str]
    role_name: str
    description: str
    actions: Sequence[str]


class CustomRole(pulumi.ComponentResource):
    """One role definition. Raises ValueError for a wildcard: such a role grows with Azure."""

    id: pulumi.Output[str]

    def __init__(self, name: str, args: CustomRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("medspasync:components:CustomRole", name, None, opts)
        if wide := [action for action in args.actions if "*" in action]:
            raise ValueError(f"role {args.role_name} gives {wide}")
        self._role_id = str(uuid.uuid5(_NAMESPACE, args.role_name))
        self._definition = authorization.RoleDefinition(
            name,
            scope=args.scope,
            role_definition_id=self._role_id,
            role_name=args.role_name,
            role_type="CustomRole",
            description=args.description,
            permissions=[
                authorization.PermissionArgs(
                    actions=list(args.actions), not_actions=[], data_actions=[], not_data_actions=[]
                )
            ],
            assignable_scopes=[args.scope],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = self._definition.id
        self.register_outputs({"id": self.id})

    def give(
        self, name: str, *, scope: pulumi.Input[str], principal_id: pulumi.Input[str], description: str
    ) -> authorization.RoleAssignment:
        """Give the role on ``scope`` to a managed identity, when the role is there."""
        after = pulumi.Output.all(scope, self.id).apply(lambda known: str(known[0]))
        return assign_role(
            name, scope=after, role_id=self._role_id, principal_id=principal_id, parent=self, description=description
        )
