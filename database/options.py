"""Options that several commands have."""

from typing import Annotated

import typer

Dsn = Annotated[str, typer.Option(envvar="MEDSPASYNC_DSN", help="libpq connection string; password in PGPASSWORD")]
Entra = Annotated[bool, typer.Option("--entra", envvar="MEDSPASYNC_ENTRA", help="sign in with an Entra token")]
Json = Annotated[str | None, typer.Option("--json", metavar="FILE", help="write the report as JSON; - is stdout")]
