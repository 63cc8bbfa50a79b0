"""``python -m ci COMMAND``: what the workflows call."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from assurance.plain_errors import PlainErrors
from assurance.terminal import console
from ci.azure import ask_graph
from ci.code_scanning import upload_findings
from ci.comment import comment as write_comment
from ci.comment import summarize
from ci.deploy import deploy_stack, given_images, outputs_file, plan_stack, release_images, write_output
from ci.drift import find_drift
from ci.engine import Engine
from ci.github import GitHub, GitHubError
from ci.images import build_image, checked_digest, local_name, push_image, sign_in_to_registry
from ci.issues import QUARTERLY, open_issue
from ci.issues import assessment as work_out
from ci.permission import refused_permission
from ci.programs import module, run_program
from ci.pulls import Run
from ci.records import keep_records
from ci.sign_in import signed_in
from ci.workflows import workflow_problems

ROOT = Path(__file__).parents[1]
StackName = Annotated[str, typer.Argument(help="Name of the stack.")]
AppName = Annotated[str, typer.Option("--app", envvar="APP", help="The app, as the stack files name it.")]


class _Group(PlainErrors):
    """Tells what GitHub refuses like any other fault."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except GitHubError as error:
            typer.echo(f"GitHub: {error}", err=True)
            ctx.exit(3)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What the workflows of .github/workflows call. Exit codes: 0 holds, 1 findings, 2 wrong use, 3 it failed.",
)


@app.command()
def workflows() -> None:
    """Compare the workflows with what ci/workflows.yaml says that they may do."""
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
    _end(keep_records(base, out, _today(), console()))


@app.command()
def comment() -> None:
    """Compare the records that a run of pull-request.yml uploaded again, and say on its pull request what came of it.

    Runs in pull-request-comment.yml, from the default branch, and reads GitHub's own variables.
    """
    typer.echo(write_comment(GitHub.from_environment(), Run.from_environment(), _today()))


@app.command(name="code-scanning")
def code_scanning() -> None:
    """Judge the records that a run of pull-request.yml uploaded, and upload what was found to code scanning.

    Runs in pull-request-comment.yml, from the default branch, and reads GitHub's own variables.
    """
    done = upload_findings(GitHub.from_environment(), Run.from_environment(), _today())
    typer.echo(done)
    summarize(f"Code scanning: {done}.")


@app.command()
def plan(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where plan and approval are written.")],
) -> None:
    """Preview a stack, keep the plan, and write what is to be approved, each part by its hash."""
    with signed_in():
        _end(plan_stack(ROOT, out, _engine(stack)))


@app.command()
def permission(stack: StackName) -> None:
    """Whether somebody said yes: required reviewers, or a start by hand for a commit of a protected branch."""
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
    with signed_in():
        _end(deploy_stack(ROOT, approval, _engine(stack), approved, given_images(images)))


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
    _end(build_image(app_name, context, run_program, file=file, base=base))


@app.command()
def push(
    app_name: AppName,
    registry: Annotated[str, typer.Option("--registry", envvar="REGISTRY", help="Host of the registry.")],
    digest: Annotated[str, typer.Option("--digest", envvar="DIGEST", help="An image that is there already.")] = "",
) -> None:
    """Push the built image, or take one that is there; its digest goes to GITHUB_OUTPUT, as `digest`."""
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
    with signed_in(), outputs_file(stack_outputs) as file:
        local_name(app_name)
        _end(release_images(stack, [f"{app_name}={checked_digest(digest)}"], run_program, file))


@app.command()
def drift(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the reports are written.")],
) -> None:
    """Compare what is live with what is declared: by the engine's refresh, by the state and by Resource Graph."""
    with signed_in():
        _end(find_drift(out, _engine(stack), os.environ["AZURE_SUBSCRIPTION_ID"], ask_graph))


@app.command()
def verify(stack: StackName) -> None:
    """What only a deployed stack shows, read as the pipeline's identity: `python -m deployment verify`."""
    with signed_in():
        _engine(stack).choose_backend()
        code = run_program(module("deployment", "verify", stack)).code
    raise typer.Exit(code)


@app.command()
def issue(
    title: Annotated[str, typer.Argument(help="What it is about; an open issue of this title gets a comment.")],
    body: Annotated[str, typer.Option("--body", envvar="BODY", help="What is said.")],
) -> None:
    """Open an issue for what a run by the clock found, or add to the open one."""
    typer.echo(open_issue(GitHub.from_environment(), title, body))


@app.command()
def assessment() -> None:
    """Open the issue of this quarter's assessment, with the list of docs/maintenance.md."""
    today = _today()
    title, text = work_out(QUARTERLY.read_text(encoding="utf-8"), f"{today.year} Q{(today.month + 2) // 3}")
    typer.echo(open_issue(GitHub.from_environment(), title, text))


def _engine(stack: str) -> Engine:
    return Engine(stack, run_program)


def _today() -> date:
    return datetime.now(UTC).date()


def _end(holds: bool) -> None:
    """Exit code 1 for what does not hold."""
    if not holds:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
