"""Start the slot with production's settings and wait until every instance of it is ready.

What the control plane shows is the state of the slot and of its instances; whether the health check path answers
cannot be seen without line of sight. The swap sees it: before it moves any traffic, App Service asks every instance
for WEBSITE_SWAP_WARMUP_PING_PATH and goes on only with an answer of WEBSITE_SWAP_WARMUP_PING_STATUSES (200).

The first phase of a swap with preview (applySlotConfig) starts the slot with the settings it will have in production,
so that one it cannot start with is found here. Azure refuses that for an app with App Service Authentication; there the
slot starts with its own (learn.microsoft.com/azure/app-service/deploy-staging-slots).
"""

from collections.abc import Iterator

from deployment.arm import Arm
from deployment.step import Context, Result
from deployment.steps import app_slot as slots

READY_SECONDS = 600
"""Longest wait for the instances: App Service itself gives a container up to 1800 s, ours answer within a minute."""


def run(context: Context) -> Iterator[Result]:
    """One result for each app with an image on the command line."""
    yield from slots.each_release(context, _warm)


def _warm(context: Context, release: slots.Release) -> Result:
    arm = context.arm
    if slots.image_of(arm, release.site) == release.image:
        return Result(release.app, "already", f"production runs {slots.short(release.image)}")
    if (on_slot := slots.image_of(arm, release.slot)) != release.image:
        if context.plan:
            return Result(release.app, "planned", "would warm the slot once it has the image")
        return Result(release.app, "failed", f"the slot has {slots.short(on_slot)}: set its image first")
    slot = arm.get(release.slot, slots.WEB)
    stopped = slot["properties"].get("state") != "Running"
    begin = not slots.swap_begun(slot) and not _signs_in(arm, release.slot)
    if not stopped and not begin and _ready(arm, release.slot):
        return Result(release.app, "already", "every instance is ready")
    if context.plan:
        return Result(release.app, "planned", "would start the slot with production's settings and wait for it")
    if stopped:
        arm.post(f"{release.slot}/start", slots.WEB)
    if begin:
        arm.post(f"{release.slot}/applySlotConfig", slots.WEB, {"targetSlot": slots.PRODUCTION, "preserveVnet": True})
    if arm.until(lambda: _ready(arm, release.slot) or None, seconds=READY_SECONDS):
        return Result(release.app, "done", "every instance is ready")
    if slots.swap_begun(arm.get(release.slot, slots.WEB)):
        arm.post(f"{release.slot}/resetSlotConfig", slots.WEB)
    return Result(release.app, "failed", f"not every instance was ready after {READY_SECONDS} seconds; swap given up")


def _signs_in(arm: Arm, slot: str) -> bool:
    """Whether App Service Authentication is on."""
    platform = arm.get(f"{slot}/config/authsettingsV2", slots.WEB)["properties"].get("platform") or {}
    return bool(platform.get("enabled"))


def _ready(arm: Arm, slot: str) -> bool:
    """Whether the slot runs and has instances, all of them ready."""
    properties = arm.get(slot, slots.WEB)["properties"]
    if properties.get("state") != "Running" or properties.get("availabilityState") != "Normal":
        return False
    states = [
        arm.get(f"{slot}/instances/{instance['name']}", slots.WEB)["properties"].get("state")
        for instance in arm.list(f"{slot}/instances", slots.WEB)
    ]
    return bool(states) and all(state == "READY" for state in states)
