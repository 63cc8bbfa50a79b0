"""Whatever stops a run, wherever it stops, the next one goes on from there and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import pytest

from deployment.arm import Arm
from tests.deployment.conftest import BACKEND, JOBS, PRIMARY, REPLICA, Deployment, digest, image
from tests.deployment.fake import Fault, client
from tests.long import sample

RELEASE = ("--image", f"backend={digest('b')}")


class KilledError(BaseException):
    """The process ends: no handler of ours may catch it."""


class DyingArm(Arm):
    """Ends the process at its n-th request that changes something: before it is sent, or after."""

    def __init__(self, at: int, *, after: bool, **how: Any) -> None:
        super().__init__(**how)
        self.left, self.after = at, after

    def _send(self, method: str, *arguments: Any, **named: Any) -> Any:
        if method == "GET":
            return super()._send(method, *arguments, **named)
        self.left -= 1
        if self.left == 0 and not self.after:
            raise KilledError
        answer = super()._send(method, *arguments, **named)
        if self.left == 0:
            raise KilledError
        return answer


@pytest.fixture
def wanted(deployment: Deployment) -> Deployment:
    """A stack on which every step that changes something has something to do."""
    deployment.outputs["archive"]["lock"] = True
    deployment.fake.policy("am-azkvauditlogs", 30)
    return deployment


def _whole(deployment: Deployment) -> int:
    return deployment(*RELEASE, "--confirm-irreversible")


def _kill(deployment: Deployment, monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(client, "Arm", partial(DyingArm, at, after=after))
        with pytest.raises(KilledError):
            _whole(deployment)


CHANGES = 15
"""Changes of a whole run; `test_whole_run_sends_so_many_changes` holds it."""


def test_whole_run_sends_so_many_changes(wanted: Deployment) -> None:
    assert _whole(wanted) == 0
    assert len(wanted.changes) == CHANGES, wanted.changes


@pytest.mark.parametrize(("at", "after"), sample(product(range(1, CHANGES + 1), (False, True)), every=3))
def test_killed_run_is_ended_by_the_next(
    wanted: Deployment, monkeypatch: pytest.MonkeyPatch, at: int, after: bool
) -> None:
    """At once, Azure may still be at it: that is told, or waited for, and never begun a second time."""
    _kill(wanted, monkeypatch, at, after=after)
    _whole(wanted)
    wanted.fake.settle()
    assert _whole(wanted) == 0
    fake = wanted.fake
    assert fake.restarts == {PRIMARY: 1, REPLICA: 1}
    assert {name: (one["days"], one["state"]) for name, one in fake.policies.items()} == dict.fromkeys(
        fake.policies, (2192, "Locked")
    )
    assert [len(fake.jobs[JOBS[name]]["executions"]) for name in ("bootstrap", "apply", "credentials")] == [1, 1, 1]
    # Swapped once: a second swap would bring the old image back.
    assert (fake.sites[BACKEND].image, fake.sites[f"{BACKEND}/slots/staging"].image) == (image("b"), image("a"))
    assert _whole(wanted) == 0
    assert wanted.changes == []


PATHS = ("privateEndpointConnections", "flexibleServers", "immutabilityPolicies", "/jobs/", "/sites/", "/operations/")


@pytest.mark.parametrize(
    "fault",
    [
        lambda path: Fault("GET", path, 429, "TooManyRequests", {"Retry-After": "5"}, times=2),
        lambda path: Fault("GET", path, 503, "ServiceUnavailable"),
        lambda path: Fault("GET", path, 504, "GatewayTimeout", after=True),
        lambda path: Fault("POST", path, 429, "TooManyRequests", {"Retry-After": "5"}, times=2),
        lambda path: Fault("PUT", path, 503, "ServiceUnavailable", times=2),
        lambda path: Fault("PATCH", path, 500, "InternalServerError"),
    ],
)
def test_throttled_or_slow_azure_does_not_stop_run(wanted: Deployment, fault: Callable[[str], Fault]) -> None:
    wanted.fake.faults += [fault(path) for path in PATHS]
    assert _whole(wanted) == 0
    assert wanted.fake.sites[BACKEND].image == image("b")
