"""A container of a storage account, through its REST interface with the identity's token: adds and reads, never
overwrites, never deletes."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from database.connection import entra_token
from database.errors import DatabaseRoomError

STORAGE_SCOPE = "https://storage.azure.com/.default"
_API_VERSION = "2023-11-03"
LARGEST = 5000 * 2**20
"""Bytes that one Put Blob may carry (learn.microsoft.com/rest/api/storageservices/put-blob)."""
_TIMEOUT = 300  # seconds without a byte


class Container:
    """A blob container.

    :param url: ``https://<account>.blob.core.windows.net/<container>``
    :raises DatabaseRoomError: no such URL; later, when the account refuses or cannot be reached.
    """

    def __init__(self, url: str, token: Callable[[], str] = lambda: entra_token(STORAGE_SCOPE)) -> None:
        if not re.fullmatch(r"https://[A-Za-z0-9.:-]+/[a-z0-9-]{3,63}/?", url):
            raise DatabaseRoomError(f"archive {url!r}: expected https://<account>.blob.core.windows.net/<container>")
        self.url = url.rstrip("/")
        self._token = token

    def add(self, name: str, path: Path) -> bool:
        """Upload a file as a block blob. False when there is a blob of that name already: it stays as it is."""
        size = path.stat().st_size
        if size > LARGEST:
            raise DatabaseRoomError(f"archive: {name} has {size} bytes, one upload may have {LARGEST}")
        with path.open("rb") as content:
            request = self._request("PUT", name)
            request.data = content
            request.add_header("Content-Length", str(size))
            request.add_header("Content-Type", "application/octet-stream")
            request.add_header("x-ms-blob-type", "BlockBlob")
            request.add_header("If-None-Match", "*")
            try:
                with self._open(request, name):
                    return True
            except urllib.error.HTTPError as refused:
                with refused:  # an answer too: it holds its connection
                    # BlobAlreadyExists, or that the container's immutability forbids a change of it.
                    if refused.code in (409, 412):
                        return False
                    raise _refused(name, refused) from refused

    @contextmanager
    def read(self, name: str) -> Iterator[HTTPResponse]:
        """The blob's content as a stream."""
        try:
            with self._open(self._request("GET", name), name) as answer:
                yield answer
        except urllib.error.HTTPError as refused:
            with refused:
                raise _refused(name, refused) from refused
        except (OSError, HTTPException) as broken:
            raise DatabaseRoomError(f"archive: reading {name} broke off ({type(broken).__name__})") from broken

    def _request(self, method: str, name: str) -> urllib.request.Request:
        return urllib.request.Request(  # noqa: S310 (https only, see __init__)
            f"{self.url}/{name}",
            method=method,
            headers={"Authorization": f"Bearer {self._token()}", "x-ms-version": _API_VERSION},
        )

    @staticmethod
    def _open(request: urllib.request.Request, name: str) -> HTTPResponse:
        try:
            answer: HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310
        except urllib.error.HTTPError:
            raise
        except (OSError, HTTPException) as unreachable:
            reason = getattr(unreachable, "reason", unreachable)
            raise DatabaseRoomError(f"archive: {name} cannot be reached: {reason}") from unreachable
        return answer


def _refused(name: str, refused: urllib.error.HTTPError) -> DatabaseRoomError:
    said = refused.headers.get("x-ms-error-code") or refused.reason
    return DatabaseRoomError(f"archive refused {name}: HTTP {refused.code} {said}")
