"""What the runner says when something is wrong: one message a person can act on, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


class DatabaseRoomError(Exception):
    """Wrong use, configuration or state; the command line prints it and exits 2."""


# Server errors that a person can act on, by SQLSTATE (PostgreSQL docs, appendix A). What is not here is shown as
# the server worded it.
_ADVICE = {
    "28P01": "the password or token was refused: Entra tokens expire after about an hour",
    "28000": "the server refuses this role: is it mapped to the Entra identity that asks?",
    "3D000": "the database does not exist",
    "42501": "this role lacks a right: bootstrap runs as an administrator, apply as medspasync_migrator",
    "55P03": "another session holds a lock: is another run under way?",
    "0A000": "the server does not have or not allow this extension (Azure: azure.extensions)",
    "58P01": "the extension is not installed on this server",
    "55000": "the server is not ready for this: pgaudit must be in shared_preload_libraries, and that needs a restart",
}


def explain(error: psycopg.Error, doing: str) -> DatabaseRoomError:
    """The room's error for a server's: what was being done, what the server said, what to do about it."""
    said = error.diag.message_primary or str(error).strip().splitlines()[0]
    hint = error.diag.message_hint or _ADVICE.get(error.sqlstate or "")
    return DatabaseRoomError(f"{doing}: {said}" + (f" ({hint})" if hint else ""))


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """What the server refuses inside, told as this room's error (`explain`)."""
    try:
        yield
    except psycopg.Error as refused:
        raise explain(refused, doing) from refused
