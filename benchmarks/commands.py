"""Commands as processes of their own, with the time that they take, and the tables of what was measured."""

import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Took:
    """What a command printed. seconds: by the clock; processor: of the processors, its children included."""

    text: str
    seconds: float
    processor: float


def run_module(*arguments: str) -> Took:
    """Run ``python -m`` with these arguments. It may find something (exit code 1), and must not fail otherwise."""
    before, begun = children(), time.perf_counter()
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return Took(done.stdout, time.perf_counter() - begun, children() - before)


def children() -> float:
    """User and system seconds of this process's ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def make_table(title: str, first: str, *numbers: str) -> Table:
    """A table whose first column is a name, all others numbers."""
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in numbers:
        table.add_column(column, justify="right")
    return table
