"""Columns of log tables, and what fills each (`log_tables.yaml`)."""

from functools import cache
from typing import Annotated, Literal

from documents.reading import data_reader
from documents.sections import one_of
from facts.decisions import Sourced
from facts.types import log_kinds

KustoType = Literal["string", "int", "long", "real", "bool", "datetime", "timespan", "dynamic", "guid", "decimal"]
FeedingKind = Annotated[str, one_of(lambda: (*log_kinds(), "subscription", "tenant"))]
"""What writes logs: a kind of facts/types.yaml; ``tenant`` is Entra, set up outside this program."""


class LogTable(Sourced):
    """One table: its columns with their Kusto types, the page that lists them and the day it was read.

    fed_by: diagnostic log categories that end up in it, by kind of resource; none: written without a setting.
    """

    columns: dict[str, KustoType]
    fed_by: dict[FeedingKind, list[str]] = {}


log_tables = data_reader(__file__, "log_tables.yaml", dict[str, LogTable])
"""Tables by name, which tells capitals apart."""


@cache
def fed_tables() -> dict[str, dict[str, list[str]]]:
    """What fills each table that the platform fills: log categories by kind of resource."""
    return {name: dict(table.fed_by) for name, table in log_tables().items() if table.fed_by}
