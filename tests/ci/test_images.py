"""Images of apps: built and pushed by their digest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from assurance.errors import UsageError
from ci.images import build_image, checked_digest, exchange, push_image
from ci.programs import Done
from tests.ci.conftest import DIGEST, HOST, Answers


def test_image_is_pushed_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    signed: list[str] = []

    def run(arguments: Sequence[str]) -> Done:
        known = json.dumps([f"other@{DIGEST}", f"medspasyncpro.azurecr.io/backend@{DIGEST}"])
        return Done(0, known if "inspect" in arguments else "")

    assert build_image("backend", tmp_path, run)
    assert push_image("backend", HOST, run, signed.append) == DIGEST
    assert signed == [HOST]


@pytest.mark.parametrize(
    ("app_name", "registry", "failing"),
    [
        ("Back end", HOST, ""),
        ("backend", "example.com", ""),
        ("backend", HOST, "push"),
        ("backend", HOST, "tag"),
        ("backend", HOST, "none"),
    ],
)
def test_image_that_cannot_be_pushed_is_told(app_name: str, registry: str, failing: str) -> None:
    def run(arguments: Sequence[str]) -> Done:
        return Done(int(failing in arguments), "[]")

    with pytest.raises(UsageError):
        push_image(app_name, registry, run, lambda _host: None)


def test_image_begins_with_a_digest(tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    built: list[str] = []

    def run(arguments: Sequence[str]) -> Done:
        built.extend(arguments)
        return Done(0)

    assert build_image("database", tmp_path, run, file=tmp_path / "Containerfile", base=f"python@{DIGEST}")
    assert f"BASE=python@{DIGEST}" in built
    with pytest.raises(UsageError, match="by digest"):
        build_image("database", tmp_path, run, file=tmp_path / "Containerfile", base="python:3.12")
    with pytest.raises(UsageError, match="no Dockerfile"):
        build_image("database", tmp_path, run)


def test_registry_exchanges_a_token(answers: Answers) -> None:
    answers.answer = lambda _count: {"refresh_token": "r"}
    assert exchange(answers.url, "h", "t") == "r"
    answers.status = 401
    with pytest.raises(UsageError, match="401"):
        exchange(answers.url, "h", "t")
    with pytest.raises(UsageError):
        checked_digest("latest")
