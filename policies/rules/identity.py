"""Who may manage what: role assignments and federated credentials."""

import re
from collections.abc import Iterator

from facts.roles import role_id
from policies.rule import must, rule
from policies.view import Resource

ROLE_ASSIGNMENT = "authorization:RoleAssignment"
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
GIVES_RIGHTS = role_id("Role Based Access Control Administrator")
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
    role = str(assignment.get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower()
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
    "ID-SCOPE",
    "A role is assigned on a resource or resource group, not on a whole subscription",
    on=ROLE_ASSIGNMENT,
    severity="high",
    controls=["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
    remediation="Assign the role on the resource the identity works with.",
    source="learn.microsoft.com/azure/role-based-access-control/best-practices",
)
def role_scope_is_narrow(assignment: Resource) -> Iterator[str]:
    scope = str(assignment.get("scope", ""))
    if "/resourcegroups/" not in scope.lower():
        yield f"its scope is {scope or 'not set'}"


@rule(
    "ID-PRINCIPAL-TYPE",
    "A role assignment says what kind of principal it is for",
    on=ROLE_ASSIGNMENT,
    severity="low",
    controls=["164.312(a)(2)(i)"],
    remediation="Set principalType: without it an assignment fails while a new identity spreads through Entra.",
    source="Azure Verified Modules always pass it",
)
def principal_type(assignment: Resource) -> Iterator[str]:
    yield from must(assignment, "principalType", "ServicePrincipal", "Group", "User")


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
