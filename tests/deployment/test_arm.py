"""The client: what it tries again, how it waits, and how it tells what went wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy

from deployment import arm as module
from deployment.arm import ATTEMPTS, Arm, ArmError
from tests.deployment.conftest import BACKEND, PRIMARY, Deployment
from tests.deployment.fake import Answer, Fault, RefusedError

VERSION = "2024-11-01"
STAGING = f"{BACKEND}/slots/staging"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_read_is_tried_again_while_arm_is_busy(deployment: Deployment, status: int) -> None:
    deployment.fake.faults.append(Fault("GET", "/config/web$", status, times=3))
    assert deployment.arm.get(f"{STAGING}/config/web", VERSION)["properties"]
    assert deployment.clock.waits == [1.0, 2.0, 4.0]


def test_it_gives_up_in_the_end(deployment: Deployment) -> None:
    deployment.fake.faults.append(Fault("GET", "/config/web$", 503, "ServiceUnavailable", times=99))
    with pytest.raises(ArmError, match=r"GET .*/config/web: 503 ServiceUnavailable") as refused:
        deployment.arm.get(f"{STAGING}/config/web", VERSION)
    assert refused.value.status == 503
    assert len(deployment.fake.requests) == ATTEMPTS


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_action_with_unknown_outcome_is_never_repeated(deployment: Deployment, status: int) -> None:
    """A swap repeated after a 503 would swap back: the reason for not using azure.core's retry policy."""
    deployment.fake.faults.append(Fault("POST", "/slotsswap$", status, after=True))
    with pytest.raises(ArmError):
        deployment.arm.post(f"{STAGING}/slotsswap", VERSION, {"targetSlot": "production"})
    assert deployment.changes == [f"POST {STAGING}/slotsswap"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412])
def test_a_refusal_is_not_tried_again(deployment: Deployment, status: int) -> None:
    deployment.fake.faults.append(Fault("GET", "/config/web$", status, "Code"))
    with pytest.raises(ArmError, match=f"{status} Code: refused by the test"):
        deployment.arm.get(f"{STAGING}/config/web", VERSION)
    assert deployment.clock.waits == []


def test_retry_after_may_be_a_date(deployment: Deployment) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    deployment.fake.faults.append(Fault("GET", "/config/web$", 429, headers={"Retry-After": soon}))
    deployment.fake.faults.append(Fault("GET", "/config/web$", 429, headers={"Retry-After": "later"}))
    deployment.arm.get(f"{STAGING}/config/web", VERSION)
    assert 50 < deployment.clock.waits[0] <= 60
    assert deployment.clock.waits[1] == 2.0


def test_every_page_of_a_collection_is_read(deployment: Deployment) -> None:
    found = deployment.arm.list(f"{PRIMARY}/configurations", "2025-08-01")
    assert [one["name"] for one in found] == list(deployment.fake.servers[PRIMARY]["parameters"])
    assert len(found) > 2


def test_operation_is_polled_to_end_at_azures_pace(deployment: Deployment) -> None:
    """As often as Azure's answers say."""
    deployment.arm.post(f"{PRIMARY}/restart", "2025-08-01", {})
    assert deployment.fake.servers[PRIMARY]["state"] == "Ready"
    # Azure asked for ten seconds once; later answers did not say.
    assert deployment.clock.waits[0] == 10.0


def test_an_operation_that_fails_says_why(deployment: Deployment) -> None:
    deployment.fake.sites[STAGING].healthy = False
    with pytest.raises(ArmError, match="did not respond to http ping"):
        deployment.arm.post(f"{STAGING}/slotsswap", VERSION, {"targetSlot": "production"})


def test_an_asynchronous_operation_that_fails_says_why(deployment: Deployment) -> None:
    accept, later = deployment.fake._accept, RefusedError(200, "ServerBusy", "later")
    deployment.fake._restart = lambda *_: accept("async", lambda: None, error=later)  # type: ignore[method-assign]
    with pytest.raises(ArmError, match=r"POST .*/restart: ServerBusy: later"):
        deployment.arm.post(f"{PRIMARY}/restart", "2025-08-01", {})


def test_an_operation_without_end_is_given_up(deployment: Deployment) -> None:
    accept = deployment.fake._accept
    deployment.fake._restart = lambda *_: accept("async", lambda: None, polls=10**6)  # type: ignore[method-assign]
    with pytest.raises(ArmError, match=r"StillRunning.*run again"):
        deployment.arm.post(f"{PRIMARY}/restart", "2025-08-01", {})
    assert deployment.clock.time <= module.OPERATION_LIMIT


def test_a_link_to_another_host_gets_no_token(deployment: Deployment) -> None:
    answer = Answer(202, None, {"Location": "https://elsewhere.example/operation"})
    deployment.fake._restart = lambda *_: answer  # type: ignore[method-assign]
    with pytest.raises(ArmError, match=r"OtherHost: Azure answered with a link to elsewhere.example"):
        deployment.arm.post(f"{PRIMARY}/restart", "2025-08-01", {})


def test_a_server_that_cannot_be_reached_is_told(deployment: Deployment) -> None:
    nowhere = deployment.clock.client("http://127.0.0.1:9")
    with pytest.raises(ArmError, match="NoAnswer"):
        nowhere.post(f"{PRIMARY}/restart", "2025-08-01")
    # Never sent, so tried again, an action too.
    assert len(deployment.clock.waits) == ATTEMPTS - 1


def test_answer_without_reason_is_still_error(deployment: Deployment) -> None:
    deployment.fake._config = lambda *_: Answer(404, ["no", "object"])  # type: ignore[method-assign]
    with pytest.raises(ArmError, match="404 Not Found: no message"):
        deployment.arm.get(f"{STAGING}/config/web", VERSION)
    deployment.fake._config = lambda *_: Answer(409, {"Code": "Conflict", "Message": "in capitals"})  # type: ignore[method-assign]
    with pytest.raises(ArmError, match="409 Conflict: in capitals"):
        deployment.arm.get(f"{STAGING}/config/web", VERSION)
    deployment.fake._config = lambda *_: Answer(400, {"error": "just text"})  # type: ignore[method-assign]
    with pytest.raises(ArmError, match="400 Bad Request: just text"):
        deployment.arm.get(f"{STAGING}/config/web", VERSION)


def test_waiting_for_a_state_ends(deployment: Deployment) -> None:
    assert deployment.arm.until(lambda: None, seconds=100) is None
    assert deployment.clock.time <= 100
    assert max(deployment.clock.waits) <= module.LONGEST_WAIT


class Credential:
    """Signs in, or cannot."""

    def __init__(self, *, works: bool) -> None:
        self.works = works

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        if not self.works:
            raise ClientAuthenticationError("no credential was found\nmore")
        assert scopes == ("https://management.azure.com/.default",)
        return AccessToken("test", 2**40)


def test_whoever_cannot_sign_in_is_told(deployment: Deployment) -> None:
    policy = BearerTokenCredentialPolicy(Credential(works=False), module.SCOPE)
    arm = Arm(endpoint="https://127.0.0.1:9", authentication=policy, sleep=deployment.clock.sleep)
    with pytest.raises(ArmError, match="SignInFailed: no credential was found"):
        arm.get(PRIMARY, VERSION)


def test_without_another_policy_signed_in_identity_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(module, "DefaultAzureCredential", lambda: made.append("credential") or Credential(works=True))
    Arm()
    assert made == ["credential"]
    assert module.ENDPOINT == "https://management.azure.com"
