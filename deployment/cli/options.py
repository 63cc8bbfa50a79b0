"""Options that several commands take."""

from typing import Annotated

import typer

Stack = Annotated[str, typer.Argument(help="name of the Pulumi stack")]
Outputs = Annotated[
    str | None, typer.Option("--outputs", metavar="FILE", help="the stack's outputs as JSON (-: standard input)")
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="write the results as JSON (-: standard output)")
]
Plan = Annotated[bool, typer.Option("--plan", help="change nothing, say what would be done")]
