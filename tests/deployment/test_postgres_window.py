"""The maintenance window: set once, on every server, and only on one that is ready."""

from __future__ import annotations

from tests.deployment.conftest import PRIMARY, REPLICA, Deployment
from tests.deployment.fake import Fault

STEP = ("--step", "postgres-window")
WINDOW = {"customWindow": "Enabled", "dayOfWeek": 0, "startHour": 7, "startMinute": 0}


def test_window_is_set_once_on_every_server(deployment: Deployment) -> None:
    assert deployment.verify(*STEP) == 1
    assert deployment(*STEP) == 0
    assert deployment.changes == [f"PATCH {PRIMARY}", f"PATCH {REPLICA}"]
    assert {deployment.fake.servers[server]["window"]["startHour"] for server in (PRIMARY, REPLICA)} == {7}
    assert "maintenance on Sunday from 07:00 UTC" in deployment.detail("postgres-window")
    assert deployment(*STEP) == 0
    assert deployment.changes == []


def test_window_that_azure_took_at_creation_stays(deployment: Deployment) -> None:
    deployment.fake.servers[PRIMARY]["window"] = dict(WINDOW)
    assert deployment(*STEP) == 0
    assert deployment.changes == [f"PATCH {REPLICA}"]


def test_busy_server_is_told_and_rerun_goes_on(deployment: Deployment) -> None:
    """Somebody else's operation is under way: Azure refuses a parallel write, the other server has its turn."""
    deployment.fake.busy[PRIMARY] = "ServerBusy"
    assert deployment(*STEP) == 1
    assert "409 ServerBusy" in deployment.detail("postgres-window")
    deployment.fake.busy.clear()
    assert deployment(*STEP) == 0
    assert deployment.changes == [f"PATCH {PRIMARY}"]


def test_throttled_and_timed_out_reads_are_tried_again(deployment: Deployment) -> None:
    deployment.fake.faults += [
        Fault("GET", r"/psql-[^/]+$", 429, "TooManyRequests", {"Retry-After": "11"}),
        Fault("GET", r"/psql-[^/]+$", 504, "GatewayTimeout"),
        Fault("PATCH", r"/psql-[^/]+$", 503, "ServiceUnavailable"),
    ]
    assert deployment(*STEP) == 0
    assert 11.0 in deployment.clock.waits


def test_server_that_is_not_ready_is_left_alone(deployment: Deployment) -> None:
    deployment.fake.servers[PRIMARY]["state"] = "Updating"
    assert deployment(*STEP) == 1
    assert "the server is Updating" in deployment.detail("postgres-window")


def test_window_without_effect_is_noticed(deployment: Deployment) -> None:
    accept = deployment.fake._accept
    deployment.fake._update = lambda *_: accept("async", lambda: None)  # type: ignore[method-assign]
    assert deployment(*STEP) == 1
    assert "after the change" in deployment.detail("postgres-window")
