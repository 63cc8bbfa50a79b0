"""Context keys and passwords of the applications, from the vault into the database.

What is wanted stands in a manifest: names of secrets and dates, never a value::

    {"contextKeys": [{"role": "medspasync_backend", "secret": "BACKEND-DATABASE-CONTEXT-KEY", "until": "2027-03-01"}],
     "passwords": [{"role": "medspasync_backend", "secret": "BACKEND-DATABASE-PASSWORD", "rotated": "2026-11-01"}]}

A context key is JSON, ``{"keyId": "backend-2026-11-01", "secret": "<hex>"}``; both its current and its previous version
are listed. Of a role's passwords the first is the current one, the second, where there is one, the previous.

The database knows one password of a role at a time, applications know two (docs/contracts/database.md). A new password
becomes the database's when every application has had the time to fetch it: until then the previous one stays.
"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection, sql

from database.connection import entra_token
from database.errors import DatabaseRoomError, explained
from database.keys import KEY_VAULT_SCOPE

FETCHED = timedelta(hours=25)
"""After which every application has a new value: App Service resolves references once in 24 hours."""
_API_VERSION = "7.4"
_NAME = re.compile(r"[A-Z0-9-]{1,127}")


@dataclass(frozen=True)
class ContextKey:
    """role: whose; secret: the vault's name for it; until: the first day on which the database refuses it."""

    role: str
    secret: str
    until: date


@dataclass(frozen=True)
class Password:
    """role: whose; secret: the vault's name for it; rotated: when it was generated, which tells versions apart."""

    role: str
    secret: str
    rotated: date


@dataclass(frozen=True)
class Manifest:
    """What the database should know; passwords by role, current first."""

    context_keys: list[ContextKey]
    passwords: Mapping[str, list[Password]]


def read_manifest(text: str) -> Manifest:
    """The manifest.

    :raises DatabaseRoomError: it is malformed, names no context key, or more than two passwords of a role.
    """
    try:
        given = json.loads(text)
        keys = [ContextKey(_text(k, "role"), _name(k), _day(k, "until")) for k in given["contextKeys"]]
        listed = [Password(_text(p, "role"), _name(p), _day(p, "rotated")) for p in given["passwords"]]
    except (ValueError, KeyError, TypeError) as malformed:
        raise DatabaseRoomError(f"manifest: {type(malformed).__name__}: {malformed}") from malformed
    if not keys:
        raise DatabaseRoomError("manifest: no context key")
    passwords: dict[str, list[Password]] = {}
    for password in listed:
        passwords.setdefault(password.role, []).append(password)
    for role, versions in passwords.items():
        days = [version.rotated for version in versions]
        if len(days) > 2 or sorted(set(days), reverse=True) != days:
            raise DatabaseRoomError(f"manifest: passwords of {role}: at most two, the newest first")
    return Manifest(keys, passwords)


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def _name(entry: Mapping[str, Any]) -> str:
    name = _text(entry, "secret")
    if not _NAME.fullmatch(name):  # it becomes part of a URL
        raise ValueError(f"{name!r} is no name of a secret")
    return name


def _day(entry: Mapping[str, Any], key: str) -> date:
    return date.fromisoformat(_text(entry, key))


