"""Plans and deployments of one stack, and releases with their way back."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from assurance.errors import UsageError
from ci.approval import PLAN, refusals, write_approval
from ci.comment import summarize
from ci.engine import Engine, unbound
from ci.programs import Run, module

SHOWN = 40
"""Resources that a summary names."""


def plan_stack(root: Path, folder: Path, engine: Engine) -> bool:
    """Preview, keep the plan, and write what a reviewer is asked to approve; whether the preview holds.

    The hash of the approval goes to GITHUB_OUTPUT, as `approval`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    engine.choose_backend()
    previewed = engine.preview(folder / PLAN)
    if previewed.code:
        summarize(f"### {engine.stack}: the preview fails\n\n```text\n{previewed.text[-20000:]}\n```")
        return False
    approval = write_approval(root, folder, engine)
    steps = engine.run(module("deployment", "run", engine.stack, "--plan"))
    summarize(_summary(folder, engine.stack, approval, previewed.text, steps.text if not steps.code else ""))
    write_output("approval", approval)
    return True


def _summary(folder: Path, stack: str, approval: str, previewed: str, steps: str) -> str:
    plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    unknown = list(unbound(plan))
    more = f"\n- and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
    named = "\n".join(f"- `{urn.rsplit('::', 1)[-1]}`" for urn in unknown[:SHOWN]) or "- nothing"
    after = steps.strip() or "No outputs yet, as before the first `up`: all steps will run."
    return (
        f"### {stack}: to be approved\n\nApproval `{approval}`: commit, plan, stack file and state, each by its hash. "
        f"Anything else is refused.\n\n```text\n{previewed[-40000:]}\n```\n\n"
        f"What the plan does not bind: inputs that only Azure can give\n{named}{more}\n\n"
        f"and the steps after it (`python -m deployment run {stack} --plan`)\n\n```text\n{after}\n```"
    )


def deploy_stack(root: Path, folder: Path, engine: Engine, approved: str, images: Sequence[str]) -> bool:
    """Apply what was approved and nothing else, then the steps after it, then look; whether all of it holds.

    images: `app=sha256:...` to release. Refused is what differs from the approval (told, and nothing is changed).
    """
    engine.choose_backend()
    refused = refusals(root, folder, engine, approved)
    for each in refused:
        print(f"refused: {each}")
    if refused:
        summarize(f"### {engine.stack}: refused\n\n" + "\n".join(f"- {each}" for each in refused))
        return False
    if engine.up(folder / PLAN).code:
        return False
    if engine.run(module("deployment", "run", engine.stack)).code:
        return False
    if images:
        return release_images(engine.stack, images, engine.run)
    return smoke(engine.stack, engine.run)


def release_images(stack: str, images: Sequence[str], run: Run, outputs: str | None = None) -> bool:
    """Bring images into production; take them out again when the apps do not answer as they should.

    outputs: file with the stack's outputs, where no engine is at hand.
    """
    chosen = [part for image in images for part in ("--image", image)]
    chosen += ["--outputs", outputs] if outputs else []
    steps = [part for step in ("slot-image", "slot-warm", "slot-swap") for part in ("--step", step)]
    back = module("deployment", "run", stack, "--step", "slot-swap-back", *chosen)
    if run(module("deployment", "run", stack, *steps, *chosen)).code:
        # A swap that gave up changed nothing; one that was lost on the way is told by image, and taken back.
        run(back)
        return False
    if smoke(stack, run, outputs):
        return True
    print("smoke fails: the images before are swapped back")
    done = "and they could not be swapped back" if run(back).code else "the images before run again"
    summarize(f"### {stack}: the release does not answer as it should, {done}")
    return False


def smoke(stack: str, run: Run, outputs: str | None = None) -> bool:
    """Whether every app answers as it should, over the Internet."""
    known = ["--outputs", outputs] if outputs else []
    return not run(module("deployment", "run", stack, "--step", "smoke", *known)).code


def given_images(text: str) -> list[str]:
    """Images of a workflow's input, `backend=sha256:... frontend=sha256:...`. Raises UsageError for another form."""
    images = text.split()
    if wrong := [image for image in images if "=sha256:" not in image or image.startswith("-")]:
        raise UsageError(f"{wrong[0]}: an image as APP=sha256:DIGEST")
    return images


@contextmanager
def outputs_file(text: str) -> Iterator[str | None]:
    """A file with a stack's outputs, while the block runs; None where none were given."""
    if not text:
        yield None
        return
    with TemporaryDirectory() as folder:
        file = Path(folder, "outputs.json")
        file.write_text(text, encoding="utf-8")
        yield str(file)


def write_output(name: str, value: str) -> None:
    """Give a value to later steps and jobs, where GitHub asks for it."""
    if file := os.environ.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as outputs:
            outputs.write(f"{name}={value}\n")
