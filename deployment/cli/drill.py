"""``drill``: a restore drill, and its record."""

import signal
from datetime import UTC, datetime
from typing import Annotated

import typer

from deployment.cli.options import Outputs, Plan, Stack
from deployment.drill import Drill, DrillOptions
from deployment.errors import UsageError
from deployment.inputs import load_inputs
from deployment.report import errors, write_json
from deployment.tools import Tools


def drill(
    ctx: typer.Context,
    stack: Stack,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="point in time, 2026-03-04T14:55:00Z (default: now less the RPO)"),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="leave the copy, which holds PHI, for a look inside")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="only delete the copy that an earlier drill left")] = False,
    plan: Plan = False,
    outputs: Outputs = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="write the record of the drill (-: standard output)")
    ] = None,
) -> None:
    """Restore the database into a server beside it, compare, delete it again."""
    tools: Tools = ctx.obj
    inputs = load_inputs(stack, outputs)
    if remove and (keep or at):
        raise UsageError("--remove stands alone: it only deletes what an earlier drill left")
    asked = DrillOptions(at=_time(at), keep=keep, remove=remove, plan=plan)
    one = Drill(tools.connect(), inputs, asked, tools.clock)
    if json_file not in (None, "-"):
        write_json(json_file, one.record)  # learned now, not after hours, if it cannot be written
    # A pipeline that gives up sends SIGTERM: then the copy is deleted first.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        one.run()
    except KeyboardInterrupt:
        errors().print("error: interrupted", style="red")
    finally:
        signal.signal(signal.SIGTERM, before)
        if json_file:
            write_json(json_file, one.record)
    raise typer.Exit(int(not one.passed))


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
