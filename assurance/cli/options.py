"""Options that several commands share, so that they mean the same everywhere."""

import os
from pathlib import Path
from typing import Annotated

import typer

from assurance.errors import UsageError
from assurance.stacks import project_root, stack_names


def known_stacks(incomplete: str) -> list[str]:
    """Names of stacks that begin with what was typed, for the shell's completion."""
    try:
        return [name for name in stack_names(project_root()) if name.startswith(incomplete)]
    except UsageError:  # not in a project
        return []


Stacks = Annotated[
    list[str] | None,
    typer.Argument(help="Stacks, for example prod; all when none is named.", autocompletion=known_stacks),
]
Stack = Annotated[
    str | None,
    typer.Argument(help="The stack, for example prod; not needed with --record.", autocompletion=known_stacks),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say the verdict and what is wrong, and nothing else.")]
RecordFile = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Read this saved record instead of running the program."),
]
ProjectDir = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="Run this Pulumi Python program instead; it needs no stack file."),
]


def checked_target(target: str | None) -> str | None:
    """A file that a report is to be written to, looked at before the work. Raises UsageError where it cannot be."""
    if target is None or target == "-":
        return target
    path = Path(target)
    if path.is_dir():
        raise UsageError(f"{target}: cannot be written: a folder; name a file in it, or - for standard output")
    if not path.parent.is_dir():
        raise UsageError(f"{target}: cannot be written: there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{target}: cannot be written: not permitted")
    return target


JsonFile = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", callback=checked_target, help="Write JSON to FILE; - is standard output."),
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
