"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assurance.errors import UsageError

Stacks = Annotated[list[str] | None, typer.Argument(help="Stacks, for example prod; all when none is named.")]
Stack = Annotated[str | None, typer.Argument(help="The stack, for example prod; not needed with --record.")]
RecordFile = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Read this saved record instead of running the program."),
]
ProjectDir = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="Run this Pulumi Python program instead; it needs no stack file."),
]
JsonFile = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write JSON to FILE; - is standard output.")
]
ModeName = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="preview|deployed",
        help="preview: outputs are unknown, as at a first `pulumi preview`; deployed: they are simulated.",
    ),
]


def write_text(target: str, text: str) -> None:
    """Write a report to a file, or to standard output for ``-``. Raises UsageError when the file cannot be written."""
    if target == "-":
        typer.echo(text)
        return
    try:
        Path(target).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror or error}") from error
