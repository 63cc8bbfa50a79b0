"""Every report says what it rests on: the commit, the stack file, the mode (N-07)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from assurance.basis import basis_line
from assurance.cli import app
from assurance.record import Record, Resource

COMMIT = "c" * 40
BASIS = {"project": "medspasync", "commit": COMMIT, "dirty": True, "stackFile": "f" * 64, "version": "0.1.0"}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    one = Resource("urn:pulumi:dev::medspasync::a:b:C::d", "/d", "a:b:C", "d", "", {}, {})
    file = tmp_path / "dev.json"
    file.write_text(Record("dev", "deployed", [one], basis=dict(BASIS)).to_json(), encoding="utf-8")
    return file


def run(saved: Path, *arguments: str) -> Any:
    return CliRunner().invoke(app, [arguments[0], *arguments[1:], "--record", str(saved)])


@pytest.mark.parametrize(
    "arguments",
    [
        ("access",),
        ("reach",),
        ("request", "dev", "GET", "https://api.example.org/"),
        ("lifecycle",),
        ("cost",),
        ("check", "--rules-only"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_json_names_its_basis(arguments: tuple[str, ...], saved: Path) -> None:
    target = saved.parent / "out.json"
    result = run(saved, *arguments, "--json", str(target))
    assert target.exists(), result.output
    basis = json.loads(target.read_text(encoding="utf-8"))["basis"]
    assert {key: basis.get(key) for key in BASIS} == BASIS


def test_junit_and_terminal_name_it(saved: Path) -> None:
    target = saved.parent / "out.xml"
    result = run(saved, "check", "--rules-only", "--junit", str(target))
    named = {each.get("name"): each.get("value") for each in ElementTree.parse(target).iter("property")}
    assert (named["basis.commit"], named["basis.stackFile"]) == (COMMIT, "f" * 64)
    assert (
        "dev: commit cccccccccccc with changes that are not committed, stack file sha256 ffffffffffff" in result.output
    )


def test_csv_and_calendar_name_it(saved: Path) -> None:
    target = saved.parent / "out.csv"
    run(saved, "access", "--csv", str(target))
    assert target.read_text(encoding="utf-8").splitlines()[0].endswith("mode,commit,dirty,stackFile,version")
    calendar = saved.parent / "out.ics"
    run(saved, "lifecycle", "--ics", str(calendar))
    text = calendar.read_bytes().decode().replace("\r\n ", "")
    assert "X-WR-CALDESC:dev\\, deployed: commit cccccccccccc with changes that are not committed" in text


def test_basis_without_commit_is_said() -> None:
    assert basis_line({}) == "no commit, judged on no date"
