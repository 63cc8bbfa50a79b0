"""Restarting servers: only where a parameter waits, replicas first."""

from __future__ import annotations

from tests.deployment.conftest import PRIMARY, REPLICA, Deployment
from tests.deployment.fake import Fault

STEP = ("--step", "postgres-restart")


def test_servers_with_pending_parameters_restart_replicas_first(deployment: Deployment) -> None:
    assert deployment(*STEP) == 0
    assert deployment.changes == [f"POST {REPLICA}/restart", f"POST {PRIMARY}/restart"]
    assert "restarted for max_connections, shared_preload_libraries" in deployment.detail("postgres-restart")
    assert deployment(*STEP) == 0
    assert deployment.changes == []
    assert deployment.status("postgres-restart") == {"already"}


def test_server_without_waiting_parameter_is_not_interrupted(deployment: Deployment) -> None:
    deployment.fake.server(REPLICA)
    assert deployment(*STEP) == 0
    assert deployment.changes == [f"POST {PRIMARY}/restart"]


def test_server_that_is_not_ready_is_left_alone(deployment: Deployment) -> None:
    deployment.fake.server(PRIMARY, "max_connections", state="Stopped")
    assert deployment(*STEP) == 1
    assert "the server is Stopped; max_connections wait for a restart" in deployment.detail("postgres-restart")
    assert f"POST {PRIMARY}/restart" not in deployment.changes


def test_a_parameter_that_still_waits_is_a_failure(deployment: Deployment) -> None:
    accept = deployment.fake._accept
    deployment.fake._restart = lambda *_: accept("async", lambda: None)  # type: ignore[method-assign]
    assert deployment(*STEP) == 1
    assert "still wait" in deployment.detail("postgres-restart")


def test_unanswered_restart_is_seen_by_rerun_not_repeated(deployment: Deployment) -> None:
    deployment.fake.server(REPLICA)
    deployment.fake.faults.append(Fault("POST", "/restart$", 504, "GatewayTimeout", after=True))
    assert deployment(*STEP) == 1
    assert deployment.changes == [f"POST {PRIMARY}/restart"]
    deployment.fake.server(PRIMARY)  # it went through after all
    assert deployment(*STEP) == 0
    assert deployment.changes == []
