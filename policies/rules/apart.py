"""Rights of the stack's own identities that no two duties may share."""

from collections.abc import Iterator

from policies.access import READ_SECRETS, may
from policies.resource import Resource
from policies.rule import rule
from policies.rules.app_service import SITE
from policies.rules.postgres import ADMINISTRATOR
from policies.view import Stack

VAULT, IDENTITY = "keyvault:Vault", "managedidentity:UserAssignedIdentity"


def _identities(app: Resource, stack: Stack) -> list[Resource]:
    return stack.targets(app, "identity.userAssignedIdentities[]", IDENTITY)


@rule(
    "KV-ONE-APP",
    "The secrets of a vault are read by the identity of one app at most",
    on=VAULT,
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(4)(ii)(B)"],
    remediation="Give each app a vault of its own, and only its own identity the right to read there.",
    source="requirements S01, S08: what one app may read, another may not",
)
def one_app_reads(vault: Resource, stack: Stack) -> Iterator[str]:
    readers = [
        app
        for app in stack.by_type(SITE)
        if any(may(READ_SECRETS, identity, vault, stack, surely=True) for identity in _identities(app, stack))
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
        if any(identity in identities for identity in _identities(app, stack)):
            yield f"{app} signs in as it"
