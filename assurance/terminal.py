"""What the commands share when they write for people: how wide, which columns may be broken, what is counted."""

from __future__ import annotations

import os

from rich.console import Console
from rich.table import Table

WIDTH_OF_A_FILE = 160
"""Columns where no terminal says how many there are: a pipe, a file, the log of a CI run."""

COUNTED = "Resources are what a provider manages; components, which only group them, are not counted among them"
"""What every command means by a number of resources (`Resource.custom`)."""


def console(*, stderr: bool = False) -> Console:
    """Standard output, or standard error; as wide as COLUMNS says, else as the terminal is, else 160 columns."""
    made = Console(stderr=stderr)
    if not made.file.isatty() and "COLUMNS" not in os.environ:
        made.width = WIDTH_OF_A_FILE
    return made


def table(*headings: str, names: tuple[str, ...] = ()) -> Table:
    """An open table. names: headings of the columns whose cells are never broken; other cells are broken at words."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading in names)
    return made


def print_table(console: Console, rows: Table) -> None:
    """Print a table whole: where its names do not fit, its lines are longer than the terminal and nothing is cut."""
    for column in rows.columns:
        if column.no_wrap:
            lines = [line for cell in (column.header, *column.cells) for line in str(cell).splitlines()]
            column.min_width = max(map(len, lines))
    console.print(rows, crop=False)
