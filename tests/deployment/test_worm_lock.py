"""Locking what can never be unlocked: only with both consents, and never a policy that is not the declared one."""

from __future__ import annotations

import pytest

from tests.deployment.conftest import DAYS, Deployment
from tests.deployment.fake import Answer, Fault

STEP = ("--step", "worm-lock")
CONFIRMED = (*STEP, "--confirm-irreversible")


def states(deployment: Deployment) -> list[str]:
    return [policy["state"] for policy in deployment.fake.policies.values()]


@pytest.fixture
def wanted(deployment: Deployment) -> Deployment:
    """A stack whose config asks for the lock."""
    deployment.outputs["archive"]["lock"] = True
    return deployment


def test_without_config_the_flag_locks_nothing(deployment: Deployment) -> None:
    assert deployment(*CONFIRMED) == 0
    assert deployment.status("worm-lock") == {"skipped"}
    assert states(deployment) == ["Unlocked", "Unlocked"]
    assert deployment.verify(*STEP) == 0


def test_config_without_flag_locks_nothing_and_is_reported(wanted: Deployment) -> None:
    assert wanted(*STEP) == 0
    assert wanted.status("worm-lock") == {"skipped"}
    assert "IRREVERSIBLE" in wanted.detail("worm-lock")
    assert wanted.changes == []
    assert wanted.verify(*STEP) == 1
    assert states(wanted) == ["Unlocked", "Unlocked"]


def test_both_lock_once(wanted: Deployment) -> None:
    assert wanted("--plan", *CONFIRMED) == 0
    assert wanted.changes == []
    assert wanted(*CONFIRMED) == 0
    assert states(wanted) == ["Locked", "Locked"]
    assert wanted(*CONFIRMED) == 0
    assert wanted.changes == []
    assert wanted.verify(*STEP) == 0


@pytest.mark.parametrize(
    ("days", "append", "why"),
    [(DAYS - 1, True, "holds 2191 days, config says 2192"), (36500, True, "36500"), (DAYS, False, "no appending")],
)
def test_policy_other_than_declared_is_not_locked(wanted: Deployment, days: int, append: bool, why: str) -> None:
    """A lock cannot be taken back."""
    wanted.fake.policy("am-azkvauditlogs", days, append=append)
    assert wanted(*CONFIRMED) == 1
    assert why in wanted.detail("worm-lock")
    assert wanted.fake.policies["am-azkvauditlogs"]["state"] == "Unlocked"


def test_policy_changed_after_read_is_not_locked(wanted: Deployment) -> None:
    seen = Answer(
        200,
        {"etag": '"older"', "properties": wanted.fake._policy({"container": "am-azkvauditlogs"}).body["properties"]},
    )
    wanted.fake._policy = lambda *_: seen  # type: ignore[method-assign]
    assert wanted(*CONFIRMED) == 1
    assert "412 ConditionNotMet" in wanted.detail("worm-lock")
    assert states(wanted) == ["Unlocked", "Unlocked"]


def test_container_without_policy_is_reported_and_rerun_continues(wanted: Deployment) -> None:
    wanted.fake.faults.append(Fault("POST", "am-azkvauditlogs", 403, "AuthorizationFailed"))
    assert wanted(*CONFIRMED) == 1
    assert states(wanted) == ["Unlocked", "Locked"]
    assert wanted(*CONFIRMED) == 0
    assert len(wanted.changes) == 1
    del wanted.fake.policies["am-azkvauditlogs"]
    assert wanted.verify(*STEP) == 1
    assert "404 ContainerNotFound" in wanted.detail("worm-lock")


def test_a_lock_that_is_too_short_is_told(wanted: Deployment) -> None:
    wanted.fake.policy("am-azkvauditlogs", 30, state="Locked")
    assert wanted.verify(*STEP) == 1
    assert "locked for 30 days; config wants 2192" in wanted.detail("worm-lock")
