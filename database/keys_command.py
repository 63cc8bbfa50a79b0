"""``python -m database context-key`` and ``rotate-key``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg import Connection

from database import keys
from database.connection import connect
from database.context import sign_context
from database.errors import DatabaseRoomError
from database.options import Dsn, Entra, Json
from database.reports import write_report


def context_key(
    dsn: Dsn,
    role: Annotated[str, typer.Option(help="the application's role")],
    key_id: Annotated[str, typer.Option(help="a name for the key")],
    days: Annotated[int, typer.Option(min=1, max=400, help="how long it is valid")] = 90,
    entra: Entra = False,
) -> None:
    """Install the key an application signs its contexts with (MEDSPASYNC_CONTEXT_SECRET, hex): as the migrator."""
    secret = _context_secret()
    with connect(dsn, entra=entra) as connection, connection.transaction():
        connection.execute("SET LOCAL ROLE medspasync_owner")
        connection.execute(
            "SELECT security.install_context_key(%s, %s, %s, now() + make_interval(days => %s))",
            (key_id, role, secret, days),
        )
    typer.echo(f"context key {key_id} of {role}, valid for {days} days")


def rotate_key(
    dsn: Dsn,
    tenant: Annotated[list[str], typer.Option(help="tenant ids")],
    key_url: Annotated[str, typer.Option(help="https://<vault>/keys/<name>, the wrapping key")],
    key_id: Annotated[str, typer.Option(help="the context key that signs")],
    purpose: Annotated[str, typer.Option(help="column or index")] = "column",
    resume: Annotated[bool, typer.Option("--resume", help="finish an interrupted rotation")] = False,
    entra: Entra = False,
    json_file: Json = None,
) -> None:
    """Rotate data keys: as the application whose identity may wrap and unwrap."""
    if purpose not in ("column", "index"):
        raise DatabaseRoomError(f"--purpose {purpose}: allowed are column and index")
    secret = _context_secret()
    tenants = [_uuid(value) for value in tenant]
    wrapper = keys.KeyVault(key_url)
    report: dict[str, Any] = {}
    with connect(dsn, entra=entra) as connection:
        for one in tenants:

            @contextmanager
            def transaction(one: UUID = one) -> Iterator[Connection[tuple]]:
                with connection.transaction():
                    token = sign_context(
                        key_id=key_id,
                        secret=secret,
                        tenant=one,
                        actor="key-rotation",
                        correlation_id=f"rotate-{purpose}",
                        purpose="key-rotation",
                    )
                    connection.execute("SELECT app.begin_context(%s)", (token,))
                    yield connection

            if purpose == "column":
                report[str(one)] = keys.rotate_column_key(transaction, wrapper, resume=resume)
            else:
                report[str(one)] = keys.rotate_index_key(transaction, wrapper)
    write_report(report, json_file, *(f"{t}: {r}" for t, r in report.items()))


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as malformed:
        raise DatabaseRoomError(f"--tenant {value}: no UUID") from malformed


def _context_secret() -> bytes:
    # From the environment, where App Service and Container Apps put Key Vault references; never an argument.
    try:
        secret = bytes.fromhex(os.environ.get("MEDSPASYNC_CONTEXT_SECRET", ""))
    except ValueError:
        secret = b""
    if not 32 <= len(secret) <= 64:
        raise DatabaseRoomError("MEDSPASYNC_CONTEXT_SECRET must hold 32 to 64 bytes in hex")
    return secret
