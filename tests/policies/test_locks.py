"""What lies below a lock: each type has decided whether a stack file takes it away."""

from __future__ import annotations

from facts.types import type_row
from policies.rules.protection import LOCK, below_lock
from tests.policies.records import everything, view


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
