"""What lies below a lock: each type has decided whether a stack file takes it away."""

from __future__ import annotations

from facts.types import type_row
from policies.resource import UNKNOWN, Resource
from policies.rules.protection import LOCK, Edited
from tests.policies.records import everything, view


def below_lock(resource: Resource, lock: Resource) -> bool:
    """Whether the resource inherits the lock: it lies below the lock's scope, or extends what does."""
    scope = str(lock.get("scope")).lower()
    own = str(resource.id or "").lower()
    on = next(iter(resource.leaves("scope")), UNKNOWN)
    return own.startswith(f"{scope}/") or (isinstance(on, str) and f"{on.lower()}/".startswith(f"{scope}/"))


def test_edited_is_found_by_scope_of_lock() -> None:
    stack = view(0, "deployed")
    edited = Edited(stack)
    for lock in stack.by_type(LOCK):
        below = [one for one in edited.resources if below_lock(one, lock)]
        assert edited.below(str(lock.get("scope"))) == below


def test_every_type_below_a_lock_has_decided() -> None:
    undecided, seen = set(), 0
    for index in range(len(everything("deployed"))):
        stack = view(index, "deployed")
        for lock in stack.by_type(LOCK):
            for one in stack.resources:
                if one.custom and not one.retained and below_lock(one, lock):
                    seen += 1
                    row = type_row(one.type)
                    if row is None or row.inherits_lock is None:
                        undecided.add(one.type)
    assert seen > 20
    assert undecided == set()
