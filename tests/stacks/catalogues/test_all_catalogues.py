"""Mistakes in catalogues are told with all others: file, line, key, what is allowed; exit 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stacks.catalogues.all_catalogues import READERS, catalogue_problems
from tests.harness import ROOT
from tests.queries import engine

CATALOGUES = "stacks/catalogues"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The project with layers and catalogues of its own, to be damaged."""
    for name in (
        "__main__.py",
        "Pulumi.yaml",
        "Pulumi.prod.yaml",
        "components",
        "documents",
        "facts",
        "database",
        "policies",
    ):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start))


def test_catalogues_as_they_are_have_no_problems() -> None:
    assert len(READERS) >= 13
    assert catalogue_problems() == []


def test_missing_queries_are_told_with_stack_mistakes(copied: Path) -> None:
    for query in ("queries/waf-blocks.kql", "sentinel/edge-scanner.kql", "workbooks/fired-alerts.kql"):
        (copied / CATALOGUES / query).unlink()
    text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    (copied / "Pulumi.prod.yaml").unlink()
    (copied / "Pulumi.prod.yaml").write_text(text.replace("deleteAfterDays: 2222", "deleteAfterDays: often"))
    result = subprocess.run(
        [sys.executable, "-m", "assurance", "preview", "prod"],
        cwd=copied,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2, result.stderr
    told = " ".join((result.stderr + result.stdout).split())
    alerts = (ROOT / CATALOGUES / "alerts.yaml").read_text(encoding="utf-8")
    assert f"{CATALOGUES}/alerts.yaml:{line_of(alerts, 'waf-blocks:')}: waf-blocks" in told
    assert f"{CATALOGUES}/sentinel.yaml:" in told
    assert f"{CATALOGUES}/workbooks/alerting.yaml:" in told
    assert "archive.deleteAfterDays = 'often'" in told
    assert "Traceback" not in told


def test_missing_case_file_leaves_others_collected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Missing case file is told and others are collected."""
    (tmp_path / "cases").mkdir()
    kept, gone = list(engine.queries())[:2]
    shutil.copy(engine.HERE / "cases" / f"{kept}.yaml", tmp_path / "cases")
    monkeypatch.setattr(engine, "HERE", tmp_path)
    assert engine.cases_of_kind(kept, "fires")
    assert engine.cases_of_kind(gone, "fires") == []
    with pytest.raises(engine.DocumentError, match=rf"{CATALOGUES}/alerts.yaml:\d+: {gone} = '{gone}.yaml'"):
        engine.cases(gone)
