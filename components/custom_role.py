"""Custom Azure roles, for duties that every built-in role gives too much for."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization

from components.component import Component, IdOutputs, known_after
from components.role_assignment import assign_role

_NAMESPACE = uuid.UUID("b4a1c6d2-6b0d-4d5e-8f0e-3a6b8f9d2c11")


@dataclass(frozen=True, kw_only=True)
class CustomRoleArgs:
    """Arguments of `CustomRole`.

    scope: where it may be given, a resource group's or subscription's id. role_name: unique in the tenant.
    actions, data_actions: operations of the control plane and on data, without wildcards.
    below: ARM types of which it may do everything (``Microsoft.Web/sites``): for who deploys them, since Azure refuses
    a role that names an operation it does not have, and does not publish which of write and delete each type has.
    never: operations that it may not do all the same.
    """

    scope: pulumi.Input[str]
    role_name: str
    description: str
    actions: Sequence[str]
    data_actions: Sequence[str] = ()
    below: Sequence[str] = ()
    never: Sequence[str] = ()


def custom_role_id(role_name: str) -> str:
    """The GUID of a custom role, which follows from its name."""
    return str(uuid.uuid5(_NAMESPACE, role_name))


class CustomRole(Component[CustomRoleArgs, IdOutputs]):
    """One role definition. Raises ValueError for a wildcard: such a role grows with Azure."""

    def _declare(self, name: str, args: CustomRoleArgs) -> IdOutputs:
        if wide := [action for action in (*args.actions, *args.data_actions, *args.below) if "*" in action]:
            raise ValueError(f"role {args.role_name} gives {wide}")
        self._role_id = custom_role_id(args.role_name)
        definition = authorization.RoleDefinition(
            name,
            scope=args.scope,
            role_definition_id=self._role_id,
            role_name=args.role_name,
            role_type="CustomRole",
            description=args.description,
            permissions=[
                authorization.PermissionArgs(
                    actions=[*args.actions, *(f"{type_}/*" for type_ in args.below)],
                    not_actions=list(args.never),
                    data_actions=list(args.data_actions),
                    not_data_actions=[],
                )
            ],
            assignable_scopes=[args.scope],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return IdOutputs(id=definition.id)

    def give(
        self, name: str, *, scope: pulumi.Input[str], principal_id: pulumi.Input[str], description: str
    ) -> authorization.RoleAssignment:
        """Give the role on ``scope`` to a managed identity, when the role is there."""
        after = known_after(scope, self.outputs.id)
        return assign_role(
            name, scope=after, role_id=self._role_id, principal_id=principal_id, parent=self, description=description
        )
