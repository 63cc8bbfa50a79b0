"""The copy of a restore drill never stays, unless it was asked for."""

from __future__ import annotations

import signal

import pytest

from tests.deployment.drill.conftest import COPY, DELETE, PUT, Drills, copies
from tests.deployment.fake import Answer, Fault


def test_copy_that_fails_to_start_is_deleted(drills: Drills) -> None:
    drills.fake.stuck = "Disabled"
    assert drills() == 1
    assert "the copy is Disabled after" in drills.problems
    assert copies(drills) == []


@pytest.mark.parametrize("fault", [Fault("PUT", "-drill$", 403, "AuthorizationFailed"), Fault("PUT", "-drill$", 400)])
def test_restore_that_azure_refuses_fails_with_its_reason(drills: Drills, fault: Fault) -> None:
    drills.fake.faults.append(fault)
    assert drills() == 1
    assert f"{fault.status} {fault.code}" in drills.problems
    assert copies(drills) == []


def test_copy_is_deleted_when_its_examination_fails(drills: Drills) -> None:
    drills.fake.faults.append(Fault("GET", "/configurations$", 403, "AuthorizationFailed"))
    assert drills() == 1
    assert "403 AuthorizationFailed" in drills.problems
    assert drills.fake.changes == [PUT, DELETE]
    assert copies(drills) == []


def test_an_unanswered_restore_is_not_left_behind(drills: Drills) -> None:
    """The request went through, its answer was lost: Azure refuses the repetition, and the copy goes all the same."""
    drills.fake.polls = 0
    drills.fake.faults.append(Fault("PUT", "-drill$", 504, after=True))
    states = iter(["Starting", "Starting", "Ready"])
    delete = drills.fake._delete

    def busy_at_first(server: str) -> Answer:
        drills.fake.full[server]["properties"]["state"] = next(states, "Ready")
        return delete(server)

    drills.fake._delete = busy_at_first  # type: ignore[method-assign]
    assert drills() == 1
    assert "409 ServerNameAlreadyExists" in drills.problems
    assert drills.record["removal"] == "deleted"
    assert copies(drills) == []


def test_refused_deletion_is_reported_and_can_be_repeated(drills: Drills) -> None:
    drills.fake.faults.append(Fault("DELETE", "-drill$", 403, "AuthorizationFailed"))
    assert drills() == 1
    assert "NOT deleted" in drills.problems
    assert drills.record["removal"] == "not deleted"
    assert copies(drills) == [COPY]
    assert drills("--remove", "--plan") == 0
    assert copies(drills) == [COPY]
    assert drills("--remove") == 0
    assert copies(drills) == []
    assert drills("--remove") == 0
    assert drills.fake.changes == []
    assert drills.record["removal"] == "nothing to delete"
    assert drills.record["result"] == "removal only"


def test_copy_that_stays_after_deletion_fails_drill(drills: Drills) -> None:
    """Azure says that it is gone, and it is still there."""
    drills.fake._delete = lambda *_: Answer(204)  # type: ignore[method-assign,assignment]
    assert drills() == 1
    assert "StillThere" in drills.problems


def test_copy_kept_on_request_is_never_overwritten(drills: Drills) -> None:
    assert drills("--keep") == 0
    assert drills.record["removal"] == "kept"
    assert copies(drills) == [COPY]
    assert drills() == 1
    assert "kept by an earlier drill" in drills.problems
    assert drills.fake.changes == []
    assert drills("--remove") == 0
    assert copies(drills) == []


def test_server_that_no_drill_made_is_left_alone(drills: Drills) -> None:
    drills.fake.full[COPY] = {"tags": {}, "properties": {"state": "Ready"}}
    assert [drills(), drills("--remove")] == [1, 1]
    assert "not made by a drill" in drills.problems
    assert drills.fake.changes == []


def test_next_drill_deletes_copy_of_killed_one_only(drills: Drills) -> None:
    """The copy of a drill that runs still is left alone."""
    assert drills("--keep") == 0
    drills.fake.full[COPY]["tags"]["restoreDrill"] = "temporary"
    assert drills() == 1
    assert "a drill runs since 2026-12-01" in drills.problems
    assert copies(drills) == [COPY]
    drills.clock.time += 10 * 3600  # longer than any drill takes
    assert drills() == 0
    assert drills.fake.changes == [DELETE, PUT, DELETE]
    assert copies(drills) == []


def test_a_copy_without_a_time_is_a_leftover(drills: Drills) -> None:
    assert drills("--keep") == 0
    drills.fake.full[COPY]["tags"] = {"restoreDrill": "temporary"}
    assert drills() == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_drill_that_is_stopped_deletes_copy_first(
    drills: Drills, stop: signal.Signals, request: pytest.FixtureRequest
) -> None:
    # In the background of a shell SIGINT is ignored from the start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    wait, signals = drills.clock.sleep, [stop]

    def stopped_once(seconds: float) -> None:
        wait(seconds)
        if signals:
            drills.fake.full[COPY]["properties"]["state"] = "Ready"
            signal.raise_signal(signals.pop())

    drills.clock.sleep = stopped_once  # type: ignore[method-assign]
    assert drills() == 1
    assert "interrupted" in drills.problems
    assert drills.record["removal"] == "deleted"
    assert copies(drills) == []
