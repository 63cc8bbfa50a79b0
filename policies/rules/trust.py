"""Whom the stack trusts: every principal, issuer and ARM id among its inputs is its own, or registered."""

import re
from collections.abc import Iterator

from facts.roles import roles
from policies.kept import kept
from policies.own import own
from policies.resource import Resource, last_name, not_known
from policies.rule import rule
from policies.rules.identity import CREDENTIALS
from policies.view import Stack

PRINCIPAL_KEYS = frozenset(
    {"principalid", "objectid", "administratorobjectid", "sid", "aadobjectid", "userid", "delegatedmanagedidentityid"}
)
"""Inputs, in any type, that hold the object id of a principal; lists of them are told by `PRINCIPAL_LISTS`."""
OTHER_SID = "azure-native:apimanagement:Subscription"
"""Its ``sid`` is the name of a subscription to an API, and nobody's object id."""
PRINCIPAL_LISTS = frozenset({"identities", "groups", "adminsgroupobjectids", "admingroupobjectids", "objectids"})
SUBSCRIPTION_KEY = "subscriptionid"
TENANT_KEYS = frozenset({"tenantid", "managedbytenantid", "managedtenantid", "aadtenantid", "tenants"})
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

ARM_ID = re.compile(
    r"(?<!Microsoft\.Resources)/subscriptions/[0-9a-z*-]+(?:/[^\s\"'|,;)\]}?&#<>]+)?|/providers/Microsoft\.Management/managementGroups/[\w.-]+",
    re.IGNORECASE,
)

SOURCE = "policies/trusted.yaml; what a stranger holds is a stranger's, whatever form it has"


def _is_principal(path: str) -> bool:
    last = last_name(path)
    if last in PRINCIPAL_KEYS:
        return True
    return path.endswith("]") and last in PRINCIPAL_LISTS and "allowed" in path.lower()


@kept
def _may_tell_who(name: str) -> bool:
    """Whether an input of this name may hold a principal or a tenant; a variable's own name stands beside its value."""
    return name in PRINCIPAL_KEYS | PRINCIPAL_LISTS | TENANT_KEYS | {"value"} or name.endswith(
        ("_tenant_id", "_tenantid")
    )


def _is_tenant(path: str, resource: Resource) -> bool:
    """Whether an input, or a variable of a program, holds the id of a tenant."""
    last = last_name(path)
    if last == "value" and path.endswith(".value"):
        last = resource.entry_names.get(path.removesuffix(".value"), "").lower()
    return last in TENANT_KEYS or last.endswith(("_tenant_id", "_tenantid"))


@kept
def _arm_ids(text: str) -> tuple[str, ...]:
    """Every ARM id in a text."""
    return tuple(match[0] for match in ARM_ID.finditer(text))


@rule(
    "TRUST-PRINCIPAL",
    "Whoever holds a right is of this stack, or registered with what it may hold",
    on="*",
    severity="critical",
    controls=["164.308(a)(4)(ii)(B)", "164.312(a)(1)", "164.312(d)"],
    remediation="Give the right to an identity of the stack, or write an entry `principal` in policies/trusted.yaml.",
    source=SOURCE,
    where=lambda resource: (
        resource.type != OTHER_SID
        and any(map(_may_tell_who, resource.names))
        and any(_is_principal(path) or _is_tenant(path, resource) for path, _ in resource.texts)
    ),
)
def principals(resource: Resource, stack: Stack) -> Iterator[str]:
    ours = own(stack)
    right = _right(resource)
    for path, value in resource.texts:
        if _is_principal(path):
            if value.lower() not in ours.principals and not stack.trust.principal(value, right):
                yield from unregistered(stack, f"{path} gives {value} the right {right}")
        elif not _is_tenant(path, resource) or not GUID.fullmatch(value) or value.lower() == ours.tenant:
            continue
        elif not stack.trust.principal(value, "tenant"):
            yield from unregistered(stack, f"{path} is {value}, another tenant than the rest of the stack")


@rule(
    "TRUST-CREDENTIAL",
    "Nothing signs in as an identity whose issuer, subject and audience nobody registered",
    on=CREDENTIALS,
    severity="critical",
    controls=["164.312(d)", "164.308(a)(4)(ii)(B)"],
    remediation="Remove the credential, or write an entry `credential` in policies/trusted.yaml that names the "
    "identity, the issuer, the whole subject and the audience.",
    source=SOURCE,
)
def credentials(credential: Resource, stack: Stack) -> Iterator[str]:
    issuer, subject = str(credential.get("issuer", "")), str(credential.get("subject", ""))
    audiences = [str(audience) for audience in credential.each("audiences")]
    name = credential.named("resourceName")
    holders = [
        *stack.owners(credential, "resourceName", "managedidentity:UserAssignedIdentity"),
        *stack.targets(credential, "applicationId", "azuread:index/application:Application"),
    ]
    identities = [holder.name for holder in holders] + ([name] if isinstance(name, str) else [])
    if not stack.trust.credential(identities, issuer, subject, audiences):
        message = f"{subject or 'anybody'} of {issuer or 'no issuer'} for {', '.join(audiences) or 'no audience'}"
        yield from unregistered(
            stack, f"{message} may sign in as {', '.join(identities) or 'an identity not known yet'}"
        )


@rule(
    "TRUST-RESOURCE",
    "Every ARM id that an input names is of this stack, or registered",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)", "164.308(a)(4)(ii)(B)"],
    remediation="Name a resource of the stack, or write an entry `resource` in policies/trusted.yaml.",
    source=SOURCE,
    where=lambda resource: any(_arm_ids(text) or last_name(path) == SUBSCRIPTION_KEY for path, text in resource.texts),
)
def resources(resource: Resource, stack: Stack) -> Iterator[str]:
    ours = own(stack)
    for path, text in resource.texts:
        if last_name(path) == SUBSCRIPTION_KEY and GUID.fullmatch(text) and text.lower() != ours.subscription:
            yield from unregistered(stack, f"{path} names the subscription {text}, which is not this stack's")
        for id_ in _arm_ids(text):
            if not ours.has_id(id_) and not stack.trust.resource(id_):
                yield from unregistered(stack, f"{path} names {id_}, which this stack does not make")


def _right(resource: Resource) -> str:
    """What a resource that names a principal gives it, in the words of the register."""
    definition = dict(resource.texts).get("roleDefinitionId")
    if definition:
        id_ = str(definition).rsplit("/", 1)[-1].lower()
        return roles()[id_].name if id_ in roles() else id_
    kind = resource.type.rsplit(":", 1)[-1]
    if kind.startswith("Administrator"):
        return "database administrator"
    return {"Vault": "vault access policy", "AccessPolicy": "vault access policy"}.get(
        kind, "cache access policy" if kind == "AccessPolicyAssignment" else kind
    )


def unregistered(stack: Stack, message: str) -> Iterator[str]:
    """A violation; of another's project that has no register nobody can say who is a stranger."""
    if not stack.ours and not stack.trust.registered:
        raise not_known(f"{message}; the project has no policies/trusted.yaml")
    yield f"{message} and policies/trusted.yaml does not register"
