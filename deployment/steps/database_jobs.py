"""Run the database jobs and wait for their result: roles and extensions, the pending SQL, then apps' credentials.

A job has nothing to do when its newest execution succeeded with the same image, command and environment. The
environment names the principals' checksum and each credential's rotation date, so a changed principal or a rotation is
a changed job. A run that a schedule began counts like any other. The job is started as it is
declared: no template is sent, and what runs is what the stack says.
"""

from collections.abc import Iterator
from typing import Any

from deployment.arm import Arm
from deployment.step import Context, Result, attempt, name_of

APP = "2025-01-01"
_RUNNING = ("Running", "Processing", "Unknown")
START_UP_SECONDS = 900
"""Seconds that Azure may take beside the run itself: a place to run, the image, the record of the result."""


def run(job: str, context: Context) -> Iterator[Result]:
    """The result of one job."""
    job_id = context.inputs.jobs.get(job)
    if job_id is None:
        yield Result(f"database job {job}", "skipped", "this stack has none (medspasync:databaseJob.image)")
        return
    yield attempt(name_of(job_id), _run, context, job_id)


def _run(context: Context, job_id: str) -> Result:
    target, arm = name_of(job_id), context.arm
    job = arm.get(job_id, APP)
    newest = _newest(arm, job_id)
    if newest is not None:
        same = _what_ran(newest) == _what_ran(job)
        if same and _status(newest) == "Succeeded":
            return Result(target, "already", f"{newest['name']} succeeded")
        if _status(newest) in _RUNNING:
            if not same:
                return Result(target, "failed", f"{newest['name']} of an earlier image is running; run again later")
            if context.plan:
                return Result(target, "planned", f"would wait for {newest['name']}, which is running")
            return _outcome(arm, job, newest["name"])
    image = job["properties"]["template"]["containers"][0]["image"]
    if context.plan:
        return Result(target, "planned", f"would run {image}")
    started = arm.post(f"{job_id}/start", APP)
    if not started.get("name"):
        return Result(target, "failed", "started, but Azure did not name the execution; run again to see its result")
    return _outcome(arm, job, started["name"])


def _outcome(arm: Arm, job: dict[str, Any], execution: str) -> Result:
    """Wait until an execution is over."""
    target = name_of(job["id"])
    limit = job["properties"]["configuration"]["replicaTimeout"] + START_UP_SECONDS

    def ended() -> str | None:
        status = _status(arm.get(f"{job['id']}/executions/{execution}", APP))
        return None if status in _RUNNING else status

    status = arm.until(ended, seconds=limit)
    if status == "Succeeded":
        return Result(target, "done", f"{execution} succeeded")
    how = f"ended as {status}" if status else f"is not over after {limit} seconds"
    logs = f'ContainerAppConsoleLogs | where ContainerGroupName startswith "{execution}"'
    return Result(target, "failed", f"{execution} {how}; its log: {logs}")


def _newest(arm: Arm, job_id: str) -> dict[str, Any] | None:
    executions = arm.list(f"{job_id}/executions", APP)
    return max(executions, key=lambda one: str(one["properties"].get("startTime", "")), default=None)


def _status(execution: dict[str, Any]) -> str:
    return str(execution["properties"].get("status", "Unknown"))


def _what_ran(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """What decides on a run's result: image, command and environment of each container."""
    containers = (resource["properties"].get("template") or {}).get("containers") or []
    return [
        {
            "image": container.get("image"),
            "command": container.get("command") or [],
            "args": container.get("args") or [],
            "env": sorted((v.get("name"), v.get("value") or v.get("secretRef")) for v in container.get("env") or []),
        }
        for container in containers
    ]
