"""Data keys: made here, wrapped by Key Vault, stored wrapped, and rotated.

A data key is 32 random bytes. It exists in clear only in this process, while it is used, and travels to the server as
a bind parameter. The wrapping key never leaves Key Vault.
"""

import base64
import hashlib
import hmac
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection

from database.connection import entra_token, value_of
from database.errors import DatabaseRoomError

KEY_VAULT_SCOPE = "https://vault.azure.net/.default"
_API_VERSION = "7.4"
_BATCH = 500  # rows resealed in one transaction: keeps it in the range of a second


class KeyVault:
    """A key of a vault, through its REST interface with the identity's token.

    :param key_url: ``https://<vault>/keys/<name>``, without a version: wrapping uses the current one.
    :raises DatabaseRoomError: not such a URL; later, when the vault refuses.
    """

    algorithm = "RSA-OAEP-256"

    def __init__(self, key_url: str, token: Callable[[], str] = lambda: entra_token(KEY_VAULT_SCOPE)) -> None:
        if not key_url.startswith("https://") or "/keys/" not in key_url:
            raise DatabaseRoomError(f"key URL {key_url!r}: expected https://<vault>/keys/<name>")
        self._key_url = key_url.rstrip("/")
        self._token = token

    def wrap(self, key: bytes) -> tuple[str, bytes]:
        answer = self._post(f"{self._key_url}/wrapkey", key)
        return answer["kid"], _from_base64url(answer["value"])

    def unwrap(self, wrapping_key: str, wrapped: bytes) -> bytes:
        # Only our own key is asked: a row that names another vault gets no token of this identity.
        if not wrapping_key.startswith(self._key_url + "/"):
            raise DatabaseRoomError(f"data key is wrapped by {wrapping_key}, not by {self._key_url}")
        return _from_base64url(self._post(f"{wrapping_key}/unwrapkey", wrapped)["value"])

    def _post(self, url: str, value: bytes) -> dict[str, str]:
        body = json.dumps({"alg": self.algorithm, "value": _base64url(value)}).encode()
        request = urllib.request.Request(  # noqa: S310 (https only, see __init__)
            f"{url}?api-version={_API_VERSION}",
            data=body,
            headers={"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                answer: dict[str, str] = json.load(response)
        except urllib.error.HTTPError as refused:
            raise DatabaseRoomError(f"Key Vault refused {url.rsplit('/', 1)[1]}: HTTP {refused.code}") from refused
        except (OSError, ValueError) as unreachable:
            raise DatabaseRoomError(f"Key Vault cannot be reached: {unreachable}") from unreachable
        return answer


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _from_base64url(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def check_value(key: bytes) -> bytes:
    """8 bytes that tell a wrong key from the right one; the server computes the same."""
    return hmac.new(key, b"medspasync key check", hashlib.sha256).digest()[:8]


@dataclass(frozen=True)
class DataKey:
    """A data key in clear. Its text shows no key."""

    key_id: UUID
    purpose: str
    state: str
    key: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.key_id}, {self.purpose}, {self.state})"


# A transaction of an application role in one tenant's context; a new one each time it is called.
Transaction = Callable[[], AbstractContextManager[Connection[tuple]]]


def data_keys(app: Connection[tuple], wrapper: KeyVault) -> list[DataKey]:
    """The tenant's keys, unwrapped."""
    rows = app.execute("SELECT key_id, purpose, state, wrapping_key, wrapped FROM app.data_keys()").fetchall()
    return [DataKey(row[0], row[1], row[2], wrapper.unwrap(row[3], bytes(row[4]))) for row in rows]


def add_key(app: Connection[tuple], wrapper: KeyVault, purpose: str) -> DataKey:
    """A new active key; the one before it is retiring from now on."""
    key = os.urandom(32)
    wrapping_key, wrapped = wrapper.wrap(key)
    given = (purpose, wrapper.algorithm, wrapping_key, wrapped, check_value(key))
    key_id = value_of(app, "SELECT app.add_data_key(%s, %s, %s, %s, %s)", *given)
    return DataKey(key_id, purpose, "active", key)


def rotate_column_key(transaction: Transaction, wrapper: KeyVault, *, resume: bool = False) -> dict[str, Any]:
    """Adds a column key and seals everything under it, batch by batch.

    :param resume: go on with an interrupted rotation: no new key, only the sealing.
    :returns: the key's id and how many values were sealed anew, by column.
    """
    with transaction() as app:
        keys = [key for key in data_keys(app, wrapper) if key.purpose == "column"]
        if not resume or not any(key.state == "active" for key in keys):
            keys = [DataKey(key.key_id, key.purpose, "retiring", key.key) for key in keys]
            keys.append(add_key(app, wrapper, "column"))
        columns = app.execute("SELECT relation, column_name FROM app.sealed_columns()").fetchall()
    active = next(key for key in keys if key.state == "active")
    resealed: dict[str, int] = {}
    for relation, column in columns:
        for old in (key for key in keys if key.state == "retiring"):
            for done in _batches(transaction, relation, column, old, active):
                resealed[f"{relation}.{column}"] = resealed.get(f"{relation}.{column}", 0) + done
    return {"key_id": str(active.key_id), "resealed": resealed}


def _batches(transaction: Transaction, relation: str, column: str, old: DataKey, new: DataKey) -> Iterator[int]:
    done = _BATCH
    while done == _BATCH:
        with transaction() as app:
            statement = "SELECT app.reseal_batch(%s::regclass, %s, %s, %s, %s, %s, %s)"
            done = value_of(app, statement, relation, column, old.key_id, old.key, new.key_id, new.key, _BATCH)
        yield done


def rotate_index_key(transaction: Transaction, wrapper: KeyVault) -> dict[str, Any]:
    """Adds an index key and rebuilds every blind index of the tenant, in one transaction: searches see the old index
    or the new one, never half.

    :raises DatabaseRoomError: values are under more than one column key; rotate those first.
    """
    with transaction() as app:
        column_keys = [key for key in data_keys(app, wrapper) if key.purpose == "column"]
        new = add_key(app, wrapper, "index")
        rebuilt: dict[str, int] = {}
        columns = app.execute(
            "SELECT relation, column_name FROM app.sealed_columns() WHERE index_column IS NOT NULL"
        ).fetchall()
        for key in column_keys:
            if key.state != "active" and value_of(app, "SELECT app.values_under_key(%s)", key.key_id) != 0:
                raise DatabaseRoomError(f"column key {key.key_id} still has values: finish its rotation first")
        active = next((key.key for key in column_keys if key.state == "active"), None)
        for relation, column in columns:
            if active is None:
                break  # nothing is sealed yet, so there is nothing to index
            statement = "SELECT app.rebuild_blind_index(%s::regclass, %s, %s, %s, %s)"
            rebuilt[f"{relation}.{column}"] = value_of(app, statement, relation, column, active, new.key_id, new.key)
    return {"key_id": str(new.key_id), "rebuilt": rebuilt}
