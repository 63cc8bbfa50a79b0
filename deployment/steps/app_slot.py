"""An app and its slot as ARM shows them: images, and a swap that was begun."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from deployment.arm import Arm
from deployment.inputs import AppInputs
from deployment.step import Context, Result, attempt

WEB = "2024-11-01"
PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class Release:
    """One app and the image that a release is about. site, slot: ARM ids; image: as ``linuxFxVersion`` has it."""

    app: str
    site: str
    slot: str
    image: str


def each_release(context: Context, work: Callable[[Context, Release], Result]) -> Iterator[Result]:
    """``work`` for each app with an image on the command line."""
    if not context.images:
        yield Result("apps", "skipped", "no --image APP=sha256:… was given")
    for app, digest in context.images.items():
        known = context.inputs.apps[app]
        if known.repository is None or known.slot is None:
            yield Result(app, "failed", "it has no slot, or runs on a built-in Node.js: nothing to swap")
            continue
        release = Release(app=app, site=known.site_id, slot=slot_id(known), image=f"{prefix(known)}{digest}")
        yield attempt(app, work, context, release)


def slot_id(app: AppInputs) -> str:
    """ARM id of an app's slot."""
    return f"{app.site_id}/slots/{app.slot}"


def prefix(app: AppInputs) -> str:
    """How every image of an app begins: our registry, its repository, a digest."""
    return f"DOCKER|{app.repository}@"


def image_of(arm: Arm, site_or_slot: str) -> str:
    """The image that a site or a slot runs, as ``linuxFxVersion`` has it."""
    return str(arm.get(f"{site_or_slot}/config/web", WEB)["properties"].get("linuxFxVersion", ""))


def swap_begun(slot: dict[str, Any]) -> bool:
    """Whether the slot runs with production's settings, after the first phase of a swap with preview."""
    return bool(slot["properties"].get("targetSwapSlot"))


def short(image: str) -> str:
    """An image as a message shows it."""
    digest = image.rsplit("@", 1)[-1]
    return digest[:19] if digest.startswith("sha256:") else image
