"""``python -m ci COMMAND``: what the workflows call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from assurance.errors import ProgramError, UsageError
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

    with _told():
        problems = workflow_problems()
    for problem in problems:
        typer.echo(f"{problem}", err=True)
    if problems:
        raise typer.Exit(1)


@app.command()
def records(
    base: Annotated[str, typer.Option("--base", metavar="REF", help="The revision that the change is compared with.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the records and findings are written.")],
) -> None:
    """Record, check and compare every stack, and keep the records and findings as JSON.

    Exits with 1 when something fails or is weaker, with 3 when a side does not run.
    """
    from assurance.terminal import console
    from ci.records import keep_records

    with _told():
        holds = keep_records(base, out, datetime.now(UTC).date(), console())
    if not holds:
        raise typer.Exit(1)


@app.command()
def comment() -> None:
    """Compare the records that a run of pull-request.yml uploaded again, and say on its pull request what came of it.

    Runs in pull-request-comment.yml, from the default branch, and reads GitHub's own variables.
    """
    from ci.comment import comment as write_comment
    from ci.github import GitHub
    from ci.pulls import Run

    with _told():
        typer.echo(write_comment(GitHub.from_environment(), Run.from_environment(), datetime.now(UTC).date()))


@app.command(name="code-scanning")
def code_scanning() -> None:
    """Judge the records that a run of pull-request.yml uploaded, and upload what was found to code scanning.

    Runs in pull-request-comment.yml, from the default branch, and reads GitHub's own variables.
    """
    from ci.code_scanning import upload_findings
    from ci.comment import summarize
    from ci.github import GitHub
    from ci.pulls import Run

    with _told():
        done = upload_findings(GitHub.from_environment(), Run.from_environment(), datetime.now(UTC).date())
    typer.echo(done)
    summarize(f"Code scanning: {done}.")


@app.callback()
def _commands() -> None:
    """Each reads what it needs from GitHub's own variables."""


@contextmanager
def _told() -> Iterator[None]:
    """A mistake in one message, without a traceback."""
    from ci.github import GitHubError

    try:
        yield
    except (UsageError, DocumentError) as error:
        for message in error.messages if isinstance(error, UsageError) else error.problems:
            typer.echo(f"error {message}", err=True)
        raise typer.Exit(2) from None
    except ProgramError as error:
        typer.echo(f"the program of stack {error.stack} failed: {error.summary}\n{error.detail}", err=True)
        raise typer.Exit(3) from None
    except GitHubError as error:
        typer.echo(f"GitHub: {error}", err=True)
        raise typer.Exit(3) from None


if __name__ == "__main__":
    app()
