"""``assurance evidence`` and ``assurance verify``: what they write, refuse and exit with."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from assurance.cli import app
from assurance.evidence.period import Period
from tests.harness import stack_record


def assurance(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recordings that other tests share, in place of new ones."""

    def made(_: Any) -> Any:
        return [stack_record("dev", "preview")], [stack_record("dev")]

    monkeypatch.setattr("assurance.cli.evidence.records_in_both_modes", made)


@pytest.mark.usefixtures("recorded")
def test_a_bundle_bears_its_time_and_verifies(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    made = assurance("evidence", "dev", "--out", out, "--time", "2026-11-30T01:00:00+02:00")
    assert made.exit_code == 0, made.output
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["time"], manifest["judged"]) == ("2026-11-30T01:00:00+02:00", "2026-11-29")
    assert manifest["basis"]["date"] == "2026-11-29"
    assert json.loads((out / "dev" / "record-deployed.json").read_text())["seconds"] == 0.0
    assert assurance("verify", out).exit_code == 0
    again = assurance("evidence", "dev", "--out", out)
    assert again.exit_code == 2
    assert "is there already" in again.output
    (out / "SUMMARY.md").write_text("something else")
    found = assurance("verify", out)
    assert found.exit_code == 1
    assert "SUMMARY.md" in found.output


@pytest.mark.usefixtures("recorded")
def test_a_failing_finding_exits_one_with_the_bundle(tmp_path: Path) -> None:
    """By then the exceptions of dev have ended."""
    out = tmp_path / "bundle"
    assert assurance("evidence", "dev", "--out", out, "--time", "2028-01-01T00:00:00Z").exit_code == 1
    assert "does not hold" in (out / "SUMMARY.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--time", "yesterday"], "--time yesterday: allowed is a time of ISO 8601"),
        (["--time", "9999-12-31T23:59:59-14:00"], "allowed is a time of ISO 8601"),
        (["--since", "no-such-commit"], "no such commit"),
        (["--reviews", "x.json"], "name it with --since"),
        (["--sign", "no-key"], "no such file"),
        (["--sign", "README.md"], "or no key"),
    ],
)
def test_wrong_use_is_told_and_leaves_nothing(arguments: list[str], told: str, tmp_path: Path) -> None:
    result = assurance("evidence", "dev", "--out", tmp_path / "bundle", *arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_stack_is_told_first(tmp_path: Path) -> None:
    """Before the merges of a period are compared, which takes long."""
    result = assurance("evidence", "prodd", "--out", tmp_path / "bundle", "--since", "HEAD~1")
    assert result.exit_code == 2
    assert "prodd: no such stack" in result.output


def test_what_is_no_bundle_is_told(tmp_path: Path) -> None:
    assert assurance("verify", tmp_path).exit_code == 2
    (tmp_path / "manifest.json").write_text("[]")
    assert "not a bundle" not in assurance("verify", tmp_path).output
    assert assurance("verify", tmp_path).exit_code == 2
    (tmp_path / "manifest.json").write_text("{")
    assert "not JSON" in " ".join(assurance("verify", tmp_path).output.split())


ROW = {"path": "a.txt", "sha256": "0" * 64, "size": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"bundleVersion": 2, "basis": {}, "files": []}, "bundleVersion = 2"),
        ({"bundleVersion": 1, "basis": {}}, "files = (missing)"),
        ({"bundleVersion": 1, "basis": None, "files": []}, "basis = null"),
        ({"bundleVersion": 1, "basis": {}, "files": ["a.txt"]}, "files[0] = 'a.txt'"),
        ({"bundleVersion": 1, "basis": {}, "files": [{**ROW, "sha256": None}]}, "files[0].sha256 = null"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_manifest_of_another_form_is_told(content: Any, told: str, tmp_path: Path) -> None:
    """With the key that is wrong, and never by a traceback."""
    (tmp_path / "manifest.json").write_text(content if isinstance(content, str) else json.dumps(content))
    result = assurance("verify", tmp_path)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


def test_verify_tells_signature_and_odd_files(tmp_path: Path) -> None:
    (tmp_path / "[a].txt").write_text("x")
    row = {"path": "[a].txt", "sha256": hashlib.sha256(b"x").hexdigest(), "size": 1}
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"bundleVersion": 1, "basis": {}, "files": [row]}))
    whole = assurance("verify", tmp_path)
    assert whole.exit_code == 0
    assert "no signature" in whole.output
    assert "1 file, commit none" in " ".join(whole.output.split())
    manifest.write_text(json.dumps({"bundleVersion": 1, "basis": {}, "files": [row, row, {**row, "path": "./b"}]}))
    (tmp_path / "manifest.json.sig").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    found = assurance("verify", tmp_path)
    assert found.exit_code == 1
    for told in ("[a].txt: 2 times", "./b: leads out", "pipe: not in the manifest", "it bears a signature"):
        assert told in found.output


@pytest.mark.usefixtures("recorded")
def test_since_a_bundle_tells_the_period(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def told(root: Path, since: str, *_: Any) -> Period:
        asked.append(since)
        return Period(since=since, base="a", head="b", begins="x", ends="y", merges=[], registers=[])

    monkeypatch.setattr("assurance.cli.evidence.period", told)
    old = tmp_path / "old"
    old.mkdir()
    (old / "manifest.json").write_text(json.dumps({"bundleVersion": 1, "basis": {"commit": "a" * 40}, "files": []}))
    out = tmp_path / "new"
    made = assurance("evidence", "dev", "--out", out, "--since", old, "--time", "2026-11-29T00:00:00")
    assert made.exit_code == 0, made.output
    assert asked == ["a" * 40]
    assert "No entry moved" in (out / "period.md").read_text()
    assert json.loads((out / "manifest.json").read_text())["time"] == "2026-11-29T00:00:00+00:00"
    unsigned = assurance("verify", out, "--signers", out / "SUMMARY.md")
    assert unsigned.exit_code == 1
    assert "nobody of" in unsigned.output
    (old / "manifest.json").write_text(json.dumps({"bundleVersion": 1, "basis": {}, "files": []}))
    assert "is of no commit" in assurance("evidence", "dev", "--out", tmp_path / "x", "--since", old).output
