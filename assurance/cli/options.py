"""Options that several commands share, so that they mean the same everywhere."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from assurance.errors import UsageError
from assurance.stacks import project_root, stack_names
from assurance.terminal import console


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


def report_file(flag: str, about: str) -> Any:
    """The option of a file that a report is written to, ``-`` for standard output."""
    return typer.Option(flag, metavar="FILE", callback=checked_target, help=f"{about}; - is standard output.")


JsonFile = Annotated[str | None, report_file("--json", "Write JSON to FILE")]
ModeName = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="preview|deployed",
        help="preview: outputs are unknown, as at a first `pulumi preview`; deployed: they are simulated.",
    ),
]


def console_beside(*targets: str | None) -> Console:
    """What people read while reports are written to ``targets``: on standard error where one goes to standard output.

    Raises UsageError where two do.
    """
    if targets.count("-") > 1:
        raise UsageError("only one report can go to standard output")
    return console(stderr="-" in targets)


def write_report(target: str | None, write: Callable[..., str], *about: Any) -> None:
    """Write what ``write`` says of ``about`` to a file, or to standard output for ``-``; nothing without a target.

    Raises UsageError when the file cannot be written.
    """
    if target is None:
        return
    text = write(*about)
    if target == "-":
        typer.echo(text)
        return
    try:
        Path(target).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror or error}") from error
