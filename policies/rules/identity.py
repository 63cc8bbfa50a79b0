"""Who may manage what: role assignments and federated credentials, whom an identity is for, and rights that no two
duties may share."""

import re
from collections.abc import Iterator

from facts.roles import role_id, roles
from policies.access import IDENTITY, READ_SECRETS, identities_of, may, role_of
from policies.compare import folded
from policies.data import table
from policies.resource import UNKNOWN, Resource, peek, token
from policies.rule import rule
from policies.rules.app_service import SITE
from policies.rules.floor import may_hold_phi
from policies.rules.postgres import ADMINISTRATOR
from policies.view import Stack

ROLE = "authorization:RoleDefinition"
ROLE_ASSIGNMENT = "authorization:RoleAssignment"
GROUP = token("resources:ResourceGroup")
WHOLE_GROUP = re.compile(r"/resourcegroups/[^/]+/?$", re.IGNORECASE)
CREDENTIALS = [
    "managedidentity:FederatedIdentityCredential",
    "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
]
"""What lets a token of somebody else sign in."""

TOO_POWERFUL = {
    role_id(name): name
    for name in (
        "Owner",
        "Contributor",
        "User Access Administrator",
        "Role Based Access Control Administrator",
        "Key Vault Administrator",
        "Key Vault Data Access Administrator",
        "Storage Blob Data Owner",
    )
}
"""Roles by which one can give oneself everything, by id. Which ones is this rule's own decision; ids are facts."""
READS_REPOSITORIES = role_id("Container Registry Repository Reader")
GIVES_RIGHTS = role_id("Role Based Access Control Administrator")
WIDE = frozenset(
    {"images push", "secrets all", "keys all", "certificates all", "messages manage", "telemetry settings"}
)
"""Rights (facts/roles.yaml) by which what runs changes what it runs, or what others read."""
RUNNERS = ("web:WebApp", "web:WebAppSlot", "app:Job", "app:ContainerApp")
REGISTRY = "/providers/microsoft.containerregistry/registries/"
GITHUB = "https://token.actions.githubusercontent.com"
_RIGHTS = r"Microsoft\.Authorization/roleAssignments"


def _clause(verb: str, side: str) -> str:
    return (
        rf"\(\s*\(?\s*!\(ActionMatches{{'{_RIGHTS}/{verb}'}}\)\s*\)?\s*OR\s*\(\s*"
        rf"@{side}\[{_RIGHTS}:RoleDefinitionId\]\s*ForAnyOfAnyValues:GuidEquals\s*{{([^}}]*)}}"
        rf"(?:\s*AND\s*@{side}\[{_RIGHTS}:PrincipalType\]\s*ForAnyOfAnyValues:StringEqualsIgnoreCase\s*{{[^}}]*}})?"
        r"\s*\)\s*\)"
    )


_GIVES_ONLY = re.compile(rf"{_clause('write', 'Request')}\s*AND\s*{_clause('delete', 'Resource')}", re.IGNORECASE)
ENVIRONMENT = re.compile(r"repo:[\w.-]+(@\d+)?/[\w.-]+(@\d+)?:environment:[^:*?]+")
"""A job of one environment of one repository, with or without their ids."""


