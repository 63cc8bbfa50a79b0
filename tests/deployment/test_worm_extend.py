"""Lengthening a policy: with its ETag, never shorter, and a locked one only with consent."""

from __future__ import annotations

import pytest

from tests.deployment.conftest import DAYS, Deployment
from tests.deployment.fake import Answer, Fault

STEP = ("--step", "worm-extend")
CONFIRMED = (*STEP, "--confirm-irreversible")
CONTAINER = "am-azkvauditlogs"


def days(deployment: Deployment) -> int:
    return int(deployment.fake.policies[CONTAINER]["days"])


def test_unlocked_policy_is_lengthened_once(deployment: Deployment) -> None:
    deployment.fake.policy(CONTAINER, DAYS - 1)
    assert deployment.verify(*STEP) == 1
    assert deployment("--plan", *STEP) == 0
    assert deployment.changes == []
    assert deployment(*STEP) == 0
    assert days(deployment) == DAYS
    assert deployment.fake.policies[CONTAINER]["append"], "appending stays allowed"
    assert deployment(*STEP) == 0
    assert deployment.changes == []
    assert deployment.verify(*STEP) == 0


def test_locked_policy_is_lengthened_with_consent_only(deployment: Deployment) -> None:
    deployment.fake.policy(CONTAINER, 30, state="Locked")
    assert deployment(*STEP) == 0
    assert days(deployment) == 30
    assert "IRREVERSIBLE: 30 -> 2192 days" in deployment.detail("worm-extend")
    assert deployment(*CONFIRMED) == 0
    assert days(deployment) == DAYS
    assert deployment.changes[0].endswith("/extend")
    assert deployment.fake.policies[CONTAINER]["state"] == "Locked"


@pytest.mark.parametrize("state", ["Unlocked", "Locked"])
def test_policy_is_never_shortened(deployment: Deployment, state: str) -> None:
    deployment.fake.policy(CONTAINER, DAYS + 1, state=state)
    assert deployment(*CONFIRMED) == 1
    assert days(deployment) == DAYS + 1
    assert f"it holds {DAYS + 1} days, config says {DAYS}" in deployment.detail("worm-extend")
    assert deployment.changes == []


def test_policy_changed_since_it_was_read_stays(deployment: Deployment) -> None:
    deployment.fake.policy(CONTAINER, 30)
    properties = deployment.fake._policy({"container": CONTAINER}).body["properties"]
    seen = Answer(200, {"etag": '"older"', "properties": properties})
    deployment.fake._policy = lambda *_: seen  # type: ignore[method-assign]
    assert deployment(*STEP) == 1
    assert "412 ConditionNotMet" in deployment.detail("worm-extend")
    assert days(deployment) == 30


def test_extension_that_got_lost_is_not_repeated(deployment: Deployment) -> None:
    """Azure allows five in a policy's life: the rerun looks first."""
    deployment.fake.policy(CONTAINER, 30, state="Locked")
    deployment.fake.faults.append(Fault("POST", "/extend$", 504, after=True))
    assert deployment(*CONFIRMED) == 1
    assert sum(change.endswith("/extend") for change in deployment.changes) == 1
    assert deployment(*CONFIRMED) == 0
    assert deployment.changes == []
