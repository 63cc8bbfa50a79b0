"""Commands whose mistakes are told in one message, without a traceback of ours."""

from typing import Any

from rich.console import Console
from typer.core import TyperGroup

from assurance.errors import ProgramError, UsageError
from documents.problems import DocumentError


class PlainErrors(TyperGroup):
    """Wrong use ends with exit code 2, a program that fails with 3."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        errors = Console(stderr=True, soft_wrap=True, highlight=False)
        try:
            return super().invoke(ctx)
        except (UsageError, DocumentError) as error:
            for message in error.messages if isinstance(error, UsageError) else error.problems:
                errors.print(f"[red]error[/red] {_escape(str(message))}")
            ctx.exit(2)
        except ProgramError as error:
            errors.print(f"[red]the program of stack {error.stack} failed[/red]: {_escape(error.summary)}")
            errors.print(_escape(error.detail), style="dim")
            ctx.exit(3)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")
