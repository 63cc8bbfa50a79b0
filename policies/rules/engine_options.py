"""Options that tell the engine to forget a resource, or to make it anew."""

from collections.abc import Iterator

from policies.resource import Resource
from policies.rule import rule
from policies.rules.protection import STATEFUL
from policies.view import Stack

_REPLACING = ("replaceOnChanges", "replaceWith", "replacementTrigger")
_OFFLINE = "the engine shows policies none of these options"


@rule(
    "OPT-DELETED-WITH",
    "What the program takes away is deleted, or goes with what holds it",
    on="*",
    severity="high",
    controls=["164.308(a)(3)(ii)(C)"],
    remediation="Name in deletedWith the group, server, account or vault that it stands in, or leave it out.",
    source="pulumi.com/docs/iac/concepts/options/deletedwith: with the other one gone, nobody asks for the delete",
    offline=_OFFLINE,
    where=lambda resource: bool(resource.options.get("deletedWith")),
)
def deleted_with(resource: Resource, stack: Stack) -> Iterator[str]:
    other = stack.by_urn.get(str(resource.options["deletedWith"]))
    if other is None:
        yield "it is forgotten, not deleted, with something that this program does not declare"
    elif resource.id and other.id:
        if not f"{resource.id}/".lower().startswith(f"{other.id}/".lower()):
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
    offline=_OFFLINE,
    where=lambda resource: any(resource.options.get(name) for name in _REPLACING),
)
def replaced(resource: Resource) -> Iterator[str]:
    for path in resource.options.get("replaceOnChanges") or ():
        if path == "*" or resource.type in STATEFUL:
            yield f"a change of {path} deletes it and makes it anew"
    for option in _REPLACING[1:]:
        if resource.options.get(option):
            yield f"it has the option {option}, so that it is deleted and made anew with something else"
