"""Put the image of a release on each app's slot, by digest.

Without an image for an app, look at what runs: `up` leaves the image to releases, so this is where a foreign or movable
image, or a swap that was begun and not ended, is noticed.
"""

from collections.abc import Iterator

from deployment.inputs import AppInputs
from deployment.step import Context, Result, attempt
from deployment.steps import app_slot as slots


def run(context: Context) -> Iterator[Result]:
    """One result for each app that runs an image."""
    if context.images:
        yield from slots.each_release(context, _set)
    for name, app in context.inputs.apps.items():
        if app.repository is not None and name not in context.images:
            yield attempt(name, _look, context, name, app)


def _set(context: Context, release: slots.Release) -> Result:
    arm = context.arm
    if slots.image_of(arm, release.site) == release.image:
        return Result(release.app, "already", f"production runs {slots.short(release.image)}")
    before = slots.image_of(arm, release.slot)
    if before == release.image:
        return Result(release.app, "already", f"the slot has {slots.short(release.image)}")
    change = f"{slots.short(before)} -> {slots.short(release.image)}"
    if context.plan:
        return Result(release.app, "planned", f"would set the slot's image: {change}")
    if slots.swap_begun(arm.get(release.slot, slots.WEB)):
        arm.post(f"{release.slot}/resetSlotConfig", slots.WEB)
    arm.patch(f"{release.slot}/config/web", slots.WEB, {"properties": {"linuxFxVersion": release.image}})
    if (now := slots.image_of(arm, release.slot)) != release.image:
        return Result(release.app, "failed", f"the slot has {now}")
    return Result(release.app, "done", f"the slot's image: {change}")


def _look(context: Context, name: str, app: AppInputs) -> Result:
    running = slots.image_of(context.arm, app.site_id)
    if not running.startswith(f"{slots.prefix(app)}sha256:"):
        return Result(name, "failed", f"production runs {running or 'no image'}, which is no digest of our repository")
    if app.slot is not None and slots.swap_begun(context.arm.get(slots.slot_id(app), slots.WEB)):
        return Result(name, "failed", "a swap was begun and not ended: swap, or set another image")
    return Result(name, "already", f"production runs {slots.short(running)}")
