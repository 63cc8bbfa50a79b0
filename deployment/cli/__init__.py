"""``python -m deployment``. Exit codes: 0 holds, 1 findings, 2 wrong use or configuration, 3 the program failed."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from deployment.cli.drill import drill
from deployment.cli.preflight import preflight
from deployment.cli.run import run, verify
from deployment.cli.unlock import unlock
from deployment.errors import UsageError
from deployment.report import errors
from deployment.steps import STEPS
from deployment.tools import Tools

ROOM = str(Path(__file__).parents[1])


class _Group(TyperGroup):
    """Tells a user's mistake in one line, exit code 2, and a fault of ours by our own frames, exit code 3."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UsageError as wrong:
            for message in wrong.messages:
                errors().print(f"error: {message}", style="red", markup=False)
            ctx.exit(2)
        except Exception as fault:
            if type(fault).__module__.partition(".")[0] in ("click", "typer"):
                raise
            errors().print(f"error: {type(fault).__name__}: {fault}", style="red", markup=False)
            frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename.startswith(ROOM)]
            errors().print("".join(traceback.format_list(frames)), style="dim", markup=False)
            ctx.exit(3)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What ARM cannot declare. Each step reads first and changes only what is not as it should be.\n\n"
    "Exit codes: 0 holds, 1 findings, 2 wrong use or configuration, 3 the program itself failed.",
    epilog="steps: " + "; ".join(f"{step.name}, {step.summary}" for step in STEPS),
)
for command in (preflight, run, verify, drill, unlock):
    app.command()(command)


def main(arguments: Sequence[str], tools: Tools | None = None) -> int:
    """Run the command and return its exit code. tools: others than the real ones, for tests."""
    try:
        app(args=list(arguments), prog_name="python -m deployment", obj=tools or Tools())
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
