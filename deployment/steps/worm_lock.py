"""Lock the immutability policies of the audit archive, where config says so.

IRREVERSIBLE: from then on nobody, Microsoft included, can shorten or remove a policy, and the account and its cost stay
until the last record is old enough. It takes both: `lock: true` in the stack config and --confirm-irreversible.
"""

from collections.abc import Iterator
from typing import Any

from deployment.inputs import ArchiveInputs
from deployment.step import Context, Result, attempt, name_of

STORAGE = "2024-01-01"


def run(context: Context) -> Iterator[Result]:
    """One result for each container."""
    archive = context.inputs.archive
    if not archive.lock:
        yield Result(name_of(archive.account_id), "skipped", "config does not ask for it (medspasync:archive.lock)")
        return
    for container in archive.containers:
        yield attempt(container, _lock, context, container)


def policy_path(archive: ArchiveInputs, container: str) -> str:
    """The ARM id of a container's policy."""
    return f"{archive.account_id}/blobServices/default/containers/{container}/immutabilityPolicies/default"


def _lock(context: Context, container: str) -> Result:
    archive = context.inputs.archive
    path = policy_path(archive, container)
    policy = context.arm.get(path, STORAGE)
    properties = policy["properties"]
    if properties.get("state") == "Locked":
        days = properties.get("immutabilityPeriodSinceCreationInDays", 0)
        if days < archive.retention_days:
            message = f"locked for {days} days; config wants {archive.retention_days}: see worm-extend"
            return Result(container, "failed", message)
        return Result(container, "already", f"locked for {days} days")
    if wrong := _unfit(properties, archive.retention_days):
        return Result(container, "failed", f"not locked, because it could not be mended afterwards: {wrong}")
    if not context.irreversible:
        return Result(container, "skipped", "IRREVERSIBLE: locked only with --confirm-irreversible")
    if context.plan:
        return Result(container, "planned", f"would lock for {archive.retention_days} days, IRREVERSIBLY")
    # The ETag is the policy that was looked at: one changed since is not locked.
    context.arm.post(f"{path}/lock", STORAGE, headers={"If-Match": policy["etag"]})
    state = context.arm.get(path, STORAGE)["properties"].get("state")
    return Result(container, "done" if state == "Locked" else "failed", f"the policy is {state}")


def _unfit(properties: dict[str, Any], retention_days: int) -> str | None:
    """What is wrong with a policy that is about to become eternal."""
    days = properties.get("immutabilityPeriodSinceCreationInDays")
    if days != retention_days:
        return f"it holds {days} days, config says {retention_days}"
    if not properties.get("allowProtectedAppendWritesAll"):
        return "it allows no appending, so no further record could arrive"
    return None
