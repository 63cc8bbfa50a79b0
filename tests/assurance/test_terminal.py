"""What people read: wide where no terminal says otherwise, and no name broken."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from assurance.check import terminal as check_terminal
from assurance.cli import recording
from assurance.recorder.processes import Job
from assurance.terminal import WIDTH_OF_A_FILE, console, print_table, table
from policies.exceptions import Register
from tests.assurance.check.samples import report
from tests.harness import ROOT


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


@pytest.mark.parametrize(("silence", "lines"), [(0.0, 2), (1e9, 0)])
def test_run_without_terminal_says_so(
    silence: float, lines: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line now and then on standard error; nothing on standard output, which may be a report."""

    def record_slowly(*arguments: Any) -> list[Any]:
        for count in (10, 20):
            arguments[3](Job("prod", "deployed"), count)
        return []

    monkeypatch.setattr(recording, "SILENCE", silence)
    monkeypatch.setattr(recording, "records_for", record_slowly)
    assert recording.records_with_progress(["prod"], "deployed", None) == []
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("prod") == lines


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org (read 2026-11-29): no escape code of a colour, even where one is forced on."""
    shown = []
    for wanted in (None, "1"):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.delenv("NO_COLOR", raising=False)
        if wanted:
            monkeypatch.setenv("NO_COLOR", wanted)
        made = console()
        made.file = StringIO()
        check_terminal.show(made, [report()], Register())
        shown.append(made.file.getvalue())
    assert re.search(r"\x1b\[[0-9;]*3[0-7]", shown[0])
    assert not re.search(r"\x1b\[[0-9;]*[349][0-7]", shown[1])


def test_verdict_comes_first_and_last() -> None:
    out = Console(file=StringIO(), width=100)
    check_terminal.show(out, [report()], Register())
    lines = [line for line in out.file.getvalue().splitlines() if line.strip()]  # type: ignore[attr-defined]
    assert lines[0] == lines[-1]
    assert lines[0].startswith("dev does not hold: ")
    assert "KV-PURGE-PROTECTION" in lines[0]


def test_quiet_says_verdict_and_failures() -> None:
    out = Console(file=StringIO(), width=100)
    check_terminal.show(out, [report()], Register(), quiet=True)
    text: str = out.file.getvalue()  # type: ignore[attr-defined]
    assert text.startswith("dev does not hold: ")
    assert "FAIL dev KV-PURGE-PROTECTION" in text
    assert "WARN" not in text
    assert "Basis" not in text


def test_tables_are_printed_whole() -> None:
    """`print_table` alone keeps a table whole where it is wider than the terminal."""
    printed = re.compile(r"\.print\((?:_?\w*(?:table|rows|matrix)\w*)\b")
    places = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "assurance").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if printed.search(line)
    ]
    assert [place for place in places if not place.startswith("assurance/terminal.py")] == []
