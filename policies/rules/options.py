"""Options of a resource that undo what its inputs say, or tell the engine to forget it or to make it anew."""

import re
from collections.abc import Iterator
from typing import Any

from facts.tokens import type_key
from policies.compare import lies_in
from policies.data import table
from policies.resource import Resource
from policies.rule import rule
from policies.rules.protection import STATEFUL
from policies.view import Stack

RIGHTS = (
    "authorization:RoleAssignment",
    "authorization:RoleDefinition",
    "dbforpostgresql:AdministratorsMicrosoftEntra",
    "redisenterprise:AccessPolicyAssignment",
    "keyvault:AccessPolicy",
    "managedidentity:FederatedIdentityCredential",
)
_REPLACING = ("replaceOnChanges", "replaceWith", "replacementTrigger")


@rule(
    "OPT-IGNORED",
    "What a resource ignores the change of is on the list of what may drift, with a reason",
    on="*",
    severity="high",
    controls=["164.308(a)(1)(ii)(D)", "164.312(c)(1)"],
    remediation="Remove the path from ignoreChanges, or give it a row with a reason in policies/data/ignored.yaml.",
    source="pulumi.com/docs/iac/concepts/options/ignorechanges: declared is then not deployed, and drift stays",
    where=lambda resource: bool(resource.ignored),
)
def ignored(resource: Resource) -> Iterator[str]:
    allowed: dict[str, Any] = table("ignored").get(resource.type.removeprefix("azure-native:"), {})
    for path in resource.ignored:
        if path not in allowed and re.sub(r"\[\d+\]", "[]", path) not in allowed:
            yield f"it ignores changes of {path}"


@rule(
    "OPT-OWN-PROVIDER",
    "A resource goes by the program's own provider, plugin and name; nothing runs beside it, and no change is hidden",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(1)(ii)(D)"],
    remediation="Leave it out. Another provider has another subscription, tenant or credential, another plugin runs "
    "with the deployer's rights, an import takes over what nobody reviewed; hooks run code where it is deployed, and "
    "hideDiffs keeps changes out of the preview that is approved.",
    source="pulumi.com/docs/iac/concepts/options: provider, version, import, hooks, hideDiffs",
    offline="the engine shows policies none of these options, and names a provider for every resource",
    where=lambda resource: resource.custom or bool(resource.taken),
)
def own_provider(resource: Resource) -> Iterator[str]:
    for option in resource.taken:
        value = resource.options.get(option)
        yield f"it has the option {option}" + (f": {value}" if isinstance(value, str) else "")


@rule(
    "OPT-ALIAS",
    "An alias is a former name of the same resource, and takes over nothing else",
    on="*",
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(1)(ii)(D)"],
    remediation="Name a former URN of this resource: same stack, project and type (of whatever version), and none that "
    "the program still declares.",
    source="pulumi.com/docs/iac/concepts/options/aliases: the engine takes what had the alias for this resource, and "
    "changes or replaces it",
    offline="the engine has resolved aliases before it shows policies a resource",
    where=lambda resource: bool(resource.aliases),
)
def alias(resource: Resource, stack: Stack) -> Iterator[str]:
    own = _parts(resource.urn)
    for urn in resource.aliases:
        other = _parts(urn)
        if len(other) != 4 or not urn.startswith("urn:pulumi:"):
            yield f"its alias {urn} is no URN"
        elif other[:2] != own[:2]:
            yield f"its alias {urn} is of another stack or project"
        elif _type(other[2]) != _type(own[2]):
            yield f"its alias {urn} is of another type"
        elif urn != resource.urn and urn in stack.by_urn:
            yield f"its alias {urn} is a resource that the program declares"


@rule(
    "OPT-RIGHTS-GO",
    "A right that the program takes away is gone",
    on=RIGHTS,
    severity="high",
    controls=["164.308(a)(3)(ii)(C)", "164.308(a)(4)(ii)(C)"],
    remediation="Leave retainOnDelete out: what is kept on delete stays in Azure, and no program knows of it.",
    source="pulumi.com/docs/iac/concepts/options/retainondelete; 164.308(a)(3)(ii)(C): terminating access",
    offline="the engine does not show policies what is retained on delete",
)
def rights_go(resource: Resource) -> Iterator[str]:
    if resource.retained:
        yield "it has the option retainOnDelete"


@rule(
    "OPT-DELETED-WITH",
    "What the program takes away is deleted, or goes with what holds it",
    on="*",
    severity="high",
    controls=["164.308(a)(3)(ii)(C)"],
    remediation="Name in deletedWith the group, server, account or vault that it stands in, or leave it out.",
    source="pulumi.com/docs/iac/concepts/options/deletedwith: with the other one gone, nobody asks for the delete",
    offline="the engine shows policies none of these options",
    where=lambda resource: bool(resource.options.get("deletedWith")),
)
def deleted_with(resource: Resource, stack: Stack) -> Iterator[str]:
    other = stack.by_urn.get(str(resource.options["deletedWith"]))
    if other is None:
        yield "it is forgotten, not deleted, with something that this program does not declare"
    elif resource.id and other.id:
        if not lies_in(resource.id, other.id):
            yield f"it is forgotten, not deleted, with {other.name}, which does not hold it"
    elif not any(other.urn in urns for urns in resource.dependencies.values()):
        yield f"it is forgotten, not deleted, with {other.name}, which it does not name"


@rule(
    "OPT-REPLACED",
    "No option replaces what holds data, keys or logs; only Azure may ask for that",
    on="*",
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(A)"],
    remediation="Leave out replaceOnChanges, replaceWith and replacementTrigger, or name in the first single inputs of "
    "what holds nothing.",
    source="pulumi.com/docs/iac/concepts/options/replaceonchanges: a replacement deletes what was there",
    offline="the engine shows policies none of these options",
    where=lambda resource: any(resource.options.get(name) for name in _REPLACING),
)
def replaced(resource: Resource) -> Iterator[str]:
    for path in resource.options.get("replaceOnChanges") or ():
        if path == "*" or resource.type in STATEFUL:
            yield f"a change of {path} deletes it and makes it anew"
    for option in _REPLACING[1:]:
        if resource.options.get(option):
            yield f"it has the option {option}, so that it is deleted and made anew with something else"


def _parts(urn: str) -> list[str]:
    return urn.split("::", 3)


def _type(types: str) -> str:
    """The resource's own type, behind those of its parents, whatever the version of its package."""
    return type_key(types.rsplit("$", 1)[-1])
