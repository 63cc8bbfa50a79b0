"""Asking a page: over HTTPS only, and an error or a redirect is an answer."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from deployment import pages


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/moved": 302, "/broken": 500}.get(self.path, 200))
            self.send_header("X-One", "1")
            if self.path == "/moved":
                self.send_header("Location", "/ok")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    served = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


@pytest.mark.parametrize(("path", "status"), [("/ok", 200), ("/moved", 302), ("/broken", 500)])
def test_errors_and_redirects_are_answers(server: str, path: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SCHEMES", ("http",))
    answer = pages.fetch(server + path)
    assert answer.status == status
    assert answer.headers["x-one"] == "1"


def test_only_https_is_asked(server: str) -> None:
    with pytest.raises(OSError, match="only https"):
        pages.fetch(server)
