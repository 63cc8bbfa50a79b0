"""What a subscription has once is refused outside the stack that owns it, and one shipped stack owns it."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.settings.archive import ArchiveSettings
from stacks.settings.between.subscription import owner_problems
from stacks.settings.reading.stack_file import read_stack_file
from stacks.settings.security import SecuritySettings, SubscriptionSettings
from tests.harness import ROOT, STACKS
from tests.stacks.settings.sections import read, refused


def crossed(owner: bool, security: dict[str, Any], archive: dict[str, Any]) -> set[str]:
    subscription = read(SubscriptionSettings, {"owner": owner})
    return {
        problem.key
        for problem in owner_problems(subscription, read(SecuritySettings, security), read(ArchiveSettings, archive))
    }


@pytest.mark.parametrize(
    ("security", "archive", "key"),
    [
        ({"defender": {}}, {}, "security.defender"),
        ({"policies": {"hipaa": True}}, {}, "security.policies.hipaa"),
        ({"policies": {"hitrustCsf": True}}, {}, "security.policies.hitrustCsf"),
        ({}, {"activityLog": True}, "archive.activityLog"),
    ],
)
def test_what_exists_once_belongs_to_the_owner(security: dict[str, Any], archive: dict[str, Any], key: str) -> None:
    assert crossed(False, security, archive) == {key}
    assert crossed(True, security, archive) == set()


def test_nobody_owns_unless_the_stack_file_says_so() -> None:
    assert SubscriptionSettings().owner is False
    assert crossed(False, {}, {}) == set()
    assert refused(SubscriptionSettings, {"owner": "yes"}) == {"owner"}


def test_one_shipped_stack_owns_the_subscription() -> None:
    """Defender plans, policy assignments and the activity log exist once: two owners would fight over them."""
    files = {stack: read_stack_file(ROOT / f"Pulumi.{stack}.yaml").config for stack in STACKS}
    assert [stack for stack, config in files.items() if config["medspasync:subscription"]["owner"]] == ["prod"]
