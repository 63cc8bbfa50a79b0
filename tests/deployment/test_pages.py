"""Asking a page: over HTTPS only, and an error or a redirect is an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployment import pages
from tests.loopback import Handler, serving


@pytest.fixture
def server() -> Iterator[str]:
    class Pages(Handler):
        def do_GET(self) -> None:
            moved = {"Location": "/ok"} if self.path == "/moved" else {}
            self.reply({"/moved": 302, "/broken": 500}.get(self.path, 200), headers={"X-One": "1", **moved})

    with serving(Pages) as address:
        yield address


@pytest.mark.parametrize(("path", "status"), [("/ok", 200), ("/moved", 302), ("/broken", 500)])
def test_errors_and_redirects_are_answers(server: str, path: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SCHEMES", ("http",))
    answer = pages.fetch(server + path)
    assert answer.status == status
    assert answer.headers["x-one"] == "1"


def test_only_https_is_asked(server: str) -> None:
    with pytest.raises(OSError, match="only https"):
        pages.fetch(server)