@rule(
    "ID-LEAST-PRIVILEGE",
    "No identity of the platform holds an administrator's role",
    on=ROLE_ASSIGNMENT,
    severity="critical",
    controls=["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
    remediation="Assign the narrowest built-in role for the duty. Who must give rights gets Role Based Access Control "
    "Administrator with a condition that names, for write and for delete, the roles that it gives.",
    source="CIS Azure Foundations (no custom or broad administrator roles); built-in role definitions; "
    "learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples",
)
def role_is_narrow(assignment: Resource) -> Iterator[str]:
    role = role_of(assignment)
    if role == GIVES_RIGHTS and assignment.has("condition"):
        yield from _unconstrained(str(assignment.get("condition")))
    elif role in TOO_POWERFUL:
        yield f"it grants {TOO_POWERFUL[role]}"


def _unconstrained(condition: str) -> Iterator[str]:
    """What a condition leaves open of the right to give and take roles; only the one known form closes it."""
    clauses = _GIVES_ONLY.fullmatch(condition.strip())
    if clauses is None:
        yield "its condition does not name, for write and for delete, the roles that it may give and take, and no more"
        return
    given = {part.strip().lower() for clause in clauses.groups() for part in clause.split(",")}
    for role in sorted(given & set(TOO_POWERFUL)):
        yield f"its condition lets it give {TOO_POWERFUL[role]}"


@rule(
    "ID-ROLE-KNOWN",
    "A role is one whose rights are known, and gives what runs no right to change what runs or what others read",
    on=ROLE_ASSIGNMENT,
    severity="high",
    controls=["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
    remediation="Assign a narrower role. One that is not in facts/roles.yaml needs a row there, with its rights.",
    source="facts/roles.yaml; lists fail closed: nobody can say how wide a role is that nobody read",
)
def role_is_known(assignment: Resource, stack: Stack) -> Iterator[str]:
    id_ = role_of(assignment)
    role = roles().get(id_)
    if role is None:
        if id_ in stack.remember(_own_roles) or stack.targets(assignment, "roleDefinitionId", ROLE):
            return
        if stack.ours:
            yield f"nobody wrote down what the role {id_} may do"
        else:
            assignment.unknown.append(f"nobody wrote down what the role {id_} may do")
    elif wide := WIDE & set(role.rights):
        for runner in _running_as(assignment, stack):
            yield f"it grants {runner} the role {role.name}: {', '.join(sorted(wide))}"


def _own_roles(stack: Stack) -> set[str]:
    """The last parts of the ids of the roles that the stack defines; the program says them before Azure answers."""
    made = [each for each in stack.by_type(ROLE) if not each.existing]
    ids = [each.id for each in made] + [each.named("roleDefinitionId") for each in made]
    return {id_.rsplit("/", 1)[-1].lower() for id_ in ids if isinstance(id_, str)}


def _running_as(assignment: Resource, stack: Stack) -> Iterator[Resource]:
    """What runs as the identity that is given a role."""
    for identity in stack.owners(assignment, "principalId", IDENTITY):
        yield from stack.holders(identity, "identity.userAssignedIdentities[]", *RUNNERS)


@rule(
    "ID-PULL-NAMED",
    "Whoever pulls images from a registry that others share may pull its own only",
    on=ROLE_ASSIGNMENT,
    severity="medium",
    controls=["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
    remediation="Give the assignment of Container Registry Repository Reader a condition that names the repository.",
    source="learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions",
    where=lambda assignment: str(next(assignment.leaves("roleDefinitionId"), "")).lower().endswith(READS_REPOSITORIES),
)
def pull_is_named(assignment: Resource) -> Iterator[str]:
    condition = str(assignment.get("condition", ""))
    if REGISTRY in str(assignment.get("scope", "")).lower() and "repositories:name]" not in condition.lower():
        yield "its condition names no repository, so that it reads every image of the registry"


@rule(
    "ID-SCOPE",
    "A role is assigned on a resource, not on a whole subscription, and on a group only where it merely reads",
    on=ROLE_ASSIGNMENT,
    severity="high",
    controls=["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
    remediation="Assign the role on the resource the identity works with. One that may stand on a whole group needs a "
    "row in policies/data/group_roles.yaml.",
    source="learn.microsoft.com/azure/role-based-access-control/best-practices; policies/data/group_roles.yaml",
)
def role_scope_is_narrow(assignment: Resource, stack: Stack) -> Iterator[str]:
    scope = peek(assignment.inputs, "scope")
    if scope is UNKNOWN:
        sources = {one.type for urn in assignment.dependencies.get("scope", ()) if (one := stack.by_urn.get(urn))}
        if len(sources) != 1:
            scope = assignment.get("scope")  # raises: nobody can say yet
        on_group = sources == {GROUP}
    else:
        assignment.seen["scope"] = scope
        if "/resourcegroups/" not in str(scope).lower():
            yield f"its scope is {scope or 'not set'}"
        on_group = WHOLE_GROUP.search(str(scope)) is not None
    if on_group:
        id_ = role_of(assignment)
        name = roles()[id_].name if id_ in roles() else id_
        if name not in table("group_roles"):
            yield f"its scope is a whole resource group, where {name} is too much"


@rule(
    "ID-FEDERATED-SUBJECT",
    "A federated credential trusts one exact subject",
    on=CREDENTIALS,
    severity="high",
    controls=["164.312(d)", "164.312(a)(2)(i)"],
    remediation="Name the issuer with https, one audience and a whole subject, no wildcard. Of GitHub: an environment "
    "of one repository (repo:owner@id/name@id:environment:prod); any pull request may sign in as pull_request, and "
    "whoever may push as a branch.",
    source="marin#7532 review; Azure Policy 'Managed identity federated credentials from GitHub'; GitHub, OpenID "
    "Connect reference, immutable subject claims",
)
def federated_subject(credential: Resource) -> Iterator[str]:
    subject = str(credential.get("subject", ""))
    issuer = str(credential.get("issuer", "")).rstrip("/")
    if not subject or "*" in subject or (issuer == GITHUB and not ENVIRONMENT.fullmatch(subject)):
        yield f"its subject is {subject or 'not set'}"
    if not issuer.startswith("https://"):
        yield "its issuer is not an https address"
    if len(credential.each("audiences")) != 1:
        yield f"it has {len(credential.each('audiences'))} audiences, must be one"


@rule(
    "ID-IN-USE",
    "What is given identities works as them",
    on="*",
    severity="high",
    controls=["164.308(a)(4)(ii)(B)", "164.312(d)"],
    remediation="Let identity.type name UserAssigned exactly where identity.userAssignedIdentities names identities.",
    source="learn.microsoft.com/azure/templates, identity of each type: userAssignedIdentities belongs to a type that "
    "names UserAssigned; every right of ours is an identity's that is named",
    where=lambda resource: resource.custom and "identity" in resource.inputs,
)
def identity_in_use(resource: Resource) -> Iterator[str]:
    type_ = str(resource.get("identity.type", ""))
    if resource.has("identity.userAssignedIdentities") and "userassigned" not in folded(type_):
        yield f"identity.type is {type_ or 'not set'}, so that it works as none of the identities that it names"


@rule(
    "NEED-RUNNER",
    "Somebody is each identity: something runs as it, or a credential signs in as it",
    on=IDENTITY,
    severity="medium",
    controls=["164.308(a)(4)(ii)(C)", "164.308(a)(3)(ii)(C)"],
    remediation="Declare what runs as the identity, or take the identity away with its rights.",
    source="a duty that nobody does is not done, and rights that nobody needs are taken back",
    where=may_hold_phi,
)
def identity_is_somebody(identity: Resource, stack: Stack) -> Iterator[str]:
    at_work = identity.urn in stack.remember(_identities_at_work)
    if not at_work and not stack.parts(identity, "resourceName", *CREDENTIALS):
        yield "nothing of this stack runs as it, and no credential signs in as it"


def _identities_at_work(stack: Stack) -> set[str]:
    users = (each for each in stack.resources if each.custom and "identity" in each.inputs)
    return {of.urn for user in users for of in identities_of(user, stack)}


@rule(
    "KV-ONE-APP",
    "The secrets of a vault are read by the identity of one app at most",
    on="keyvault:Vault",
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(4)(ii)(B)"],
    remediation="Give each app a vault of its own, and only its own identity the right to read there.",
    source="requirements S01, S08: what one app may read, another may not",
)
def one_app_reads(vault: Resource, stack: Stack) -> Iterator[str]:
    readers = [
        app
        for app in stack.by_type(SITE)
        if any(may(READ_SECRETS, identity, vault, stack, surely=True) for identity in identities_of(app, stack))
    ]
    if len(readers) > 1:
        yield f"its secrets are read by {', '.join(map(str, readers))}"


@rule(
    "PG-ADMINISTRATOR-APART",
    "No app is administrator of the database",
    on=ADMINISTRATOR,
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(4)(ii)(B)", "164.312(c)(1)"],
    remediation="Make a group of people, or the identity of the job that prepares the database, its administrator; an "
    "app gets a role in the database.",
    source="requirement S13: an administrator passes row-level security and may remove the audit",
)
def no_app_administers(administrator: Resource, stack: Stack) -> Iterator[str]:
    identities = [
        *stack.targets(administrator, "objectId", IDENTITY, by="principalId"),
        *stack.targets(administrator, "principalName", IDENTITY, by="resourceName"),
    ]
    for app in stack.by_type(SITE):
        if any(identity in identities for identity in identities_of(app, stack)):
            yield f"{app} signs in as it"
