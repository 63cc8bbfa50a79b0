"""What people read: wide where no terminal says otherwise, and no name broken."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from assurance.terminal import WIDTH_OF_A_FILE, console, print_table, table


def test_without_a_terminal_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == console(stderr=True).width == WIDTH_OF_A_FILE
    monkeypatch.setenv("COLUMNS", "70")
    assert console().width == 70


def test_names_are_never_broken_nor_cut() -> None:
    narrow = Console(file=StringIO(), width=30)
    rows = table("Name", "Text", names=("Name",))
    rows.add_row("a-name-of-more-than-thirty-characters", "words that may be broken")
    print_table(narrow, rows)
    assert "a-name-of-more-than-thirty-characters" in narrow.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_no_column_is_lost_at_any_width(width: int) -> None:
    """Eight columns of numbers beside long names: at 80 columns four of them were once gone without a mark."""
    headings = ("Control", "Pass", "Fail", "Warn", "Excepted", "N/a", "Unchecked")
    narrow = Console(file=StringIO(), width=width)
    rows = table(*headings, names=("Control",))
    for number in range(3):
        rows.add_row(f"164.308(a)(1)(ii)({number})  [bold]Information system activity review, in words[/bold]",
                     "713 93.2%", "11", "52 6.8%", "44", "55", "66")  # fmt: skip
    print_table(narrow, rows)
    shown = narrow.file.getvalue()  # type: ignore[attr-defined]
    for word in (*headings, "93.2%", "11", "6.8%", "44", "55", "66", "activity review, in words"):
        assert word in shown, word
    assert narrow.width == width
