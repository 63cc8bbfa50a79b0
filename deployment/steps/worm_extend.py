"""Lengthen immutability policies of the audit archive that are shorter than config asks.

ARM wants the ETag of the policy with every change of it (Azure/azure-rest-api-specs pull request 29632), which the
engine's provider does not send (pulumi/pulumi-azure-native#2156), so the program leaves the period alone once a policy
is made. An unlocked policy is written anew. A locked one is extended: that is IRREVERSIBLE, at most five times in a
policy's life (learn.microsoft.com, azure/storage/blobs/immutable-time-based-retention-policy-overview), and takes
--confirm-irreversible. A period is never shortened here.
"""

from collections.abc import Iterator

from deployment.step import Context, Result, attempt
from deployment.steps.worm_lock import STORAGE, policy_path


def run(context: Context) -> Iterator[Result]:
    """One result for each container."""
    for container in context.inputs.archive.containers:
        yield attempt(container, _extend, context, container)


def _extend(context: Context, container: str) -> Result:
    wanted, path = context.inputs.archive.retention_days, policy_path(context.inputs.archive, container)
    policy = context.arm.get(path, STORAGE)
    properties = policy["properties"]
    days, locked = properties.get("immutabilityPeriodSinceCreationInDays", 0), properties.get("state") == "Locked"
    if days == wanted:
        return Result(container, "already", f"{days} days")
    if days > wanted:
        how = "nothing can shorten it" if locked else "shorten it by hand if that is meant, with a second person"
        return Result(container, "failed", f"it holds {days} days, config says {wanted}: {how}")
    if locked and not context.irreversible:
        return Result(container, "skipped", f"IRREVERSIBLE: {days} -> {wanted} days only with --confirm-irreversible")
    if context.plan:
        return Result(container, "planned", f"would lengthen it: {days} -> {wanted} days")
    kept = {"allowProtectedAppendWritesAll": properties.get("allowProtectedAppendWritesAll")}
    body = {"properties": {"immutabilityPeriodSinceCreationInDays": wanted, **({} if locked else kept)}}
    # The ETag is the policy that was looked at: one changed since is left alone.
    headers = {"If-Match": policy["etag"]}
    if locked:
        context.arm.post(f"{path}/extend", STORAGE, body, headers)
    else:
        context.arm.put(path, STORAGE, body, headers=headers)
    now = context.arm.get(path, STORAGE)["properties"].get("immutabilityPeriodSinceCreationInDays")
    return Result(container, "done" if now == wanted else "failed", f"it holds {now} days")
