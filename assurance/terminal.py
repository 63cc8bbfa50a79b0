"""What the commands share when they write for people: how wide, which columns may be broken, what is counted."""

import os
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

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


def print_line(console: Console, text: str | Text, style: str = "") -> None:
    """Print a line whole, longer than the terminal where it does not fit; a text as it is, without marks of style."""
    console.print(Text(text, style=style) if isinstance(text, str) else text, soft_wrap=True)


def number_table(*headings: str) -> Table:
    """An open table of a column of names and columns of numbers, none of whose cells is ever broken."""
    made = table(*headings, names=headings)
    for column in made.columns[1:]:
        column.justify = "right"
    return made


def table(*headings: str, names: tuple[str, ...] = ()) -> Table:
    """An open table. names: headings of the columns whose cells are never broken; other cells are broken at words."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading in names)
    return made


def print_table(console: Console, rows: Table) -> None:
    """Print a table whole: where it does not fit, its lines are longer than the terminal; no column, no word is cut."""
    needed = 0
    for column in rows.columns:
        texts = [_text(cell) for cell in (column.header, *column.cells)]
        parts = [part for text in texts for part in (text.splitlines() if column.no_wrap else text.split())]
        column.min_width = max(map(cell_len, parts), default=0)
        needed += column.min_width + _BETWEEN
    width = console.width
    console.width = max(width, needed)
    try:
        console.print(rows, crop=False)
    finally:
        console.width = width


_BETWEEN = 2
"""Columns of the terminal between two columns of a table."""


def _text(cell: Any) -> str:
    """What a reader sees of a cell: of one with marks of style the text without them."""
    return Text.from_markup(cell).plain if isinstance(cell, str) else str(cell)
