"""What the signed-in identity may do, against what `up`, the steps and `unlock` need.

Azure lists a caller's own permissions at a resource group or a resource (Microsoft.Authorization 2022-04-01,
permissions); that the same list answers at a subscription, which is asked here because the groups are not made yet, is
not in the reference: where it does not answer, this check says so (docs/azure-unproven.md). Conditions on a role
assignment are not in the list.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from deployment.actions import ACTIONS
from deployment.arm import ArmError
from deployment.preflight.subscription import Subscription
from deployment.record import Record
from deployment.step import Result
from documents.counting import first_of

VERSION = "2022-04-01"
SHOWN = 8
"""Actions that one message names."""
_GROUPS = "Microsoft.Resources/resourceGroups"
_REVOKED = ("Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/locks")
"""Types whose delete is a right of its own that roles leave out. Of others, not every delete is an operation that a
role could name (keys, parameters, plans of Defender), so it is not asked."""


def needed_actions(record: Record) -> dict[str, str]:
    """Actions by what needs them: `up` writes every type of the record, the steps and commands have their own."""
    needed: dict[str, str] = {}
    for one in record.resources:
        kind = "Microsoft.Resources/subscriptions/resourceGroups" if one.arm == _GROUPS else one.arm
        for verb in ("read", "write", *(("delete",) if one.arm in _REVOKED else ())):
            needed.setdefault(f"{kind}/{verb}", "up")
    for name, actions in ACTIONS.items():
        for action in actions:
            needed.setdefault(action, name)
    return needed


def check_rights(subscription: Subscription) -> Iterator[Result]:
    """The signed-in identity may do all of it."""
    try:
        granted = subscription.arm.list(f"{subscription.id}/providers/Microsoft.Authorization/permissions", VERSION)
    except ArmError as refused:
        if refused.status not in (400, 404):
            raise
        yield Result("rights", "skipped", f"Azure does not list rights at a subscription ({refused}): not examined")
        return
    needed = needed_actions(subscription.record)
    refused_actions = {action: what for action, what in needed.items() if not _allowed(action, granted)}
    for what in dict.fromkeys(refused_actions.values()):
        actions = sorted(action for action, by in refused_actions.items() if by == what)
        yield Result(what, "missing", f"not allowed to the signed-in identity: {first_of(actions, SHOWN)}")
    if not refused_actions:
        yield Result("rights", "holds", f"{len(needed)} actions are allowed (conditions of role assignments unseen)")


def _allowed(action: str, granted: Sequence[dict[str, Any]]) -> bool:
    """Whether one of the roles allows it: what a role leaves out, another may give."""
    return any(
        _matches(action, role.get("actions") or []) and not _matches(action, role.get("notActions") or [])
        for role in granted
    )


def _matches(action: str, patterns: Sequence[str]) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE) for pattern in patterns
    )
