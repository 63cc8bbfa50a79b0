"""Runs the command on altered records: the way in which tests show that a check can fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from assurance.cli import app
from assurance.record import Record


def run(command: str, record: Record, folder: Path, *arguments: str) -> tuple[Result, dict[str, Any]]:
    """The result of ``assurance COMMAND --record`` on this record, and its JSON report."""
    saved, report = folder / "record.json", folder / "report.json"
    saved.write_text(record.to_json(), encoding="utf-8")
    if command == "check":  # it is altered on purpose
        arguments = (*arguments, "--no-comparison")
    result = CliRunner().invoke(app, [command, *arguments, "--record", str(saved), "--json", str(report)])
    return result, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}


def failures(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of a report that fail."""
    return [finding for finding in report["findings"] if finding["status"] == "fail"]
