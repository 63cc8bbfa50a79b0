"""Restart the database servers whose static parameters wait for it: ARM sets a parameter and never restarts.

A replica goes first: some parameters must be at least as high there as on the primary
(learn.microsoft.com/azure/postgresql, read replicas, server parameters). Connections break for a minute or two.
"""

from collections.abc import Iterator

from deployment.arm import Arm
from deployment.step import Context, Result, attempt, name_of

POSTGRES = "2025-08-01"
SETTLE_SECONDS = 120.0
"""Longest wait until the server no longer says that a parameter waits."""


def run(context: Context) -> Iterator[Result]:
    """One result for each server, replicas first."""
    servers = context.inputs.databases
    for part in sorted(servers, key=lambda part: part == "primary"):
        yield attempt(name_of(servers[part]), _restart, context, servers[part])


def _restart(context: Context, server: str) -> Result:
    target = name_of(server)
    waiting = _waiting(context.arm, server)
    if not waiting:
        return Result(target, "already", "no parameter waits for a restart")
    if context.plan:
        return Result(target, "planned", f"would restart for {', '.join(waiting)}")
    state = context.arm.get(server, POSTGRES)["properties"].get("state")
    if state != "Ready":
        return Result(target, "failed", f"the server is {state}; {', '.join(waiting)} wait for a restart")
    context.arm.post(f"{server}/restart", POSTGRES, {})
    # Azure may show the mark for a while after the operation has ended.
    if not context.arm.until(lambda: not _waiting(context.arm, server) or None, seconds=SETTLE_SECONDS):
        left = _waiting(context.arm, server)
        return Result(target, "failed", f"restarted, and {', '.join(left)} still wait")
    return Result(target, "done", f"restarted for {', '.join(waiting)}")


def _waiting(arm: Arm, server: str) -> list[str]:
    configurations = arm.list(f"{server}/configurations", POSTGRES)
    return sorted(one["name"] for one in configurations if one["properties"].get("isConfigPendingRestart"))
