"""What a command prints, and the report it writes."""

import json
from pathlib import Path
from typing import Any

import typer

from database.errors import DatabaseRoomError


def write_report(report: dict[str, Any], target: str | None, *lines: str) -> None:
    """Print the lines, and write the report to ``target``; to stdout, without the lines, where that is ``-``.

    :raises DatabaseRoomError: the file cannot be written.
    """
    if target == "-":
        # One line: what collects a container's output takes each line for a record.
        typer.echo(json.dumps(report, default=str))
        return
    for line in lines:
        typer.echo(line)
    if target:
        try:
            Path(target).write_text(json.dumps(report, indent=2, default=str) + "\n", encoding="utf-8")
        except OSError as unwritable:
            raise DatabaseRoomError(f"--json {target}: {unwritable.strerror}") from unwritable
