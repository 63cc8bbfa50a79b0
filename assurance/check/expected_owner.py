"""That no other stack of the subscription owns what the subscription has once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from assurance.check.demand import Demand
from assurance.check.places import Places
from documents.problems import DocumentError
from policies.rule import RuleInfo
from stacks.settings.model import Settings
from stacks.settings.stack_file import StackFile, read_stack_file

OWNER = partial(RuleInfo, source="the stack's file")(
    "EXPECT-SUBSCRIPTION-OWNER",
    "At most one stack of a subscription owns what it has once",
    "high",
    ("164.308(a)(1)(ii)(D)",),
    "Set medspasync:subscription.owner to true in one stack only: each deployment would undo the other's.",
)
SECTION, SUBSCRIPTION = "medspasync:subscription", "azure-native:subscriptionId"


def owner(stack: str, settings: Settings, root: Path, places: Places) -> Iterator[Demand]:
    """One demand where ``stack`` owns its subscription; none where it does not.

    Stacks that name different subscriptions (``azure-native:subscriptionId``) may own one each. A stack that names none
    may be deployed to any.
    """
    if not settings.subscription.owner:
        return
    own = root / f"Pulumi.{stack}.yaml"
    named = read_stack_file(own).config.get(SUBSCRIPTION)
    problems, unknown = [], []
    for path in sorted(root.glob("Pulumi.*.yaml")):
        if path == own:
            continue
        try:
            other = read_stack_file(path)
        except DocumentError:
            unknown.append(f"whether {path.name} owns it too: the file cannot be read")
            continue
        if _owns(other) and (named is None or other.config.get(SUBSCRIPTION, named) == named):
            problems.append(f"{path.name} owns it too, or names no subscription of its own ({SUBSCRIPTION})")
    origin = places.of(own.name, f"{SECTION}.owner")
    yield Demand(rule=OWNER, name="owner of the subscription", origin=origin, problems=problems, unknown=unknown)


def _owns(file: StackFile) -> bool:
    section = file.config.get(SECTION)
    return isinstance(section, dict) and section.get("owner") is True
