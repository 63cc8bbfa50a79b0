"""The ``assurance`` command."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from assurance.errors import ProgramError, UsageError


class _Group(TyperGroup):
    """Tells a user's mistake in one message, exit code 2, and a failing program in another, exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; UsageError and ProgramError end it without a traceback of ours."""
        errors = Console(stderr=True, soft_wrap=True, highlight=False)
        try:
            return super().invoke(ctx)
        except UsageError as error:
            for message in error.messages:
                errors.print(f"[red]error[/red] {_escape(message)}")
            ctx.exit(2)
        except ProgramError as error:
            errors.print(f"[red]the program of stack {error.stack} failed[/red]: {_escape(error.summary)}")
            errors.print(_escape(error.detail), style="dim")
            ctx.exit(1)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="See, test and audit the whole MedSpaSync platform without a cloud, a CLI or a credential.\n\n"
    "Exit codes: 0 holds, 1 findings, 2 wrong use or configuration.",
)


@app.callback()
def _commands() -> None:
    """Every command that reads a stack also reads a saved record: --record FILE."""


from assurance.cli import access as _access  # noqa: E402 - commands register themselves on the app
from assurance.cli import check as _check  # noqa: E402
from assurance.cli import preview as _preview  # noqa: E402
from assurance.cli import reach as _reach  # noqa: E402
from assurance.cli import request as _request  # noqa: E402

app.command("preview")(_preview.preview)
app.command("check")(_check.check)
app.command("access")(_access.access)
app.command("reach")(_reach.reach)
app.command("request")(_request.request)
