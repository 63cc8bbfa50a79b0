"""``preflight``: what is missing before `up`."""

from itertools import chain
from typing import Annotated

import typer

from deployment.cli.options import Json, Stack
from deployment.preflight import CHECKS
from deployment.preflight.github import github_results
from deployment.preflight.needs import list_needs
from deployment.preflight.subscription import Subscription, choose_subscription
from deployment.record import load_record
from deployment.report import tell
from deployment.step import attempt_all
from deployment.tools import Tools


def preflight(
    ctx: typer.Context,
    stack: Stack,
    record: Annotated[
        str | None,
        typer.Option(
            "--record",
            metavar="FILE",
            help="the stack's record (assurance preview STACK --mode deployed --json FILE; -: standard input); "
            "without it, made now",
        ),
    ] = None,
    subscription: Annotated[
        str | None,
        typer.Option(
            "--subscription",
            metavar="ID",
            envvar=["ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"],
            help="the subscription to look at; needed where more than one can be seen",
        ),
    ] = None,
    github: Annotated[
        bool,
        typer.Option(
            "--github", help="also whether GitHub holds a deployment of this stack until somebody approves it"
        ),
    ] = False,
    only_list: Annotated[bool, typer.Option("--list", help="ask nobody: print what must exist, by the record")] = False,
    json_file: Json = None,
) -> None:
    """Read the stack's record and the subscription, write nothing, say what is missing before `up`."""
    tools: Tools = ctx.obj
    declared = load_record(stack, record)
    if only_list:
        print(list_needs(declared))
        return
    arm = tools.connect()
    seen = Subscription(arm, choose_subscription(arm, subscription), declared, tools.ask, tools.clock().date())
    outcomes = ((name, result) for name, check in CHECKS.items() for result in attempt_all(check(seen)))
    of_github = (("github", result) for result in github_results(tools, declared.stack)) if github else ()
    head = {"stack": stack, "command": "preflight", "subscription": seen.id}
    statuses = tell(chain(outcomes, of_github), head, json_file)
    raise typer.Exit(int(bool(statuses & {"missing", "failed"})))
