"""Who works as whom, and who may do what in a Key Vault, in both of its authorization models.

Which permissions are enough is an oracle of its own: it judges what components grant, and reads nothing of theirs. Only
the ids of roles are facts (facts/roles.yaml).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from facts.roles import role_id
from policies.compare import same
from policies.resource import UNKNOWN, Resource, lookup, peek, shown_at
from policies.view import Stack

IDENTITY = "managedidentity:UserAssignedIdentity"
KINDS = ("keys", "secrets", "certificates", "storage")


@dataclass(frozen=True)
class Access:
    """A permission set: access-policy permissions by kind, in lower case, and the built-in role that equals it."""

    permissions: Mapping[str, frozenset[str]]
    role_id: str


def _only(kind: str, *names: str) -> dict[str, frozenset[str]]:
    return {other: frozenset(names) if other == kind else frozenset() for other in KINDS}


READ_SECRETS = Access(_only("secrets", "get", "list"), role_id("Key Vault Secrets User"))
"""What an App Service Key Vault reference needs; the role is Key Vault Secrets User
(learn.microsoft.com/azure/app-service/app-service-key-vault-references)."""

ENCRYPT_WITH_KEYS = Access(
    _only("keys", "get", "list", "wrapkey", "unwrapkey"), role_id("Key Vault Crypto Service Encryption User")
)
"""What a service needs to use a customer-managed key; the role is Key Vault Crypto Service Encryption User
(MicrosoftDocs, PostgreSQL security-data-encryption)."""


def permissions(policy: Any) -> dict[str, frozenset[str]]:
    """What an access policy entry grants, by kind, in lower case."""
    return {kind: frozenset(str(name).lower() for name in lookup(policy, f"permissions.{kind}", ())) for kind in KINDS}


def may(access: Access, identity: Resource, vault: Resource, stack: Stack, *, surely: bool = False) -> bool:
    """Whether ``identity`` has at least ``access`` on ``vault``, by the model that the vault uses.

    Where nobody knows yet whom a right is given to, it may be one that this was computed from; surely: such a one
    raises UnknownValueError instead.
    """
    read = lookup if surely else peek
    if same(vault.get("properties.enableRbacAuthorization"), True):
        return any(
            is_principal(identity, read(assignment.inputs, "principalId"), assignment, "principalId")
            and role_of(assignment) == access.role_id
            for assignment in stack.holders(vault, "scope", "authorization:RoleAssignment")
        )
    holders = [vault, *stack.parts(vault, "vaultName", "keyvault:AccessPolicy")]
    return any(
        any(is_principal(identity, read(policy, "objectId"), holder, path) for holder, path in _written(holders))
        and all(access.permissions[kind] <= granted for kind, granted in permissions(policy).items())
        for policy in vault.each("properties.accessPolicies")
    )


def identities_of(user: Resource, stack: Stack) -> list[Resource]:
    """The identities of this stack that something works as."""
    return stack.targets(user, "identity.userAssignedIdentities[]", IDENTITY)


def role_of(assignment: Resource) -> str:
    """The id of the role that is assigned, without its scope."""
    return str(assignment.get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower()


def vaults_named(name: str, stack: Stack) -> list[Resource]:
    """The vaults of a stack that have a name."""
    return stack.remember(_vaults_by_name).get(name.lower(), [])


def _vaults_by_name(stack: Stack) -> dict[str, list[Resource]]:
    named: dict[str, list[Resource]] = {}
    for vault in stack.by_type("keyvault:Vault"):
        named.setdefault(shown_at(vault.inputs, "vaultName").lower(), []).append(vault)
    return named


def names_in(vault: Resource, type_: str, path: str, stack: Stack) -> set[str]:
    """The names, in lower case, of what a vault holds of a type; path: the input that has them."""
    return {shown_at(each.inputs, path).lower() for each in stack.parts(vault, "vaultName", type_)}


def _written(holders: list[Resource]) -> list[tuple[Resource, str]]:
    """Where the access policies of a vault are written: inside it, or apart from it."""
    return [(holder, "policy" if holder.type.endswith(":AccessPolicy") else "properties") for holder in holders]


def is_principal(identity: Resource, value: Any, holder: Resource, path: str) -> bool:
    """Whether ``value``, which stands in the input ``path`` of ``holder``, is the object id of ``identity``."""
    own = peek(identity.outputs, "principalId") or peek(identity.outputs, "identity.principalId")
    if isinstance(value, str) and isinstance(own, str):
        return value.lower() == own.lower()
    return value is UNKNOWN and identity.urn in holder.dependencies.get(path, frozenset())
