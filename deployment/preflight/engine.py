"""The Pulumi engine that will run the program."""

import re
from collections.abc import Iterator

from deployment.preflight.subscription import Subscription
from deployment.step import Result
from documents.counting import counted

FLOOR = (3, 272, 0)
"""The version of `pyproject.toml`: engine and SDK have the same numbers. Of what the program relies on, the last to be
mended was `deletedWith`: a resource so marked was lost without a word when its target was replaced
(pulumi/pulumi#23817, mended by pull request 23818, merged in August 2026)."""


def check_engine(subscription: Subscription) -> Iterator[Result]:
    """The engine is as new as the program needs; no `deletedWith` has a target that may be replaced unseen."""
    marked = [one for one in subscription.record.resources if one.options.get("deletedWith")]
    declared = {one.urn: one for one in subscription.record.resources}
    for one in marked:
        target = declared.get(str(one.options["deletedWith"]))
        if target is not None and not target.options.get("protect"):
            # The engine still calls the provider's delete when the target is replaced (pulumi/pulumi#19924, open).
            message = (
                f"deletedWith {target.name}, which is not protected: a replacement deletes it twice (pulumi#19924)"
            )
            yield Result(one.name, "skipped", message)
    printed = subscription.ask(["pulumi", "version"])
    version = re.match(r"v?(\d+)\.(\d+)\.(\d+)", printed or "")
    floor = ".".join(map(str, FLOOR))
    if version is None:
        yield Result("pulumi", "skipped", f"the CLI is not on PATH here; {floor} or newer is needed")
    elif tuple(map(int, version.groups())) < FLOOR:
        yield Result("pulumi", "missing", f"{printed}: {floor} or newer is needed (deletedWith: pulumi/pulumi#23817)")
    else:
        yield Result(
            "pulumi",
            "holds",
            f"{printed} ({floor} is needed); {counted(len(marked), 'resource uses', 'resources use')} deletedWith",
        )
