"""Columns of log tables (`log_tables.yaml`)."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from documents.reading import read_document
from documents.sections import Section

KustoType = Literal["string", "int", "long", "real", "bool", "datetime", "timespan", "dynamic", "guid", "decimal"]


class LogTable(Section):
    """One table: its columns with their Kusto types, the page that lists them and the day it was read."""

    source: str
    read: date
    columns: dict[str, KustoType]


@cache
def log_tables() -> dict[str, LogTable]:
    """Tables by name, which tells capitals apart. Raises DocumentError when the file is wrong."""
    rows: dict[str, LogTable] = read_document(Path(__file__).with_name("log_tables.yaml"), dict[str, LogTable])
    return rows
