"""``python -m database credentials``: what the job of that name runs."""

import json
from typing import Annotated

import typer

from database import credentials as work
from database.connection import connect
from database.options import Dsn, Entra


def credentials(
    dsn: Dsn,
    vault: Annotated[str, typer.Option(envvar="MEDSPASYNC_VAULT", help="https://<vault> that holds the secrets")],
    manifest: Annotated[str, typer.Option(envvar="MEDSPASYNC_CREDENTIALS", help="which secrets, as JSON")],
    entra: Entra = False,
) -> None:
    """Bring the applications' context keys and passwords from the vault: as medspasync_credentials."""
    wanted, source = work.read_manifest(manifest), work.Vault(vault)
    with connect(dsn, entra=entra) as connection:
        report = {
            "contextKeys": work.set_context_keys(connection, wanted.context_keys, source.secret),
            "passwords": work.set_passwords(connection, wanted.passwords, source.secret),
        }
    typer.echo(json.dumps(report, indent=2))
