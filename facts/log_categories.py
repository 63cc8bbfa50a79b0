"""The log categories of each resource type (`log_categories.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from documents.problems import Problem
from documents.reading import read_document
from documents.sections import Section

UNKNOWN = "unknown: "


class LogCategories(Section):
    """The categories of one type with the tables that pages give for each, and its category groups."""

    source: str
    read: date
    groups: list[str] | str
    categories: dict[str, list[str]]

    def problems(self) -> Iterator[Problem]:
        """A text says that the groups are unknown."""
        if isinstance(self.groups, str) and not self.groups.startswith(UNKNOWN):
            yield Problem("groups", self.groups, f"category groups, or `{UNKNOWN}<where looked, date>`")


@cache
def log_categories() -> dict[str, LogCategories]:
    """Categories by ARM resource type in lower case. Raises DocumentError when the file is wrong."""
    path = Path(__file__).with_name("log_categories.yaml")
    rows: dict[str, LogCategories] = read_document(path, dict[str, LogCategories])
    return {type_.lower(): row for type_, row in rows.items()}
