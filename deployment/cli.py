"""``python -m deployment run|verify|drill STACK``. Exit codes: 0 holds, 1 findings, 2 wrong use."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployment.arm import Arm
from deployment.drill import Asked, Drill
from deployment.inputs import Inputs, UsageError, load_inputs
from deployment.step import Answer, Context, Result, Step
from deployment.steps import STEPS
from deployment.steps.smoke import fetch

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

Outcome = tuple[Step, Result]


def main(
    arguments: Sequence[str],
    arm: Arm | None = None,
    clock: Callable[[], datetime] | None = None,
    pages: Callable[[str], Answer] = fetch,
) -> int:
    """Run the command and return its exit code. arm, clock, pages: others than the real ones, for tests."""
    given = _parser().parse_args(arguments)
    try:
        inputs = load_inputs(given.stack, given.outputs)
        if given.command == "drill":
            return _drill(given, arm or Arm(), inputs, clock or (lambda: datetime.now(UTC)))
        images = _images(given.image, inputs)
        steps = _chosen(given.step)
        verifying = given.command == "verify"
        context = Context(
            arm=arm or Arm(),
            inputs=inputs,
            plan=verifying or given.plan,
            # Verifying changes nothing, and a policy that config wants locked and is not is a finding.
            irreversible=verifying or given.confirm_irreversible,
            images=images,
            fetch=pages,
        )
        outcomes = []
        for outcome in _outcomes(context, steps, stop_at_failure=not context.plan):
            _show(*outcome)
            outcomes.append(outcome)
        if given.json:
            _write(given.json, _report(given, outcomes))
    except UsageError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    bad = ("failed", "planned") if verifying else ("failed",)
    return int(any(result.status in bad for _, result in outcomes))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment",
        description="The steps of a deployment that ARM cannot declare. Each reads first and changes only what is not "
        "as it should be. Exit codes: 0 holds, 1 findings, 2 wrong use.",
        epilog="steps: " + "; ".join(f"{step.name}, {step.summary}" for step in STEPS),
    )
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("stack", help="name of the Pulumi stack")
    common.add_argument("--step", action="append", default=[], metavar="NAME", help="only this step; repeatable")
    common.add_argument(
        "--image", action="append", default=[], metavar="APP=DIGEST", help="release this image (sha256:…); repeatable"
    )
    common.add_argument("--outputs", metavar="FILE", help="the stack's outputs as JSON (-: standard input)")
    common.add_argument("--json", metavar="FILE", help="write the results as JSON (-: standard output)")
    run = commands.add_parser("run", parents=[common], help="do what has to be done")
    run.add_argument("--plan", action="store_true", help="change nothing, say what would be done")
    run.add_argument("--confirm-irreversible", action="store_true", help="also do what can never be undone (worm-lock)")
    verify = commands.add_parser("verify", parents=[common], help="read only; exit 1 when something is to be done")
    verify.set_defaults(plan=True, confirm_irreversible=False)
    drill = commands.add_parser("drill", help="restore the database into a server beside it, compare, delete it again")
    drill.add_argument("stack", help="name of the Pulumi stack")
    drill.add_argument("--at", metavar="TIME", help="point in time, 2026-03-04T14:55:00Z (default: now less the RPO)")
    drill.add_argument("--keep", action="store_true", help="leave the copy, which holds PHI, for a look inside")
    drill.add_argument("--remove", action="store_true", help="only delete the copy that an earlier drill left")
    drill.add_argument("--plan", action="store_true", help="change nothing, say what would be done")
    drill.add_argument("--outputs", metavar="FILE", help="the stack's outputs as JSON (-: standard input)")
    drill.add_argument("--json", metavar="FILE", help="write the record of the drill (-: standard output)")
    return parser


def _drill(given: argparse.Namespace, arm: Arm, inputs: Inputs, clock: Callable[[], datetime]) -> int:
    """Run a drill and write its record, also of one that fails or is stopped: then the copy is deleted first."""
    if given.remove and (given.keep or given.at):
        raise UsageError("--remove stands alone: it only deletes what an earlier drill left")
    drill = Drill(arm, inputs, Asked(at=_time(given.at), keep=given.keep, remove=given.remove, plan=given.plan), clock)
    if given.json not in (None, "-"):
        _write(given.json, drill.record)  # learned now, not after hours, if it cannot be written
    # A pipeline that gives up sends SIGTERM.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        drill.run()
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
        if given.json:
            _write(given.json, drill.record)
    return int(not drill.passed)


def _time(text: str | None) -> datetime | None:
    """A point in time with its zone, from ISO 8601."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        raise UsageError(f"--at {text}: no point in time with a zone, such as 2026-03-04T14:55:00Z")
    return time.astimezone(UTC)


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


def _chosen(names: Sequence[str]) -> list[Step]:
    """The named steps, in their order; without names all but those that run on request only."""
    known = {step.name for step in STEPS}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"--step {unknown[0]}: no such step (allowed: {', '.join(step.name for step in STEPS)})")
    return [step for step in STEPS if (step.name in names if names else not step.on_request)]


def _outcomes(context: Context, steps: Sequence[Step], *, stop_at_failure: bool) -> Iterator[Outcome]:
    """Every step's results. After a step that failed, none runs: each builds on the ones before."""
    failed: Step | None = None
    for step in steps:
        if failed:
            yield step, Result("-", "skipped", f"not run, because {failed.name} failed")
            continue
        for result in step.run(context):
            yield step, result
            if result.status == "failed" and stop_at_failure:
                failed = step


def _show(step: Step, result: Result) -> None:
    print(f"{result.status:>8}  {step.name}  {result.target}: {result.detail}", file=sys.stderr, flush=True)


def _report(given: argparse.Namespace, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "stack": given.stack,
        "command": given.command,
        "plan": given.plan,
        "results": [{"step": step.name, **vars(result)} for step, result in outcomes],
        "totals": dict(Counter(result.status for _, result in outcomes)),
    }


def _write(target: str, report: Mapping[str, Any]) -> None:
    text = json.dumps(report, indent=2)
    if target == "-":
        print(text)
        return
    try:
        Path(target).write_text(text + "\n", encoding="utf-8")
    except OSError as unwritable:
        raise UsageError(f"--json {target}: {unwritable.strerror}") from unwritable
