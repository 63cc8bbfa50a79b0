"""Programs of another shape than the platform's, and their records."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

from assurance.record import Mode, Record
from assurance.recorder.processes import Job, record_stacks
from tests.harness import MODES, ROOT

PROGRAMS = ROOT / "tests" / "fixtures" / "programs"
NAMES = tuple(sorted(path.parent.name for path in PROGRAMS.glob("*/Pulumi.yaml")))


@cache
def _records(name: str) -> dict[Mode, Record]:
    return dict(zip(MODES, record_stacks(PROGRAMS / name, [Job("trial", mode) for mode in MODES]), strict=True))


def program_record(name: str, mode: Mode) -> Record:
    """The record of a program's stack ``trial``; a copy, which a test may alter."""
    return copy.deepcopy(_records(name)[mode])


def write_program(folder: Path, text: str, name: str = "small") -> Path:
    """A project with this program in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n", encoding="utf-8")
    (folder / "__main__.py").write_text(text, encoding="utf-8")
    return folder
