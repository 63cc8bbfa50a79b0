"""What keeps data, keys and logs from being deleted by mistake."""

from collections.abc import Iterator, Mapping

from facts.types import resource_types, types_with
from policies.resource import UNKNOWN, Resource
from policies.rule import about, must, rule
from policies.view import Stack

STATEFUL: Mapping[str, list[str]] = types_with("stateful", list)
LOCK = "authorization:ManagementLockByScope"


@rule(
    "PROT-PROTECT",
    "The engine refuses to delete what holds data, keys or logs",
    on=[type_ for type_, ways in STATEFUL.items() if "protect" in ways],
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(A)"],
    remediation="Set the resource option protect.",
    source="reference: pulumi protect; facts/types.yaml",
)
def protected(resource: Resource) -> Iterator[str]:
    resource.seen["protect"] = resource.protect
    if not resource.protect:
        yield "the option protect is not set"


@rule(
    "PROT-LOCK",
    "Azure refuses to delete what holds data, keys or logs, whoever asks",
    on=[type_ for type_, ways in STATEFUL.items() if "lock" in ways],
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(A)"],
    remediation="Add a CanNotDelete lock on the resource (not on its group).",
    source="MicrosoftDocs security-data-encryption recommends it for the key's vault; facts/types.yaml",
)
def locked(resource: Resource, stack: Stack) -> Iterator[str]:
    locks = stack.holders(resource, "scope", LOCK)
    resource.seen["management locks on it"] = locks
    if not locks:
        yield "no management lock of this stack is on it"
    for lock in locks:
        yield from about(lock, must(lock, "level", "CanNotDelete", "ReadOnly"))


EDITED: Mapping[str, str] = types_with("inherits_lock", str)


@rule(
    "LOCK-REVOCABLE",
    "Nothing that a stack file takes away lies below a lock, or it is known: that delete needs the lock lifted",
    on=LOCK,
    severity="low",
    controls=["164.308(a)(3)(ii)(C)"],
    remediation="Lift the one lock for the one change: python -m deployment unlock STACK RESOURCE -- COMMAND "
    "(docs/runbooks/revoke-access.md). Where the data has another protection, leave the lock out.",
    source="learn.microsoft.com/azure/azure-resource-manager/management/lock-resources; facts/types.yaml, inheritsLock",
    offline="the engine does not show policies the retain-on-delete option",
)
def revocable(lock: Resource, stack: Stack) -> Iterator[str]:
    edited = stack.remember(Edited)
    below = edited.below(str(lock.get("scope"))) if edited.resources else []
    for type_ in EDITED:
        names = sorted(one.name for one in below if one.type == type_)
        if names:
            yield f"below it, and not to be deleted while it stands: {', '.join(names)} ({EDITED[type_]})"


def _is_edited(resource: Resource) -> bool:
    where = resource_types()[resource.type].inherits_lock_where
    return where is None or resource.has(where)


class Edited:
    """What a stack file takes away, by the scopes of the locks that it would lie below."""

    def __init__(self, stack: Stack) -> None:
        self.resources = [one for one in stack.by_type(*EDITED) if not one.retained and _is_edited(one)]
        self._by_scope: dict[str, list[Resource]] = {}
        for one in self.resources:
            for scope in _scopes_above(one):
                self._by_scope.setdefault(scope, []).append(one)

    def below(self, scope: str) -> list[Resource]:
        """Those that inherit a lock on ``scope``: they lie below it, or extend it or what does."""
        return self._by_scope.get(scope.lower(), [])


def _scopes_above(resource: Resource) -> set[str]:
    own = str(resource.id or "").lower()
    on = next(iter(resource.leaves("scope")), UNKNOWN)
    texts = (own, f"{on.lower()}/" if isinstance(on, str) else "")
    return {text[:place] for text in texts for place, letter in enumerate(text) if letter == "/"}
