"""Locks of somebody else above what the stack is about to write."""

from collections.abc import Iterator

from deployment.locks import list_locks
from deployment.preflight.subscription import Subscription
from deployment.step import Result


def check_locks(subscription: Subscription) -> Iterator[Result]:
    """No lock on the subscription, or on a group of the stack, stands in the way.

    ReadOnly stops every write; CanNotDelete stops every later delete below it, rights included.
    """
    groups = {f"{subscription.id}/resourcegroups/{name}".lower() for name in subscription.record.groups}
    wrong = 0
    for lock in list_locks(subscription.arm, subscription.id):
        if lock.scope.lower() in {subscription.id.lower(), *groups} or (
            lock.level == "ReadOnly" and _within(lock.scope, groups)
        ):
            wrong += 1
            stops = "every write" if lock.level == "ReadOnly" else "every delete"
            yield Result(lock.name, "missing", f"{lock.level} on {lock.scope} stops {stops} below it: {lock.id}")
    if not wrong:
        yield Result("locks", "holds", "none above the stack's resources")


def _within(scope: str, groups: set[str]) -> bool:
    return f"{scope}/".lower().startswith(tuple(f"{group}/" for group in groups))
