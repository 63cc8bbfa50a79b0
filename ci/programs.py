"""Other programs, run for a workflow."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assurance.errors import UsageError


@dataclass(frozen=True)
class Done:
    """What became of a program: exit code, and what it printed."""

    code: int
    text: str = ""


Run = Callable[[Sequence[str]], Done]
"""Runs a program and shows what it prints; raises UsageError when it is not there."""


def run_program(arguments: Sequence[str]) -> Done:
    """Run a program, pass on what it prints as it prints it, and keep it.

    Raises UsageError for a program that is not there.
    """
    lines: list[str] = []
    try:
        with subprocess.Popen(  # noqa: S603 - a list, no shell
            list(arguments),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                sys.stdout.write(line)
                lines.append(line)
            return Done(process.wait(), "".join(lines))
    except OSError as error:
        raise UsageError(f"{arguments[0]}: {error.strerror or error}") from None


def module(*arguments: str) -> list[str]:
    """A call of a module of this repository, in this interpreter."""
    return [sys.executable, "-m", *arguments]
