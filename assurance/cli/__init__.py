"""The ``assurance`` command."""

import importlib
from typing import Any

import typer

from assurance.plain_errors import PlainErrors
from documents.problems import did_you_mean

COMMANDS = (
    "preview",
    "check",
    "compare",
    "access",
    "reach",
    "request",
    "lifecycle",
    "cost",
    "scan",
    "evidence",
    "verify",
    "observed",
    "new",
)
"""Each is the function of the same name in the module of the same name, imported when it is called for."""


class _Group(PlainErrors):
    """Imports only the command that is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands, as the help lists them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name)(getattr(importlib.import_module(f"assurance.cli.{cmd_name}"), cmd_name))
        return typer.main.get_command(alone)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked for; one that is not there is answered with the nearest."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS) or f"; one of {', '.join(COMMANDS)}"
            ctx.fail(f"{args[0]}: no such command{hint}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="See, test and audit the whole MedSpaSync platform without a cloud, a CLI or a credential.\n\n"
    "Exit codes: 0 holds, 1 findings, 2 wrong use or configuration, 3 the program failed.",
)


@app.callback()
def _commands() -> None:
    """Every command that reads a stack also reads a saved record: --record FILE."""
