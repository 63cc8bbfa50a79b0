"""Conditions that narrow a role assignment (learn.microsoft.com/azure/role-based-access-control/conditions-format)."""

from collections.abc import Sequence

_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_REPOSITORIES = "Microsoft.ContainerRegistry/registries/repositories"


def only_these_roles(role_ids: Sequence[str]) -> str:
    """Whoever may give and take rights gives and takes only these roles, and only to service principals.

    Source: learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples, constrain roles and
    principal types.
    """
    ids = ", ".join(sorted(role_ids))
    parts = (_unless(f"{_ASSIGNMENTS}/{verb}", _role_and_type(side, ids)) for verb, side in _SIDES)
    return " AND ".join(f"({part})" for part in parts)


_SIDES = (("write", "Request"), ("delete", "Resource"))
"""What an assignment is when it is made, and what it is that is taken away."""


def _role_and_type(side: str, ids: str) -> str:
    return (
        f"@{side}[{_ASSIGNMENTS}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}} AND "
        f"@{side}[{_ASSIGNMENTS}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}"
    )


def only_this_repository(*repositories: str, writes: bool) -> str:
    """Images of this repository, or of these, of a registry with repository permissions.

    One assignment for all of them: Azure takes no second one of the same role, scope and principal.

    Source: learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions.
    """
    verbs = ("read", "write") if writes else ("read",)
    actions = [f"{_REPOSITORIES}/{kind}/{verb}" for kind in ("content", "metadata") for verb in verbs]
    names = ", ".join(f"'{repository}'" for repository in repositories)
    named = f"@Request[{_REPOSITORIES}:name] StringEqualsIgnoreCase {names}"
    if len(repositories) > 1:
        named = f"@Request[{_REPOSITORIES}:name] ForAnyOfAnyValues:StringEqualsIgnoreCase {{{names}}}"
    return f"({' AND '.join(f'!(ActionMatches{{{action!r}}})' for action in actions)}) OR ({named})"


def _unless(action: str, holds: str) -> str:
    return f"!(ActionMatches{{'{action}'}}) OR ({holds})"
