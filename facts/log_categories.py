"""The log categories of each resource type (`log_categories.yaml`)."""

from datetime import date
from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section
from facts.decisions import Unknown


class LogCategories(Section):
    """The categories of one type with the tables that pages give for each, and its category groups."""

    source: str
    read: date
    groups: list[str] | Unknown
    categories: dict[str, list[str]]


@cache
def log_categories() -> dict[str, LogCategories]:
    """Categories by ARM resource type in lower case. Raises DocumentError when the file is wrong."""
    path = Path(__file__).with_name("log_categories.yaml")
    rows: dict[str, LogCategories] = read_document(path, dict[str, LogCategories])
    return {type_.lower(): row for type_, row in rows.items()}
