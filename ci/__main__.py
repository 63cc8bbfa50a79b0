"""``python -m ci COMMAND``: what the workflows call."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assurance.errors import ProgramError, UsageError
from documents.problems import DocumentError

if TYPE_CHECKING:
    from ci.engine import Engine

ROOT = Path(__file__).parents[1]
StackName = Annotated[str, typer.Argument(help="Name of the stack.")]
AppName = Annotated[str, typer.Option("--app", envvar="APP", help="The app, as the stack files name it.")]

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

    with _plain_errors():
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

    with _plain_errors():
        holds = keep_records(base, out, datetime.now(UTC).date(), console())
    _end(holds)


@app.command()
def comment() -> None:
    """Compare the records that a run of pull-request.yml uploaded again, and say on its pull request what came of it.

    Runs in pull-request-comment.yml, from the default branch, and reads GitHub's own variables.
    """
    from ci.comment import comment as write_comment
    from ci.github import GitHub
    from ci.pulls import Run

    with _plain_errors():
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

    with _plain_errors():
        done = upload_findings(GitHub.from_environment(), Run.from_environment(), datetime.now(UTC).date())
    typer.echo(done)
    summarize(f"Code scanning: {done}.")


@app.command()
def plan(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where plan and approval are written.")],
) -> None:
    """Preview a stack, keep the plan, and write what is to be approved, each part by its hash."""
    from ci.deploy import plan_stack
    from ci.sign_in import signed_in

    with _plain_errors(), signed_in():
        holds = plan_stack(ROOT, out, _engine(stack))
    _end(holds)


@app.command()
def permission(stack: StackName) -> None:
    """Whether somebody said yes: required reviewers, or a start by hand for a commit of a protected branch."""
    from ci.github import GitHub
    from ci.permission import refused_permission

    with _plain_errors():
        refused = refused_permission(stack, GitHub.from_environment())
    if refused:
        typer.echo(f"refused: {refused}", err=True)
        raise typer.Exit(1)


@app.command()
def deploy(
    stack: StackName,
    approval: Annotated[Path, typer.Option("--approval", metavar="DIR", help="Plan and approval of the plan job.")],
    approved: Annotated[
        str, typer.Option("--approved", envvar="APPROVED", metavar="SHA256", help="Hash of the approval, its output.")
    ],
    images: Annotated[
        str, typer.Option("--images", envvar="IMAGES", metavar="APP=DIGEST...", help="Images to release after it.")
    ] = "",
) -> None:
    """Apply what was approved and nothing else, do the steps after it, look, and take a bad release back."""
    from ci.deploy import deploy_stack, given_images
    from ci.sign_in import signed_in

    with _plain_errors(), signed_in():
        holds = deploy_stack(ROOT, approval, _engine(stack), approved, given_images(images))
    _end(holds)


@app.command()
def build(
    app_name: AppName,
    context: Annotated[Path, typer.Option("--context", metavar="DIR", help="Folder that the image is built from.")],
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Its Dockerfile (default: that of the folder).")
    ] = None,
    base: Annotated[
        str, typer.Option("--base", envvar="BASE", metavar="IMAGE@DIGEST", help="The image that it begins with.")
    ] = "",
) -> None:
    """Build an app's image on this machine."""
    from ci.images import build_image
    from ci.programs import run_program

    with _plain_errors():
        built = build_image(app_name, context, run_program, file=file, base=base)
    _end(built)


@app.command()
def push(
    app_name: AppName,
    registry: Annotated[str, typer.Option("--registry", envvar="REGISTRY", help="Host of the registry.")],
    digest: Annotated[str, typer.Option("--digest", envvar="DIGEST", help="An image that is there already.")] = "",
) -> None:
    """Push the built image, or take one that is there; its digest goes to GITHUB_OUTPUT, as `digest`."""
    from ci.comment import summarize
    from ci.deploy import write_output
    from ci.images import checked_digest, push_image, sign_in_to_registry
    from ci.programs import run_program
    from ci.sign_in import signed_in

    with _plain_errors():
        if digest:
            pushed = checked_digest(digest)
        else:
            with signed_in():
                pushed = push_image(app_name, registry, run_program, sign_in_to_registry)
        write_output("digest", pushed)
        summarize(f"`{app_name}` is `{pushed}`")


@app.command()
def release(
    stack: Annotated[str, typer.Option("--stack", envvar="STACK", help="Name of the stack.")],
    app_name: AppName,
    digest: Annotated[str, typer.Option("--digest", envvar="DIGEST", metavar="sha256:...", help="Its image.")],
    stack_outputs: Annotated[
        str,
        typer.Option(
            "--stack-outputs",
            envvar="STACK_OUTPUTS",
            metavar="JSON",
            help="The stack's outputs (`pulumi stack output --json`), where no state can be read; they hold no secret.",
        ),
    ] = "",
) -> None:
    """Release one app's image: slot, warm, swap, smoke; swap back when it does not answer as it should."""
    from ci.deploy import outputs_file, release_images
    from ci.images import checked_digest, local_name
    from ci.programs import run_program
    from ci.sign_in import signed_in

    with _plain_errors(), signed_in(), outputs_file(stack_outputs) as file:
        local_name(app_name)
        holds = release_images(stack, [f"{app_name}={checked_digest(digest)}"], run_program, file)
    _end(holds)


@app.command()
def drift(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the reports are written.")],
) -> None:
    """Compare what is live with what is declared: by the engine's refresh, by the state and by Resource Graph."""
    from ci.azure import ask_graph
    from ci.drift import find_drift
    from ci.sign_in import signed_in

    with _plain_errors(), signed_in():
        holds = find_drift(out, _engine(stack), os.environ["AZURE_SUBSCRIPTION_ID"], ask_graph)
    _end(holds)


@app.command()
def verify(stack: StackName) -> None:
    """What only a deployed stack shows, read as the pipeline's identity: `python -m deployment verify`."""
    from ci.programs import module, run_program
    from ci.sign_in import signed_in

    with _plain_errors(), signed_in():
        _engine(stack).choose_backend()
        code = run_program(module("deployment", "verify", stack)).code
    raise typer.Exit(code)


@app.command()
def issue(
    title: Annotated[str, typer.Argument(help="What it is about; an open issue of this title gets a comment.")],
    body: Annotated[str, typer.Option("--body", envvar="BODY", help="What is said.")],
) -> None:
    """Open an issue for what a run by the clock found, or add to the open one."""
    from ci.github import GitHub
    from ci.issues import open_issue

    with _plain_errors():
        typer.echo(open_issue(GitHub.from_environment(), title, body))


@app.command()
def assessment() -> None:
    """Open the issue of this quarter's assessment, with the list of docs/maintenance.md."""
    from ci.github import GitHub
    from ci.issues import QUARTERLY, open_issue
    from ci.issues import assessment as work_out

    today = datetime.now(UTC).date()
    with _plain_errors():
        title, text = work_out(QUARTERLY.read_text(encoding="utf-8"), f"{today.year} Q{(today.month + 2) // 3}")
        typer.echo(open_issue(GitHub.from_environment(), title, text))


@app.callback()
def _commands() -> None:
    """Each reads what it needs from GitHub's own variables."""


def _engine(stack: str) -> "Engine":
    from ci.engine import Engine
    from ci.programs import run_program

    return Engine(stack, run_program)


def _end(holds: bool) -> None:
    """Exit code 1 for what does not hold."""
    if not holds:
        raise typer.Exit(1)


@contextmanager
def _plain_errors() -> Iterator[None]:
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
