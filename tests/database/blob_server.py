"""A blob container on the loopback interface, over TLS: what of Azure's REST interface the retirement uses, with the
answers that a container under an immutability policy gives."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness import once
from tests.loopback import Handler, serving

TOKEN = "token-of-the-identity"
NAME = "database-audit"


class BlobServer:
    """The container. What is set in it makes it misbehave.

    blobs: content by name. requests: method and name, in order. refuse: HTTP status and error code by method and name.
    hang_up_on: requests whose connection is cut without an answer, once each. serve: content to give instead.
    """

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.refuse: dict[tuple[str, str], tuple[int, str]] = {}
        self.hang_up_on: set[tuple[str, str]] = set()
        self.serve: dict[str, bytes] = {}
        self.url = ""

    def written(self) -> list[str]:
        return [name for method, name in self.requests if method == "PUT"]


def _certificate() -> tuple[bytes, bytes]:
    """A key, and the certificate of 127.0.0.1 that it signed."""
    with tempfile.TemporaryDirectory() as name:
        key, certificate = Path(name, "blob.key"), Path(name, "blob.crt")
        made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=loopback")
        named = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
        subprocess.run([*made, *named], check=True, capture_output=True)
        return key.read_bytes(), certificate.read_bytes()


@contextmanager
def blob_server(folder: Path) -> Iterator[tuple[BlobServer, Path]]:
    """The server, and the certificate that it is to be trusted by: one for all tests of a run."""
    key, certificate = folder / "blob.key", folder / "blob.crt"
    for file, content in zip((key, certificate), once(_certificate, "certificate of loopback"), strict=True):
        file.write_bytes(content)
    state = BlobServer()

    class Blobs(Handler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["If-None-Match"] == "*", "an upload that could overwrite"
            assert self.headers["x-ms-blob-type"] == "BlockBlob"
            name = self._begin()
            if name is None:
                return
            if name in state.blobs:
                self._answer(409, error="BlobImmutableDueToPolicy")
            else:
                state.blobs[name] = content
                self._answer(201)

        def do_GET(self) -> None:
            name = self._begin()
            if name is None:
                return
            if name not in state.blobs:
                self._answer(404, error="BlobNotFound")
            else:
                self._answer(200, state.serve.get(name, state.blobs[name]))

        def _begin(self) -> str | None:
            """The blob's name; None when the request is answered already."""
            assert self.headers["x-ms-version"]
            container, name = self.path.removeprefix("/").split("/")
            assert container == NAME
            request = (self.command, name)
            state.requests.append(request)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._answer(401, error="NoAuthenticationInformation")
            elif request in state.hang_up_on:
                state.hang_up_on.remove(request)
                self.close_connection = True
            elif request in state.refuse:
                self._answer(state.refuse[request][0], error=state.refuse[request][1])
            else:
                return name
            return None

        def _answer(self, status: int, content: bytes = b"", error: str | None = None) -> None:
            self.reply(status, content, {"x-ms-error-code": error} if error else None)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(Blobs, context) as address:
        state.url = f"{address}/{NAME}"
        yield state, certificate
