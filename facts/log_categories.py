"""The log categories of each resource type (`log_categories.yaml`)."""

from functools import cache
from pathlib import Path

from documents.reading import read_document
from facts.decisions import Sourced, Unknown


class LogCategories(Sourced):
    """The categories of one type with the tables that pages give for each, and its category groups."""

    groups: list[str] | Unknown
    categories: dict[str, list[str]]


@cache
def log_categories() -> dict[str, LogCategories]:
    """Categories by ARM resource type in lower case. Raises DocumentError when the file is wrong."""
    path = Path(__file__).with_name("log_categories.yaml")
    rows: dict[str, LogCategories] = read_document(path, dict[str, LogCategories])
    return {type_.lower(): row for type_, row in rows.items()}
