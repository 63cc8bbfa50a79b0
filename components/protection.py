"""What keeps a stateful resource from being deleted by mistake."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization


@dataclass(frozen=True, kw_only=True)
class Protection:
    """How a stateful resource is guarded.

    protect: the engine refuses to delete or replace it (`pulumi up --ignore-protect` bypasses this).
    lock: a CanNotDelete management lock on the resource itself, which holds against every client.
    """

    protect: bool
    lock: bool


def lock_resource(
    name: str, resource_id: pulumi.Input[str], protection: Protection, *, parent: pulumi.Resource | None
) -> authorization.ManagementLockByScope | None:
    """A CanNotDelete lock at resource scope where ``protection`` asks for one.

    Resource scope, not group scope: a group lock also blocks deletes that a normal deployment needs. What lies below
    the resource inherits it all the same: rule LOCK-REVOCABLE lists that, and `python -m deployment unlock` lifts it
    for one change.
    """
    if not protection.lock:
        return None
    return authorization.ManagementLockByScope(
        f"{name}-lock",
        scope=resource_id,
        lock_name="do-not-delete",
        level=authorization.LockLevel.CAN_NOT_DELETE,
        notes="Stateful: holds regulated data or the keys to it. Remove only by the data-recovery runbook.",
        opts=pulumi.ResourceOptions(parent=parent),
    )
