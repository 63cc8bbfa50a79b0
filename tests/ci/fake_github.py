"""A GitHub on loopback, as far as the workflows ask it; files stand on a second host, as those of artifacts do."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ci.comment import AUTHOR
from ci.github import GitHub
from tests.loopback import Handler, serving

TOKEN = "token-of-a-job"
REPOSITORY = "medspasync/platform"
PAGE = 2
"""Entries on a page, so that every list of three has two pages."""


@dataclass
class FakeGitHub:
    """What it holds. pulls: {"number", "head": {"sha"}, "state", "of": "owner:branch"}; archive: of each artifact."""

    pulls: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    archive: bytes = b""
    comments: list[dict[str, Any]] = field(default_factory=list)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    code_scanning: bool = True
    fork_point: str = "2" * 40
    """Where every pull request leaves the default branch."""
    contents: dict[str, str | bytes | None] = field(default_factory=dict)
    """Files of the heads by path; None for one that is too large to be shown."""
    second_push: str = ""
    """The head of every pull request from the time on when its files were asked for."""
    api: str = ""
    host: str = ""
    strangers: list[str] = field(default_factory=list)
    """What the host of the files was shown as Authorization."""

    def upload(self, files: dict[str, str] | bytes) -> None:
        """What a run has uploaded."""
        self.archive = files if isinstance(files, bytes) else zipped(files)
        number = len(self.artifacts) + 1
        self.artifacts.append({"id": number, "name": "assurance", "size_in_bytes": len(self.archive)})

    @property
    def client(self) -> GitHub:
        """As a workflow's step would have it."""
        return GitHub(self.api, REPOSITORY, TOKEN)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """(status, answer) to a question about the repository."""
        if method == "GET" and path == "pulls":
            found = [each for each in self.pulls if each["of"] == query["head"] and each["state"] == query["state"]]
            return 200, found
        if match := re.fullmatch(r"pulls/(\d+)", path):
            return 200, next(each for each in self.pulls if each["number"] == int(match[1]))
        if re.fullmatch(r"pulls/\d+/files", path):
            if self.second_push:
                for each in self.pulls:
                    each["head"] = {"sha": self.second_push}
            return 200, self.files
        if re.fullmatch(r"compare/[0-9a-f]{40}\.\.\.[0-9a-f]{40}", path):
            return 200, {"merge_base_commit": {"sha": self.fork_point}}
        if (match := re.fullmatch(r"contents/(.+)", path)) and match[1] in self.contents:
            return 200, encoded(self.contents[match[1]])
        if re.fullmatch(r"actions/runs/\d+/artifacts", path):
            return 200, {"artifacts": self.artifacts}
        if re.fullmatch(r"actions/artifacts/\d+/zip", path):
            return 302, f"{self.host}/signed"
        if match := re.fullmatch(r"issues/(\d+)/comments", path):
            if method == "POST":
                new = {"id": 1000 + len(self.comments), "on": int(match[1]), "user": {"login": AUTHOR, "type": "Bot"}}
                self.comments.append({**new, **body})
                return 201, new
            return 200, [each for each in self.comments if each["on"] == int(match[1])]
        if match := re.fullmatch(r"issues/comments/(\d+)", path):
            (edited,) = [each for each in self.comments if each["id"] == int(match[1])]
            edited.update(body)
            return 200, edited
        if method == "POST" and path == "code-scanning/sarifs":
            if not self.code_scanning:
                return 403, {"message": "Code scanning is not enabled"}
            self.uploads.append(body)
            return 202, {"id": "1"}
        return 404, {"message": f"{method} {path}"}


def encoded(content: str | bytes | None) -> dict[str, str]:
    """A file as the interface gives it: nothing of one of more than a megabyte."""
    if content is None:
        return {"encoding": "none", "content": ""}
    raw = content.encode() if isinstance(content, str) else content
    return {"encoding": "base64", "content": base64.encodebytes(raw).decode()}


def zipped(files: dict[str, str]) -> bytes:
    """An archive of files, by name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@contextmanager
def running(fake: FakeGitHub) -> Iterator[FakeGitHub]:
    """The GitHub and the host of its files, while the block runs."""

    class Interface(Handler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            split = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(split.query).items()}
            path = split.path.removeprefix(f"/repos/{REPOSITORY}/")
            status, answer = 401, {"message": "Bad credentials"}
            if self.headers.get("Authorization") == f"Bearer {TOKEN}":
                status, answer = fake.answer(self.command, path, query, body)
            headers = {}
            if status == 302:
                headers["Location"] = answer
                answer = None
            listed = answer.get("artifacts") if isinstance(answer, dict) else answer
            if isinstance(listed, list):
                number = int(query.get("page", 1))
                shown = listed[(number - 1) * PAGE : number * PAGE]
                answer = {"artifacts": shown} if isinstance(answer, dict) else shown
                if len(listed) > number * PAGE:
                    more = "&".join(f"{key}={value}" for key, value in {**query, "page": number + 1}.items())
                    headers["Link"] = f'<{fake.api}{split.path}?{more}>; rel="next", <x>; rel="last"'
            self.reply(status, json.dumps(answer).encode(), headers)

        do_POST = do_PATCH = do_GET  # noqa: N815 - names of http.server

    class Files(Handler):
        def do_GET(self) -> None:
            if "Authorization" in self.headers:
                fake.strangers.append(self.headers["Authorization"])
            self.reply(200, fake.archive)

    with serving(Interface) as fake.api, serving(Files) as fake.host:
        yield fake
