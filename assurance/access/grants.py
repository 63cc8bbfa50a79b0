"""What is granted: every right that the record gives to anyone, from every place where Azure keeps rights."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from assurance.access.custom_roles import custom_roles, limited
from assurance.access.principals import UNKNOWN_PRINCIPAL, Principal, Principals
from assurance.record import Record, Resource, get, short_type
from facts.roles import role_table, roles

Scope = Literal["resource", "resource group", "subscription"]

_IDS = "/subscriptions/"
VAULT, GROUP = "keyvault:Vault", "resources:ResourceGroup"


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a right is on: its name and type, and its URN where it is in the record. scope: how much of Azure it is."""

    name: str
    type: str
    urn: str = ""
    scope: Scope = "resource"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Rights of one principal on one target.

    rights: ``secrets get``, ``messages send``; empty when nobody knows what ``via`` grants. via: the access policy,
    role or assignment that gives them. by: the resource of the record that does.
    candidates: how many principals this may be for, where only a deployment can tell.
    why: what the program says it is for.
    """

    principal: Principal
    target: Target
    rights: tuple[str, ...]
    via: str
    by: Resource
    candidates: int = 1
    why: str = ""


def grants(record: Record, principals: Principals) -> list[Grant]:
    """Every grant of the record, by principal and target."""
    found = [
        *_vault_policies(record, principals),
        *_standalone_policies(record, principals),
        *_role_assignments(record, principals),
        *_database_administrators(record, principals),
        *_cache_users(record, principals),
    ]
    return sorted(found, key=lambda grant: (grant.principal.name, grant.target.type, grant.target.name, grant.via))


def _each(whom: list[Principal], target: Target, rights: tuple[str, ...], via: str, by: Resource) -> Iterator[Grant]:
    why = str(get(by, "description") or "")
    for principal in whom:
        yield Grant(principal=principal, target=target, rights=rights, via=via, by=by, candidates=len(whom), why=why)


def _vault_policies(record: Record, principals: Principals) -> Iterator[Grant]:
    """Inline access policies. With RBAC on, Azure ignores them, and so does this."""
    for vault in record.of_type(VAULT):
        if get(vault, "properties.enableRbacAuthorization"):
            continue
        for policy in get(vault, "properties.accessPolicies", ()):
            whom = principals.who(policy.get("objectId"), vault, "properties.accessPolicies")
            yield from _each(whom, _target(vault), _policy_rights(policy), "access policy", vault)


def _standalone_policies(record: Record, principals: Principals) -> Iterator[Grant]:
    for entry in record.of_type("keyvault:AccessPolicy"):
        policy = get(entry, "policy", {})
        whom = principals.who(policy.get("objectId"), entry, "policy")
        for vault in record.targets(entry, "vaultName", VAULT, by="vaultName"):
            if not get(vault, "properties.enableRbacAuthorization"):
                yield from _each(whom, _target(vault), _policy_rights(policy), "access policy", entry)


def _policy_rights(policy: dict[str, Any]) -> tuple[str, ...]:
    permissions = policy.get("permissions") or {}
    return tuple(f"{kind} {right}" for kind in sorted(permissions) for right in permissions[kind] or ())


def _role_assignments(record: Record, principals: Principals) -> Iterator[Grant]:
    known = {**roles(), **custom_roles(record)}
    for assignment in record.of_type("authorization:RoleAssignment"):
        id_ = str(get(assignment, "roleDefinitionId", "")).rsplit("/", 1)[-1].lower()
        role = known.get(id_)
        target = _scope(record, assignment)
        rights = role.rights if role else ()
        via = f"role {role.name if role else id_}"
        if condition := str(get(assignment, "condition") or ""):
            rights, message = limited(rights, condition, known)
            via += f", {message}"
        vault = record.by_urn.get(target.urn)
        if vault and short_type(vault) == VAULT and not get(vault, "properties.enableRbacAuthorization"):
            # Data rights of a role mean nothing on a vault that goes by access policies.
            rights = tuple(right for right in rights if right.split()[0] not in ("secrets", "keys", "certificates"))
            via += ", ignored by a vault with access policies" if not rights else ""
        whom = principals.who(get(assignment, "principalId"), assignment, "principalId")
        kind = get(assignment, "principalType")
        if not whom[0].known and kind in ("Group", "User") and whom[0].name != UNKNOWN_PRINCIPAL:
            # Whether it may hold the right: TRUST-PRINCIPAL.
            whom = [Principal(name=f"Entra {str(kind).lower()} {whom[0].name}", kind=str(kind))]
        yield from _each(whom, target, rights, via, assignment)


def _scope(record: Record, assignment: Resource) -> Target:
    """What a role assignment is on: a resource of the record, or one outside it that its ARM id describes."""
    found = [each for each in record.targets(assignment, "scope", "*") if each.custom]
    if found:
        return _target(found[0])
    scope = str(get(assignment, "scope", ""))
    if whole := re.fullmatch(r"/subscriptions/([^/]+)/?", scope):
        ours = whole[1] == _own_subscription(record)
        name = "the subscription" if ours else f"the subscription {whole[1]}"
        return Target(name=name, type="subscription", scope="subscription")
    group = re.fullmatch(r"/subscriptions/[^/]+/resourceGroups/([^/]+)/?", scope, re.IGNORECASE)
    if group:
        return Target(name=group[1], type=GROUP, scope="resource group")
    provider = re.search(r"/providers/([^/]+/[^/]+)/([^/]+)", scope)
    if provider:
        return Target(name=scope.rsplit("/", 1)[-1], type=provider[1])
    return Target(name=scope or "nothing", type="unknown", scope="subscription")


def _own_subscription(record: Record) -> str:
    """The subscription that most of the record's resources are in."""
    found = Counter(resource.id.split("/")[2] for resource in record if resource.id.startswith(_IDS))
    return found.most_common(1)[0][0] if found else ""


def _database_administrators(record: Record, principals: Principals) -> Iterator[Grant]:
    """Entra administrators. One that is no identity of ours is known by the name that the stack config gives it."""
    for entry in record.of_type("dbforpostgresql:AdministratorsMicrosoftEntra", "dbforpostgresql:Administrator"):
        whom = principals.who(get(entry, "objectId"), entry, "objectId")
        if not whom[0].known and get(entry, "principalName"):
            kind = str(get(entry, "principalType", "unknown"))
            whom = [Principal(name=str(get(entry, "principalName")), kind=kind)]
        for server in record.targets(entry, "serverName", "dbforpostgresql:Server", by="serverName"):
            yield from _each(whom, _target(server), ("database administer",), "Entra administrator", entry)


def _cache_users(record: Record, principals: Principals) -> Iterator[Grant]:
    for entry in record.of_type("redisenterprise:AccessPolicyAssignment"):
        policy = str(get(entry, "accessPolicyName"))
        whom = principals.who(get(entry, "user.objectId"), entry, "user.objectId")
        for cluster in record.targets(entry, "clusterName", "redisenterprise:RedisEnterprise", by="clusterName"):
            rights = role_table().cache_policies.get(policy, ())
            yield from _each(whom, _target(cluster), rights, f"cache access policy {policy}", entry)


def _target(resource: Resource) -> Target:
    scope: Scope = "resource group" if short_type(resource) == GROUP else "resource"
    return Target(name=resource.name, type=short_type(resource), urn=resource.urn, scope=scope)
