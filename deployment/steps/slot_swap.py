"""Swap slot and production, and back. Both are told by image, so that a second run never swaps again.

Azure warms every instance of the slot before it moves traffic, and gives up, with nothing changed, when one does not
answer its health path with 200.
"""

from collections.abc import Iterator

from deployment.step import Context, Result
from deployment.steps import app_slot as slots


def run(context: Context) -> Iterator[Result]:
    """Bring the images on the command line into production."""
    yield from slots.each_release(context, _forward)


def run_back(context: Context) -> Iterator[Result]:
    """Take the images on the command line out of production: what they replaced is in the slot."""
    yield from slots.each_release(context, _back)


def _forward(context: Context, release: slots.Release) -> Result:
    before = slots.image_of(context.arm, release.site)
    if before == release.image:
        return Result(release.app, "already", f"production runs {slots.short(release.image)}")
    if context.plan:
        return Result(release.app, "planned", f"would swap {slots.short(release.image)} into production")
    if (on_slot := slots.image_of(context.arm, release.slot)) != release.image:
        return Result(release.app, "failed", f"the slot has {slots.short(on_slot)}: set its image first")
    return _swap(context, release, expected=release.image, before=before)


def _back(context: Context, release: slots.Release) -> Result:
    before = slots.image_of(context.arm, release.site)
    if before != release.image:
        return Result(release.app, "already", f"production runs {slots.short(before)}")
    replaced = slots.image_of(context.arm, release.slot)
    if replaced == release.image:
        return Result(release.app, "failed", "the slot has the same image: nothing to go back to")
    if context.plan:
        return Result(release.app, "planned", f"would swap {slots.short(replaced)} back into production")
    return _swap(context, release, expected=replaced, before=before)


def _swap(context: Context, release: slots.Release, *, expected: str, before: str) -> Result:
    context.arm.post(f"{release.slot}/slotsswap", slots.WEB, {"targetSlot": slots.PRODUCTION, "preserveVnet": True})
    now = slots.image_of(context.arm, release.site)
    change = f"{slots.short(before)} -> {slots.short(now)}"
    return Result(release.app, "done" if now == expected else "failed", f"production: {change}")
