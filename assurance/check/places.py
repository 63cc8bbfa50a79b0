"""On which line an entry of a catalogue or a stack file stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from documents.lines import file_lines, line_of


class Places:
    """Lines of the project's data files, each file read once."""

    def __init__(self, root: Path) -> None:
        self._lines = cache(lambda file: file_lines(root / file))

    def of(self, file: str, key: str) -> dict[str, Any]:
        """The entry as a finding's origin names it."""
        lines = self._lines(file)
        line = line_of(lines, f"config.{key}") or line_of(lines, key)
        return {"file": file, "line": line, "key": key}
