"""Which lines and branches of our own code the tests run, by instrumented code.

Before Python 3.12 coverage.py's tracer more than doubles the time of a run, because it slows everything that Python
does, also the SDK; a probe at each line of our own costs a fraction of that. `make test` measures all rooms:

    MEDSPASYNC_COVERAGE=documents .venv/bin/python -m pytest tests/documents      one of them, with its missing lines
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import slipcover
from rich.console import Console
from rich.table import Table

from tests import RUN_FOLDER

ROOT = Path(__file__).parents[1]
ROOMS = (
    "assurance", "bootstrap", "ci", "components", "database", "deployment", "documents", "facts", "policies", "stacks",
)  # fmt: skip
LEAST = 95
"""Percent of the lines and branches of all rooms together."""
IGNORED = [r"raise NotImplementedError", r"\.\.\.$"]
"""Lines that nothing has to run, beside the usual ones of type checking and ``pragma: no cover``."""


class Coverage:
    """The probes of this process, and the report of all."""

    def __init__(self, rooms: list[str]) -> None:
        self.rooms = rooms
        # Probes stay where they are: taking them out searches all functions of the process in the middle of a test.
        self.probes = slipcover.Slipcover(branch=True, exclude_also=IGNORED, d_miss_threshold=sys.maxsize >> 32)
        matcher = slipcover.FileMatcher(sources=[ROOT / room for room in rooms])
        slipcover.ImportManager(self.probes, matcher).__enter__()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker writes what it saw; the controller, or the only process, reads it all."""
        folder = Path(os.environ[RUN_FOLDER])
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        if worker:
            (folder / f"coverage-{worker}.json").write_text(json.dumps(self.probes.get_coverage()), encoding="utf-8")
            return
        seen = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("coverage-*.json")]
        for name in {name for each in seen for name in each["files"]}:
            self.probes.code_lines[str(ROOT / name)]  # known from a worker: this process need not compile it
        self.probes.source = [str(ROOT / room) for room in self.rooms]  # files that nothing imported count too
        self.seen = self.probes.get_coverage()
        for each in seen:
            slipcover.merge_coverage(self.seen, each)
        if self.rooms == list(ROOMS) and self.percent < LEAST and not session.config.option.collectonly:
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    @property
    def percent(self) -> float:
        return float(self.seen["summary"]["percent_covered"])

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The files with something missing, and the share of the whole."""
        table = Table("file", "%", "missing", box=None, pad_edge=False)
        for name, file in sorted(self.seen["files"].items()):
            missing = slipcover.slipcover.format_missing(
                file["missing_lines"], file["executed_lines"], file["missing_branches"]
            )
            if missing:
                table.add_row(name, f"{file['summary']['percent_covered']:.0f}", missing)
        Console(width=120).print(table)
        enough = "" if self.rooms != list(ROOMS) else f" (at least {LEAST} %)"
        terminalreporter.write_line(f"coverage of {', '.join(self.rooms)}: {self.percent:.1f} %{enough}")


def start() -> Coverage | None:
    """Begin to measure what the variable MEDSPASYNC_COVERAGE names: ``all``, or rooms and folders by comma."""
    wanted = os.environ.get("MEDSPASYNC_COVERAGE", "")
    return Coverage(list(ROOMS) if wanted == "all" else wanted.split(",")) if wanted else None
