"""``assurance new``: the least stack that passes."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from assurance.cost.bill import CURRENCY
from assurance.errors import UsageError
from assurance.new.make import NewStack, make_stack, write_stack
from assurance.new.wish import CLASSES, KINDS, SIZES, Wish, read_wish
from assurance.stacks import project_root
from assurance.terminal import console, print_line

NewName = Annotated[str, typer.Argument(metavar="STACK", help="The new stack's name, for example qa.")]
Region = Annotated[str | None, typer.Option("--region", metavar="REGION", help="Azure region, for example centralus.")]
Domain = Annotated[str | None, typer.Option("--domain", metavar="DOMAIN", help="DNS domain of hosts and mailboxes.")]
Apps = Annotated[
    list[str] | None,
    typer.Option("--app", metavar="NAME:KIND", help=f"An app, of kind {', '.join(KINDS)}; may be given several times."),
]
Class = Annotated[
    str | None, typer.Option("--classification", metavar="|".join(CLASSES), help="What data it may hold.")
]
Size = Annotated[str | None, typer.Option("--size", metavar="|".join(SIZES), help="How much it can do, and costs.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite a stack file that is there.")]


def new(
    stack: NewName,
    region: Region = None,
    domain: Domain = None,
    app: Apps = None,
    classification: Class = None,
    size: Size = None,
    force: Force = False,
) -> None:
    """Write the least stack file that passes `check`, with the entries that it needs in policies/: exceptions, trusted
    strangers and what people must sign.

    What is left out is asked for on a terminal. All files are written or none; says what the stack costs a month and
    what is to be supplied.
    """
    root = project_root()
    file = root / f"Pulumi.{stack}.yaml"
    if file.exists() and not force:
        raise UsageError(f"{file.name}: is there already: choose another name, or overwrite it with --force")
    asked = {"--region": region, "--domain": domain, "--classification": classification, "--size": size}
    missing = [name for name, value in asked.items() if value is None] + ([] if app else ["--app"])
    if missing and not sys.stdin.isatty():
        raise UsageError(*(f"{name}: missing; {_ASKED[name]}" for name in missing))
    answers = {name: value if value is not None else _ask(name) for name, value in asked.items()}
    apps = app or _ask("--app").replace(",", " ").split()
    wish = read_wish(
        stack, answers["--region"], answers["--domain"], apps, answers["--classification"], answers["--size"]
    )
    made = make_stack(wish, root, datetime.now(UTC).date())
    write_stack(made, root)
    _tell(console(), wish, made)


_ASKED = {
    "--region": "the Azure region, for example centralus",
    "--domain": "the DNS domain of hosts and mailboxes, for example qa.example.com",
    "--classification": "phi where it may hold protected health information, else test-data",
    "--size": "small or production",
    "--app": f"apps as NAME:KIND, of kind {', '.join(KINDS)}, for example backend:api web:web",
}


def _ask(name: str) -> str:
    prompt: Callable[..., str] = typer.prompt
    return prompt(_ASKED[name][0].upper() + _ASKED[name][1:], err=True).strip()


def _tell(out: Console, wish: Wish, made: NewStack) -> None:
    unknown = f", and {len(made.bill.unknown)} lines without a known price" if made.bill.unknown else ""
    supplied = ", ".join(made.record.supplied) or "none"
    lines = [
        f"Written: {', '.join(made.texts)}",
        f"Passes `assurance check {wish.stack}`, with {len(made.warnings)} warnings.",
        f"Costs about {made.bill.total:,.0f} {CURRENCY} a month{unknown}, before what is charged by use "
        f"(`assurance cost {wish.stack}`).",
        f"To be supplied: secrets: {supplied}; digests of the images {', '.join(dict.fromkeys(made.images))}; "
        f"DNS records of {', '.join(f'{name}.{wish.domain}' for name in wish.apps)} (output dnsRecords, after `up`); "
        f"who reads ops@{wish.domain} and security@{wish.domain}.",
        f"Then: `python -m deployment preflight {wish.stack} --list` says what must exist before the first `up`.",
    ]
    for line in lines:
        print_line(out, line)
