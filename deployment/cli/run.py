"""``run`` and ``verify``: the steps, in their order."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer

from deployment.cli.options import Json, Outputs, Plan, Stack
from deployment.errors import UsageError
from deployment.inputs import Inputs, load_inputs
from deployment.report import tell
from deployment.step import Context, Result, Step, attempt_all
from deployment.steps import STEPS
from deployment.tools import Tools

Steps = Annotated[list[str] | None, typer.Option("--step", metavar="NAME", help="only this step; repeatable")]
Images = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="APP=DIGEST", help="release this image (sha256:…); repeatable"),
]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def run(
    ctx: typer.Context,
    stack: Stack,
    steps: Steps = None,
    images: Images = None,
    plan: Plan = False,
    confirm_irreversible: Annotated[
        bool, typer.Option("--confirm-irreversible", help="also do what can never be undone (worm-lock, worm-extend)")
    ] = False,
    outputs: Outputs = None,
    json_file: Json = None,
) -> None:
    """Do what has to be done."""
    inputs = load_inputs(stack, outputs)
    context = _context(ctx.obj, inputs, images, plan=plan, irreversible=confirm_irreversible)
    head = {"stack": stack, "command": "run", "plan": plan}
    statuses = tell(_outcomes(context, _chosen(steps, "always")), head, json_file)
    raise typer.Exit(int(bool(statuses & {"failed", "missing"})))


def verify(
    ctx: typer.Context,
    stack: Stack,
    steps: Steps = None,
    images: Images = None,
    outputs: Outputs = None,
    json_file: Json = None,
) -> None:
    """Read only: exit 1 when something is to be done, or is not as it should be."""
    # Nothing is changed, and a policy that config wants locked and that is not is a finding.
    context = _context(ctx.obj, load_inputs(stack, outputs), images, plan=True, irreversible=True)
    head = {"stack": stack, "command": "verify", "plan": True}
    statuses = tell(_outcomes(context, _chosen(steps, "always", "verify")), head, json_file)
    raise typer.Exit(int(bool(statuses & {"failed", "planned", "missing"})))


def _context(tools: Tools, inputs: Inputs, images: Sequence[str] | None, *, plan: bool, irreversible: bool) -> Context:
    return Context(
        arm=tools.connect(),
        inputs=inputs,
        tools=tools,
        plan=plan,
        irreversible=irreversible,
        images=_images(images or [], inputs),
    )


def _images(given: Sequence[str], inputs: Inputs) -> Mapping[str, str]:
    """Digest by app, from ``APP=sha256:…``."""
    images: dict[str, str] = {}
    for text in given:
        app, _, digest = text.partition("=")
        if app not in inputs.apps:
            raise UsageError(f"--image {text}: no app of this stack (allowed: {', '.join(inputs.apps)})")
        if not _DIGEST.fullmatch(digest):
            raise UsageError(f"--image {text}: an image is given by digest, {app}=sha256:<64 hexadecimal digits>")
        if app in images:
            raise UsageError(f"--image {text}: {app} is given twice")
        images[app] = digest
    return images


def _chosen(names: Sequence[str] | None, *usual: str) -> list[Step]:
    """The named steps, in their order; without names those that run at the ``usual`` times."""
    known = [step.name for step in STEPS]
    if unknown := [name for name in names or [] if name not in known]:
        raise UsageError(f"--step {unknown[0]}: no such step (allowed: {', '.join(known)})")
    return [step for step in STEPS if (step.name in names if names else step.when in usual)]


def _outcomes(context: Context, steps: Sequence[Step]) -> Iterator[tuple[str, Result]]:
    """Every step's results. After one that failed to change something none runs: each builds on the ones before."""
    failed: Step | None = None
    for step in steps:
        if failed:
            yield step.name, Result("-", "skipped", f"not run, because {failed.name} failed")
            continue
        for result in attempt_all(step.run(context)):
            yield step.name, result
            if result.status == "failed" and not context.plan:
                failed = step
