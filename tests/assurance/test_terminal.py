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