class Vault:
    """Secrets of a vault, through its REST interface with the identity's token.

    :param url: ``https://<vault>``
    :raises DatabaseRoomError: no such URL; later, when the vault refuses.
    """

    def __init__(self, url: str, token: Callable[[], str] = lambda: entra_token(KEY_VAULT_SCOPE)) -> None:
        if not re.fullmatch(r"https://[A-Za-z0-9.-]+/?", url):
            raise DatabaseRoomError(f"vault {url!r}: expected https://<vault>")
        self._url = url.rstrip("/")
        self._token = token

    def secret(self, name: str) -> str:
        """The newest value."""
        request = urllib.request.Request(  # noqa: S310 (https only, see __init__)
            f"{self._url}/secrets/{name}?api-version={_API_VERSION}",
            headers={"Authorization": f"Bearer {self._token()}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                value = json.load(response)["value"]
        except urllib.error.HTTPError as refused:
            raise DatabaseRoomError(f"Key Vault refused secret {name}: HTTP {refused.code}") from refused
        except (OSError, ValueError, KeyError) as unreachable:
            raise DatabaseRoomError(
                f"secret {name}: Key Vault cannot be reached ({type(unreachable).__name__})"
            ) from None
        return str(value)


def set_context_keys(
    connection: Connection[tuple], keys: list[ContextKey], secret: Callable[[str], str]
) -> list[dict[str, str]]:
    """Make the database's context keys those of the manifest; any other is removed.

    :param connection: of medspasync_credentials.
    :returns: role, key and what was done, by role and key.
    :raises DatabaseRoomError: a value is malformed, or the server refuses; then nothing has changed.
    """
    values = [_context_key(key.secret, secret(key.secret)) for key in keys]
    with explained("context keys"):
        rows = connection.execute(
            "SELECT of_role, of_key, change FROM security.set_context_keys"
            "(%s::text[], %s::text[], %s::bytea[], %s::timestamptz[]) ORDER BY 1, 2",
            (
                [key.role for key in keys],
                [key_id for key_id, _ in values],
                [value for _, value in values],
                [datetime(key.until.year, key.until.month, key.until.day, tzinfo=UTC) for key in keys],
            ),
        ).fetchall()
    return [{"role": row[0], "key": row[1], "done": row[2]} for row in rows]


def _context_key(name: str, text: str) -> tuple[str, bytes]:
    """Key id and secret. An error never holds a part of the value."""
    try:
        value = json.loads(text)
        key_id, secret = value["keyId"], bytes.fromhex(value["secret"])
    except (ValueError, KeyError, TypeError):
        key_id, secret = "", b""
    if not (isinstance(key_id, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key_id) and 32 <= len(secret) <= 64):
        raise DatabaseRoomError(f'secret {name}: expected {{"keyId": "…", "secret": "32 to 64 bytes in hex"}}')
    return key_id, secret


@dataclass(frozen=True)
class Known:
    """What is noted of a role's password, in the role's own comment: there it comes and goes with the role.

    password: rotation date of the one that was set; waiting: of a newer one that is to be set; since: when that was
    seen first.
    """

    password: str = ""
    waiting: str = ""
    since: str = ""

    @classmethod
    def read(cls, comment: str | None) -> "Known":
        """From the comment; nothing is known where it is none of ours."""
        try:
            known = cls(**json.loads(comment or ""))
            if known.waiting:
                datetime.fromisoformat(known.since)
            return known
        except (ValueError, TypeError):
            return cls()

    def text(self) -> str:
        return json.dumps({name: value for name, value in vars(self).items() if value})


@dataclass(frozen=True)
class Decision:
    """version: the password that the database should have now; known: what to note; done: in a word."""

    version: Password
    known: Known = field(default_factory=Known)
    done: str = "kept"


def decide(versions: list[Password], known: Known, now: datetime) -> Decision:
    """Which password the database should have.

    The current one, unless a previous one is still in use: then that one, until `FETCHED` after the current one was
    first seen. Without a previous one (the first password, or one that leaked) the current one at once.
    """
    current, previous = versions[0], versions[1] if len(versions) > 1 else None
    newest = current.rotated.isoformat()
    if known.password == newest:
        return Decision(current, known)
    since = now.isoformat() if known.waiting != newest else known.since
    if previous is None or now - datetime.fromisoformat(since) >= FETCHED:
        return Decision(current, Known(newest), "set")
    waiting = Known(previous.rotated.isoformat(), newest, since)
    return Decision(previous, waiting, "waits" if known.password == waiting.password else "set to the previous")


def set_passwords(
    connection: Connection[tuple], passwords: Mapping[str, list[Password]], secret: Callable[[str], str]
) -> list[dict[str, str]]:
    """Give each role the password that it should have now. A value leaves this process as a SCRAM verifier only.

    Sessions that are open go on: a password counts when a connection opens.

    :param connection: of medspasync_credentials, of a server that was bootstrapped with these roles as password roles.
    :returns: role, rotation date of its password and what was done, by role.
    :raises DatabaseRoomError: the server refuses, or a value is no password; roles before it keep what they got.
    """
    report = []
    for role, versions in sorted(passwords.items()):
        with explained(f"password of {role}"), connection.transaction():
            row = connection.execute(
                "SELECT shobj_description(oid, 'pg_authid'), now() FROM pg_roles WHERE rolname = %s", (role,)
            ).fetchone()
            if row is None:
                raise DatabaseRoomError(f"role {role} does not exist: run bootstrap")
            known = Known.read(row[0])
            decision = decide(versions, known, row[1])
            version = decision.version
            if version.rotated.isoformat() != known.password:
                _set(connection, role, _password(version.secret, secret(version.secret)))
            if decision.known != known:
                connection.execute(
                    sql.SQL("COMMENT ON ROLE {} IS {}").format(sql.Identifier(role), sql.Literal(decision.known.text()))
                )
        report.append({"role": role, "password": version.rotated.isoformat(), "done": decision.done})
    return report


def _set(connection: Connection[tuple], role: str, password: str) -> None:
    # Computed here (RFC 5802): the statement, and so any log of it, holds a salted hash and no password.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))


def _password(name: str, value: str) -> str:
    # Printable ASCII needs no SASLprep, and 32 characters of a generated value cannot be guessed from a verifier.
    if not re.fullmatch(r"[!-~]{32,128}", value):
        raise DatabaseRoomError(f"secret {name}: expected 32 to 128 printable ASCII characters")
    return value
