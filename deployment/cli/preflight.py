"""``preflight``: what is missing before `up`."""

from typing import Annotated

import typer

from deployment.cli.options import Json, Stack
from deployment.preflight import CHECKS, results
from deployment.preflight.github import github_results
from deployment.preflight.needs import list_needs
from deployment.preflight.subscription import Subscription, choose_subscription
from deployment.record import load_record
from deployment.report import results_report, show, write_json
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
    outcomes = []
    seen = Subscription(arm, choose_subscription(arm, subscription), declared, tools.ask, tools.clock().date())
    for check in CHECKS:
        for result in results(check, seen):
            show(check.name, result)
            outcomes.append((check.name, result))
    for result in github_results(tools, declared.stack) if github else ():
        show("github", result)
        outcomes.append(("github", result))
    if json_file:
        write_json(
            json_file, results_report({"stack": stack, "command": "preflight", "subscription": seen.id}, outcomes)
        )
    raise typer.Exit(int(any(result.status in ("missing", "failed") for _, result in outcomes)))
