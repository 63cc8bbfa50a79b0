"""GitHub, its token service and programs, in place of theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ci.programs import Done
from ci.sign_in import NEEDED
from tests.ci.fake_github import FakeGitHub, running
from tests.ci.uploaded import good, pull, read_here
from tests.loopback import Handler, serving

HOST = "medspasyncpro.azurecr.io"
DIGEST = f"sha256:{'0' * 64}"


@dataclass
class Answers:
    """A server that counts, and answers with what it is told."""

    asked: list[str] = field(default_factory=list)
    status: int = 200
    answer: Callable[[int], Any] = lambda count: {"value": f"token-{count}"}
    url: str = ""


@pytest.fixture
def answers() -> Iterator[Answers]:
    state = Answers()

    class Counting(Handler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            self.reply(state.status, json.dumps(state.answer(len(state.asked))).encode())

        do_POST = do_GET  # noqa: N815 - a name of http.server

    with serving(Counting) as state.url:
        yield state


@pytest.fixture
def job(answers: Answers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Answers:
    """The environment of a job with a token of its own."""
    for name in NEEDED:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{answers.url}/token?a=b")
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    return answers


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """What was uploaded is read in this process, so that its coverage counts; test_bounded.py tries the other one."""
    for module in ("comment", "code_scanning"):
        monkeypatch.setattr(f"ci.{module}.run_bounded", read_here)
    with running(FakeGitHub(pulls=[pull(5)])) as fake:
        fake.upload(good())
        yield fake


class Programs:
    def __init__(self, codes: Mapping[str, int] | None = None) -> None:
        self.codes, self.ran = codes or {}, []

    def __call__(self, arguments: Sequence[str]) -> Done:
        words = " ".join(arguments)
        self.ran.append(words)
        code = next((code for part, code in self.codes.items() if part in words), 0)
        return Done(code, "{}" if "export" in words else "")
