"""``unlock``: lift one management lock for one change, and put it back."""

from collections.abc import Sequence
from typing import Annotated

import typer

from deployment.cli.options import Json, Outputs, Plan, Stack
from deployment.errors import UsageError
from deployment.inputs import load_inputs
from deployment.journal import Journal, default_folder
from deployment.report import say, write_json
from deployment.step import name_of
from deployment.tools import Tools
from deployment.unlock import Change, Unlock

_UP = ("up", "update", "destroy")


def unlock(
    ctx: typer.Context,
    stack: Stack,
    resource: Annotated[
        str, typer.Argument(help="name of the locked resource, or the ARM id of anything below its lock")
    ],
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND...", help="the change; without it the lock is back when you press Enter"),
    ] = None,
    plan: Plan = False,
    outputs: Outputs = None,
    json_file: Json = None,
) -> None:
    """Lift one management lock, carry out one planned change, put the lock back, also when the change fails."""
    tools: Tools = ctx.obj
    change = _change(tools, command or [])
    one = Unlock(tools.connect(), load_inputs(stack, outputs), Journal(default_folder(), stack.rsplit("/", 1)[-1]))
    if not plan:
        one.recover()
    if one.passed:
        lock = one.find(resource)
        if plan:
            say("planned", "unlock", f"{name_of(lock.scope)}: would lift {lock.name} ({lock.level}) for: {change}")
            one.record["planned"] = lock.id
        else:
            one.run(lock, change)
    if json_file:
        write_json(json_file, one.record)
    raise typer.Exit(int(not one.passed))


def _change(tools: Tools, command: Sequence[str]) -> Change:
    """The change that the command line asks for. Raises UsageError for one that cannot work."""
    if not command:
        if not tools.terminal():
            raise UsageError("unlock: no terminal to press Enter at; give the change after --")
        return Change(command=(), carry_out=lambda: _at_enter(tools))
    if name_of(command[0]) == "pulumi" and set(command) & set(_UP) and "--refresh=false" not in command:
        raise UsageError(
            f"unlock: {' '.join(command)}: a refresh finds the lock gone, and the engine makes it again before it "
            "deletes anything; refresh and preview first, then run it here with --refresh=false"
        )
    return Change(command=command, carry_out=lambda: tools.run(command))


def _at_enter(tools: Tools) -> int:
    say("waiting", "unlock", "make the change, then press Enter: the lock comes back")
    tools.wait()
    return 0
