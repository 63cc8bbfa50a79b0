"""Running the database jobs: when there is something new, one at a time, with their result."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from stacks.database_credentials import manifest
from stacks.settings.jobs import DatabaseJobSettings
from stacks.settings.vaults import VaultSettings
from tests.deployment.conftest import JOBS, Deployment, digest
from tests.deployment.fake import Answer, Fault
from tests.stacks.settings.sections import read

APPLY = ("--step", "database-apply")
JOB = JOBS["apply"]
NEW = f"registry.example/database@{digest('1')}"


CREDENTIALS = ("--step", "database-credentials")


def test_the_jobs_run_once_in_order(deployment: Deployment) -> None:
    three = (*CREDENTIALS, *APPLY, "--step", "database-bootstrap")
    assert deployment(*three) == 0
    assert deployment.changes == [f"POST {JOBS[name]}/start" for name in ("bootstrap", "apply", "credentials")]
    assert deployment(*three) == 0
    assert deployment.changes == []
    assert deployment.verify(*three) == 0


def test_rotation_of_credential_runs_its_job_only(deployment: Deployment) -> None:
    three = ("--step", "database-bootstrap", *APPLY, *CREDENTIALS)
    assert deployment(*three) == 0
    image = f"registry.example/database@{digest('0')}"
    wanted = manifest(
        read(DatabaseJobSettings, {}),
        read(VaultSettings, {"rotatedOn": "2026-11-01", "rotations": {"DATABASE-CONTEXT-KEY": ["2027-01-20"]}}),
        {"backend": cast(Any, SimpleNamespace(secrets=["DATABASE-URL", "DATABASE-CONTEXT-KEY"]))},
    )
    deployment.fake.job(JOBS["credentials"], image, PRINCIPALS="1", MEDSPASYNC_CREDENTIALS=wanted)
    assert deployment.verify(*three) == 1
    assert deployment(*three) == 0
    assert deployment.changes == [f"POST {JOBS['credentials']}/start"]
    assert deployment(*three) == 0
    assert deployment.changes == []


def test_a_run_that_the_schedule_began_counts(deployment: Deployment) -> None:
    deployment.fake._start_job({"job": JOBS["credentials"]}, None, None, None)
    deployment.fake.jobs[JOBS["credentials"]]["executions"][0]["reads"] = 0
    assert deployment(*CREDENTIALS) == 0
    assert deployment.changes == []


def test_credentials_wait_for_the_sql_that_takes_them(deployment: Deployment) -> None:
    deployment.fake.job(JOB, NEW, "Failed")
    assert deployment(*APPLY, *CREDENTIALS) == 1
    assert f"POST {JOBS['credentials']}/start" not in deployment.changes
    assert deployment.status("database-credentials") == {"skipped"}


@pytest.mark.parametrize("change", [{"image": NEW}, {"PRINCIPALS": "2"}])
def test_another_image_or_environment_runs_again(deployment: Deployment, change: dict[str, str]) -> None:
    assert deployment(*APPLY) == 0
    image = change.pop("image", f"registry.example/database@{digest('0')}")
    deployment.fake.job(JOB, image, **({"PRINCIPALS": "1"} | change))
    assert deployment.verify(*APPLY) == 1
    assert deployment(*APPLY) == 0
    assert deployment.changes == [f"POST {JOB}/start"]


def test_going_back_to_earlier_image_is_run_too(deployment: Deployment) -> None:
    old = f"registry.example/database@{digest('0')}"
    for image in (old, NEW, old):
        deployment.fake.job(JOB, image, PRINCIPALS="1")
        assert deployment(*APPLY) == 0
        assert deployment.changes == [f"POST {JOB}/start"]


def test_what_runs_is_the_declared_job(deployment: Deployment) -> None:
    """Starting with a template would run any image as the job's identity."""
    assert deployment(*APPLY) == 0
    job = deployment.fake.jobs[JOB]
    assert job["executions"][0]["template"] == job["template"]


@pytest.mark.parametrize("outcome", ["Failed", "Degraded", "Stopped"])
def test_failed_run_shows_log_and_runs_again(deployment: Deployment, outcome: str) -> None:
    deployment.fake.job(JOB, NEW, outcome)
    assert deployment(*APPLY) == 1
    detail = deployment.detail("database-apply")
    assert f"ended as {outcome}" in detail
    assert 'ContainerAppConsoleLogs | where ContainerGroupName startswith "job-mss-test-apply-0001"' in detail
    assert deployment.verify(*APPLY) == 1
    assert deployment(*APPLY) == 0
    assert deployment.changes == [f"POST {JOB}/start"]


def test_interrupted_run_is_waited_for_not_restarted(deployment: Deployment) -> None:
    deployment.fake._start_job({"job": JOB}, None, None, None)
    assert deployment("--plan", *APPLY) == 0
    assert "would wait for job-mss-test-apply-0001" in deployment.detail("database-apply")
    assert deployment(*APPLY) == 0
    assert deployment.changes == []
    assert deployment.status("database-apply") == {"done"}


def test_two_images_never_run_at_once(deployment: Deployment) -> None:
    deployment.fake._start_job({"job": JOB}, None, None, None)
    deployment.fake.job(JOB, NEW)
    assert deployment(*APPLY) == 1
    assert deployment.changes == []
    assert "earlier image is running" in deployment.detail("database-apply")


def test_a_run_without_end_is_given_up(deployment: Deployment) -> None:
    deployment.fake._start_job({"job": JOB}, None, None, None)
    deployment.fake.jobs[JOB]["executions"][0]["reads"] = 10**6
    assert deployment(*APPLY) == 1
    assert "is not over after 1200 seconds" in deployment.detail("database-apply")


def test_unanswered_start_is_found_by_next_run(deployment: Deployment) -> None:
    deployment.fake.faults.append(Fault("POST", "/start$", 503, "ServiceUnavailable", after=True))
    assert deployment(*APPLY) == 1
    assert deployment(*APPLY) == 0
    assert deployment.changes == []
    assert len(deployment.fake.jobs[JOB]["executions"]) == 1


def test_a_start_without_a_name_is_told(deployment: Deployment) -> None:
    deployment.fake._start_job = lambda *_: Answer(200)  # type: ignore[method-assign]
    assert deployment(*APPLY) == 1
    assert "did not name the execution" in deployment.detail("database-apply")


def test_a_stack_without_jobs_skips(deployment: Deployment) -> None:
    deployment.outputs["jobs"] = {}
    assert deployment(*APPLY) == 0
    assert deployment.status("database-apply") == {"skipped"}
