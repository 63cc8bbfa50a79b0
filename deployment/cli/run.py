"""``run`` and ``verify``: the steps, in their order."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer

from deployment.cli.options import Json, Outputs, Plan, Stack
from deployment.errors import UsageError
from deployment.inputs import Inputs, load_inputs
from deployment.report import results_report, show, write_json
from deployment.step import Context, Result, Step
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
    context = _context(ctx.obj, load_inputs(stack, outputs), images, plan=plan, irreversible=confirm_irreversible)
    results = _results(context, _chosen(steps), {"stack": stack, "command": "run", "plan": plan}, json_file)
    raise typer.Exit(int(any(result.status in ("failed", "missing") for result in results)))


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
    chosen = _chosen(steps, verifying=True)
    results = _results(context, chosen, {"stack": stack, "command": "verify", "plan": True}, json_file)
    raise typer.Exit(int(any(result.status in ("failed", "planned", "missing") for result in results)))


def _context(tools: Tools, inputs: Inputs, images: Sequence[str] | None, *, plan: bool, irreversible: bool) -> Context:
    return Context(
        inputs=inputs,
        images=_images(images or [], inputs),
        plan=plan,
        irreversible=irreversible,
        arm=tools.connect(),
        fetch=tools.fetch,
        expiry=tools.expiry,
        clock=tools.clock,
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


def _chosen(names: Sequence[str] | None, *, verifying: bool = False) -> list[Step]:
    """The named steps, in their order; without names those of a run, or of a verification."""
    known = {step.name for step in STEPS}
    if unknown := [name for name in names or [] if name not in known]:
        raise UsageError(f"--step {unknown[0]}: no such step (allowed: {', '.join(step.name for step in STEPS)})")
    usual = ("always", "verify") if verifying else ("always",)
    return [step for step in STEPS if (step.name in names if names else step.when in usual)]


def _results(context: Context, steps: Sequence[Step], head: Mapping[str, object], target: str | None) -> list[Result]:
    """Run the steps, show and write what became of each resource."""
    outcomes = []
    for name, result in _outcomes(context, steps):
        show(name, result)
        outcomes.append((name, result))
    if target:
        write_json(target, results_report(head, outcomes))
    return [result for _, result in outcomes]


def _outcomes(context: Context, steps: Sequence[Step]) -> Iterator[tuple[str, Result]]:
    """Every step's results. After one that failed to change something none runs: each builds on the ones before."""
    failed: Step | None = None
    for step in steps:
        if failed:
            yield step.name, Result("-", "skipped", f"not run, because {failed.name} failed")
            continue
        for result in step.run(context):
            yield step.name, result
            if result.status == "failed" and not context.plan:
                failed = step
