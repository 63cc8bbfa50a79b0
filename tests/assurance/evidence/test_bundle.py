"""The bundle: its layout, its bytes, its manifest, and that every claim can be run again from it."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from assurance.check import formats
from assurance.check.presentation import presented
from assurance.errors import UsageError
from assurance.evidence.bundle import files_of, steady, write
from assurance.evidence.manifest import MANIFEST, problems, sign, signer
from assurance.evidence.tables import Table, tables
from assurance.evidence.workbook import workbook
from assurance.full_audit import full_audit
from assurance.record import Record
from policies.exceptions import Register
from tests.assurance.evidence.made import STACKS, TIME, TODAY, bundle, evidence, evidence_of, files, text
from tests.harness import ROOT, stack_record

OF_A_STACK = {
    "report.html", "review.html", "record-preview.json", "record-deployed.json", "findings.json", "findings.sarif",
    "map.md", "findings.csv", "controls.csv", "inventory.csv", "flows.csv", "single-points.csv", "openings.csv",
    "access.csv", "log-coverage.csv", "encryption.csv", "alerts.csv", "exceptions.csv", "trusted.csv",
    "attestations.csv", "settings.csv",
}  # fmt: skip
OF_ALL = {
    "manifest.json", "index.html", "SUMMARY.md", "workbook.xlsx", "controls.json", "registers/exceptions.yaml",
    "registers/trusted.yaml", "registers/accepted_changes.yaml", "registers/attestations.yaml",
    "registers/attestation_kinds.yaml",
}  # fmt: skip


def put(folder: Path) -> Path:
    """The bundle in a folder."""
    for path, content in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def test_the_layout_is_that_of_the_contract() -> None:
    stacks = {f"{stack}/{name}" for stack in STACKS for name in OF_A_STACK}
    assert files().keys() == OF_ALL | stacks | {f"Pulumi.{stack}.yaml" for stack in STACKS}


def test_order_and_time_change_no_byte() -> None:
    """Which output resolves first decides the order of a recording; nothing of that may be seen."""
    other = stack_record("dev")
    random.Random(1).shuffle(other.resources)
    other.seconds = 99.0
    again = replace(bundle("dev"), stacks=[evidence_of(steady(other))])
    first = files_of(bundle("dev"))
    assert [path for path, content in files_of(again).items() if content != first[path]] == []


def test_no_file_tells_of_this_machine() -> None:
    for path, content in files().items():
        if not path.endswith(".xlsx"):
            assert b"object at 0x" not in content, path
            assert str(ROOT).encode() not in content, path


def test_every_finding_follows_from_the_record() -> None:
    record = Record.from_json(text("dev/record-deployed.json"))
    again = presented(full_audit(record, Register.load(), TODAY, ROOT), ROOT)
    assert json.loads(formats.to_json([again])) == json.loads(text("dev/findings.json"))


def test_an_intact_bundle_verifies(tmp_path: Path) -> None:
    assert list(problems(put(tmp_path))) == []


@pytest.mark.parametrize("what", ["a byte", "a size", "gone", "added", "linked", "outside"])
def test_whatever_differs_from_the_manifest_is_found(tmp_path: Path, what: str) -> None:
    folder = put(tmp_path / "bundle")
    file = folder / "SUMMARY.md"
    content = file.read_bytes()
    if what == "a byte":
        file.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif what == "a size":
        file.write_bytes(content + b"\n")
    elif what == "gone":
        file.unlink()
    elif what == "added":
        (folder / "prod" / "more.csv").write_text("x", encoding="utf-8")
    elif what == "linked":
        (tmp_path / "same.md").write_bytes(content)
        file.unlink()
        file.symlink_to(tmp_path / "same.md")
    else:
        path = folder / MANIFEST
        path.write_text(path.read_text().replace('"SUMMARY.md"', '"../same.md"'))
    assert len(list(problems(folder))) == (2 if what == "outside" else 1)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_a_signature_names_signer_and_binds_manifest(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / MANIFEST).write_bytes(files()[MANIFEST])
    signers = tmp_path / "signers"
    signers.write_text(f"security@example.com {key.with_suffix('.pub').read_text()}")
    assert signer(folder, signers) is None
    sign(folder, key)
    assert signer(folder, signers) == "security@example.com"
    (folder / MANIFEST).write_bytes(files()[MANIFEST] + b" ")
    assert signer(folder, signers) is None
    with pytest.raises(UsageError):
        sign(folder, tmp_path / "no-key")
    with pytest.raises(UsageError):
        signer(folder, tmp_path / "no-signers")


def test_a_bundle_is_written_whole_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assurance.evidence.bundle.files_of", lambda _: {"a/b.txt": b"text"})
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        write(bundle("dev"), there)
    with pytest.raises(UsageError, match="there is no folder"):
        write(bundle("dev"), tmp_path / "no" / "folder")
    with pytest.raises(UsageError, match="no such file"):
        write(bundle("dev"), tmp_path / "signed", key=tmp_path / "no-key")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine.txt", "there"]
    write(bundle("dev"), tmp_path / "new")
    assert list(problems(tmp_path / "new")) == []


def _as_written(cell: object) -> str:
    return cell.date().isoformat() if isinstance(cell, datetime) else str(cell if cell is not None else "")


def test_a_day_is_a_day_and_heads_stay() -> None:
    """So that a sheet sorts and filters by it, and scrolls below its names."""
    book = openpyxl.load_workbook(io.BytesIO(files()["workbook.xlsx"]))
    for name in ("Exceptions", "Attestations"):
        sheet = book[name]
        column = [cell.value for cell in sheet[1]].index("expires") + 1
        cells = [row[column - 1] for row in sheet.iter_rows(min_row=2) if row[column - 1].value is not None]
        assert {(type(cell.value), cell.number_format) for cell in cells} == {(datetime, "yyyy-mm-dd")}
        assert (sheet.freeze_panes, sheet.auto_filter.ref[:3]) == ("A2", "A1:")


def test_the_workbook_holds_the_rows_of_all_stacks() -> None:
    book = openpyxl.load_workbook(io.BytesIO(files()["workbook.xlsx"]), read_only=True)
    sheets = {name: table.sheet for name, table in tables(evidence("dev")).items()}
    assert book.sheetnames == list(sheets.values())
    for name in ("inventory", "access", "attestations"):
        rows = [list(csv.reader(io.StringIO(text(f"{stack}/{name}.csv")))) for stack in STACKS]
        sheet = [[_as_written(cell) for cell in row] for row in book[sheets[name]].values]
        assert sheet == [rows[0][0], *(row for each in rows for row in each[1:])]


def test_same_tables_and_time_make_same_workbook() -> None:
    made = {name: replace(table, rows=table.rows[:20]) for name, table in tables(evidence("dev")).items()}
    assert workbook([made], "x", TIME) == workbook([made], "x", TIME)


def test_a_cell_is_never_a_formula() -> None:
    made = {name: Table(name, "", ("a",), [("=1+1",)]) for name in tables(evidence("dev"))}
    book = openpyxl.load_workbook(io.BytesIO(workbook([made], "x", TIME)))
    assert book["Findings"]["A2"].data_type == "s"


def test_inventory_and_controls_name_line_and_owner() -> None:
    rows = list(csv.DictReader(io.StringIO(text("prod/inventory.csv"))))
    (server,) = [row for row in rows if row["kind"] == "database"]
    assert server["owner"] == "platform-engineering"
    assert "our key key-postgres-k1" in server["at rest"]
    assert server["in transit"].startswith("TLS only")
    assert "backup vault" in server["backup"]
    assert all(row["file"] and row["line"] for row in rows)
    content = json.loads(text("controls.json"))
    assert content["stacks"].keys() == set(STACKS)
    assert {row["law"] for rows in content["proposed"].values() for row in rows} == {False}
