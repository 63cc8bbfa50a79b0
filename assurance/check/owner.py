"""That at most one stack of a subscription owns what the subscription has once, by all stack files."""

from collections.abc import Iterator
from pathlib import Path

from assurance.check.findings import Finding, Status
from assurance.check.stack_files import SUBSCRIPTION, StackFile, may_share_subscription, stack_files
from assurance.record import Record
from policies.rule import RuleInfo

OWNER = RuleInfo(
    "STACKS-OWNER",
    "At most one stack of a subscription owns what it has once",
    "high",
    ("164.308(a)(1)(ii)(D)",),
    "Set medspasync:subscription.owner to true in one stack only: each deployment would undo the other's.",
    "a subscription has one activity log export, one security contact and one price for each Defender plan",
)


def owner_findings(record: Record, root: Path) -> Iterator[Finding]:
    """One finding where the record's stack owns its subscription; none where it does not.

    Stacks that name different subscriptions (``azure-native:subscriptionId``) may own one each. A stack that names none
    may be deployed to any.
    """
    own, others, unread = stack_files(record, root)
    if own is None or not _owns(own):
        return
    problems = [
        f"{other.path.name} owns it too, or names no subscription of its own ({SUBSCRIPTION})"
        for other in others
        if _owns(other) and may_share_subscription(own, other)
    ]
    unsure = [f"whether {name} owns it too: the file cannot be read" for name in unread]
    status: Status = "fail" if problems else "unchecked" if unsure else "pass"
    message = "; ".join(problems or unsure) or "no other stack file owns it"
    origin = own.place("subscription.owner")
    yield Finding.of(OWNER, status, message, stack=record.stack, name="owner of the subscription", origin=origin)


def _owns(file: StackFile) -> bool:
    return file.get("subscription.owner") is True
