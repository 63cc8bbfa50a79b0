"""Connecting: a DSN with a password, or with an Entra token in the password's place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from database.errors import DatabaseRoomError, explained

# The scope of Entra tokens for every Azure open-source database (Microsoft Learn: "Connect with managed identity").
ENTRA_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"


def entra_token(scope: str) -> str:
    """A token of the managed identity (or of whoever is signed in) for ``scope``.

    :raises DatabaseRoomError: azure-identity is not installed, or no identity can be had.
    """
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as missing:
        raise DatabaseRoomError("Entra sign-in needs the package azure-identity") from missing
    try:
        token: str = DefaultAzureCredential().get_token(scope).token
    except Exception as refused:  # azure-identity raises classes of its own, of azure-core and of its transports
        raise DatabaseRoomError(f"no Entra token: {str(refused).splitlines()[0]}") from refused
    return token


def database_name(dsn: str) -> str:
    """The database that a DSN names.

    :raises DatabaseRoomError: the DSN is malformed, or names none.
    """
    name = _parse(dsn).get("dbname") or os.environ.get("PGDATABASE")
    if not name:
        raise DatabaseRoomError("DSN: no dbname")
    return str(name)


def _parse(dsn: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError as malformed:
        raise DatabaseRoomError(f"DSN: {malformed}") from malformed


@contextmanager
def connect(dsn: str, *, entra: bool = False, dbname: str | None = None) -> Iterator[Connection[tuple]]:
    """A connection in autocommit mode; transactions are opened where they are meant.

    :param dsn: libpq connection string or URL. A password belongs into ``PGPASSWORD`` rather than into it.
    :param entra: fetch an Entra token and use it as the password.
    :param dbname: connect to this database instead of the DSN's.
    :raises DatabaseRoomError: the DSN is malformed, or the server cannot be reached or refuses.
    """
    overrides: dict[str, str] = {"application_name": "medspasync-database"}
    given = _parse(dsn)
    if not dsn.strip() or not (given.get("host") or os.environ.get("PGHOST")):
        raise DatabaseRoomError("DSN: no host (example: host=server.example user=medspasync_migrator dbname=app)")
    if entra:
        overrides["password"] = entra_token(ENTRA_SCOPE)
    if dbname:
        overrides["dbname"] = dbname
    with explained("cannot connect"):
        connection = psycopg.connect(make_conninfo(dsn, connect_timeout=10, **overrides), autocommit=True)
    with connection:
        yield connection


def value_of(connection: Connection[tuple], query: str, *parameters: Any) -> Any:
    """The one value that a query answers with; None where it gives no row."""
    row = connection.execute(query.encode(), parameters or None).fetchone()
    return row[0] if row else None
