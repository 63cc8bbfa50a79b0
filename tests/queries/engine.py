"""Runs an alert's KQL on rows, as Azure Monitor would: only the window's rows, counted by dimension, compared.

The rows are data (``cases/<alert>.yaml``), with the columns and types of facts/log_tables.yaml, as the record's
settings leave them (`declared`). KQL runs on DuckDB through duckdb-kql, which raises for what it does not know.
"""

from __future__ import annotations

import json
import operator
import re
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb_kql
import yaml

from documents.lines import file_lines, line_of
from documents.problems import DocumentError, Problem
from documents.yaml_text import load_yaml
from facts.log_tables import log_tables
from stacks.catalogues.alerts import ALERTS, QueryEntry, alert_catalogue, minutes, query_text
from stacks.catalogues.database_roles import platform_roles
from stacks.log_queries import with_columns
from tests.harness import ROOT
from tests.queries.database import empty_database
from tests.queries.declared import as_declared

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 4, 15, 0)
"""When the rule is evaluated in a case that names no other time."""

SQL_TYPES = {
    "string": "VARCHAR", "int": "INTEGER", "long": "BIGINT", "real": "DOUBLE", "bool": "BOOLEAN",
    "datetime": "TIMESTAMP", "dynamic": "JSON",
}  # fmt: skip
COMPARISONS = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}
PLATFORM_IDS = ["a0000000-0000-4000-8000-00000000000a", "b0000000-0000-4000-8000-00000000000b"]
APP_ROLES = ["medspasync_backend", "medspasync_frontend", "medspasync_marketing", "medspasync_pro_next"]

STACK_LISTS = {
    "platform_object_ids": PLATFORM_IDS,
    "app_database_roles": APP_ROLES,
    "platform_database_roles": sorted(platform_roles()),
    "internal_consumers": ["frontend", "marketing", "pro-next"],
    "internal_keys_rotated": ["2026-02-28"],
}


def queries() -> dict[str, QueryEntry]:
    """Every KQL alert of the catalogue."""
    return {alert_id: entry for alert_id, entry in alert_catalogue().items() if isinstance(entry, QueryEntry)}


def cases(alert_id: str) -> dict[str, list[dict[str, Any]]]:
    """The alert's cases: ``fires`` and ``silent``, each a list of {name, now, rows by table}."""
    file = HERE / "cases" / f"{alert_id}.yaml"
    if not file.is_file():
        line = line_of(file_lines(ROOT / ALERTS), alert_id)
        raise DocumentError([Problem(alert_id, file.name, "a file of cases in tests/queries/cases", ALERTS, line)])
    data: dict[str, list[dict[str, Any]]] = load_yaml(file.read_text(encoding="utf-8"))
    return data


def cases_of_kind(alert_id: str, kind: str) -> list[dict[str, Any]]:
    """The alert's cases of a kind; none where its file is missing or wrong, which one test of its own tells."""
    try:
        return cases(alert_id)[kind]
    except (DocumentError, yaml.YAMLError, KeyError, TypeError):
        return []


@cache
def tables() -> dict[str, dict[str, str]]:
    """Columns and Kusto types of each table."""
    return {name: dict(table.columns) for name, table in log_tables().items()}


def text_of(alert_id: str) -> str:
    """The query with the test's lists in place of the stack's."""
    text = with_columns(query_text(alert_id))
    for name, values in STACK_LISTS.items():
        text = text.replace(f"{{{{{name}}}}}", f"dynamic({json.dumps(values)})")
    return text


def fires(alert_id: str, case: dict[str, Any], *, query: str | None = None) -> bool:
    """Whether the alert fires on the case's rows. ``query`` replaces the catalogue's text."""
    entry = queries()[alert_id]
    text = query or text_of(alert_id)
    now = datetime.fromisoformat(case["now"]) if "now" in case else NOW
    unread = set(case["rows"]) - set(entry.tables)
    assert not unread, f"rows for tables that the alert does not read: {unread}"
    with empty_database() as connection:
        for table in entry.tables:
            _fill(connection, table, case["rows"].get(table, []), now, minutes(entry.window), text)
        result = duckdb_kql.kql(connection, text)
        columns = [column[0] for column in result.description]
        rows = result.fetchall()
    missing = set(entry.dimensions) - set(columns)
    assert not missing, f"dimensions that the query does not return: {missing}"
    counts = Counter(tuple(row[columns.index(d)] for d in entry.dimensions) for row in rows)
    return any(COMPARISONS[entry.operator](count, entry.threshold) for count in counts.values())


def _fill(connection: Any, table: str, rows: list[dict[str, Any]], now: datetime, window: int, query: str) -> None:
    named = {column for row in rows for column in row} | set(re.findall(r"\w+", query)) | {"TimeGenerated"}
    # Only the columns in use: DuckDB folds case, and AzureDiagnostics has clientIP_s beside clientIp_s.
    columns = {column: kind for column, kind in tables()[table].items() if column in named}
    quoted = ", ".join(f'"{column}" {SQL_TYPES[kind]}' for column, kind in columns.items())
    connection.execute(f'CREATE TABLE "{table}" ({quoted})')
    for row in rows:
        declared = as_declared(table, row)
        if declared is None:
            continue
        given = dict(declared)
        times, ago = given.pop("repeat", 1), _span(given.pop("ago", "1m"))
        if ago <= timedelta(minutes=window):
            _insert(connection, table, columns, {**given, "TimeGenerated": now - ago}, times)


def _insert(connection: Any, table: str, columns: dict[str, str], row: dict[str, Any], times: int) -> None:
    """The row ``times`` over. ``{n}`` in a text is the number of the repetition."""
    unknown = set(row) - set(columns)
    assert not unknown, f"{table} has no column {unknown}"
    places = [
        "replace(?::VARCHAR, '{n}', n::VARCHAR)" if columns[column] == "string" else f"?::{SQL_TYPES[columns[column]]}"
        for column in row
    ]
    values = [json.dumps(row[column]) if columns[column] == "dynamic" else row[column] for column in row]
    names = ", ".join(f'"{column}"' for column in row)
    connection.execute(
        f'INSERT INTO "{table}" ({names}) SELECT {", ".join(places)} FROM range(?) AS numbers(n)', [*values, times]
    )


def _span(text: str) -> timedelta:
    return timedelta(seconds=float(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]])
