"""``python -m ci COMMAND``: what the workflows call."""

from __future__ import annotations

import typer

from documents.problems import DocumentError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What the workflows of .github/workflows call. Exit codes: 0 holds, 1 findings, 2 wrong use, 3 it failed.",
)


@app.command()
def workflows() -> None:
    """Compare the workflows with what ci/workflows.yaml says that they may do."""
    from ci.workflows import workflow_problems

    try:
        problems = workflow_problems()
    except DocumentError as error:
        for problem in error.problems:
            typer.echo(f"error {problem}", err=True)
        raise typer.Exit(2) from None
    for problem in problems:
        typer.echo(f"{problem}", err=True)
    if problems:
        raise typer.Exit(1)


@app.callback()
def _commands() -> None:
    """Each reads what it needs from GitHub's own variables."""


if __name__ == "__main__":
    app()
