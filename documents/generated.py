"""The parts of pages that a command writes, between two marks; everything around them is written by people."""

from pathlib import Path


def write_part(page: Path, begin: str, end: str, part: str) -> None:
    """Write ``part`` into its place in a page. Raises ValueError where the page has none."""
    page.write_text(with_part(page.read_text(encoding="utf-8"), begin, end, part), encoding="utf-8")


def with_part(page: str, begin: str, end: str, part: str) -> str:
    """``page`` with ``part`` between the marks, each mark on a line of its own.

    Raises ValueError where the page lacks one of them.
    """
    before, first, rest = page.partition(begin)
    _, last, after = rest.partition(end)
    if not (first and last):
        raise ValueError(f"no place for what is written here: the page lacks {begin} … {end}")
    return f"{before}{begin}\n{part}\n{end}{after}"
