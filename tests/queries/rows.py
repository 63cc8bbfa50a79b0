"""Runs any KQL text on rows by table: for queries that are not alerts of the catalogue."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb_kql

from tests.queries.database import empty_database
from tests.queries.declared import as_declared
from tests.queries.engine import NOW, SQL_TYPES, tables

Rows = dict[str, list[dict[str, Any]]]


def answers(query: str, rows: Rows) -> list[dict[str, Any]]:
    """The rows that ``query`` returns. A row without TimeGenerated was recorded when the query is run."""
    with empty_database() as connection:
        for table in tables_of(query):
            recorded = {"TimeGenerated": NOW} if "TimeGenerated" in tables()[table] else {}
            written = [as_declared(table, row) for row in rows.get(table, [])]
            _fill(connection, query, table, [{**recorded, **row} for row in written if row is not None])
        result = duckdb_kql.kql(connection, query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _fill(connection: Any, query: str, table: str, rows: list[dict[str, Any]]) -> None:
    # Only columns in use: DuckDB folds case, and AzureDiagnostics has clientIP_s beside clientIp_s.
    used = {name for row in rows for name in row} | set(re.findall(r"\w+", query)) | {"TimeGenerated"}
    columns = {name: kind for name, kind in tables()[table].items() if name in used}
    unknown = {name for row in rows for name in row} - set(columns)
    assert not unknown, f"{table} has no column {unknown}"
    described = ", ".join(f'"{name}" {SQL_TYPES[kind]}' for name, kind in columns.items())
    connection.execute(f'CREATE TABLE "{table}" ({described})')
    for row in rows:
        values = [json.dumps(value) if columns[name] == "dynamic" else value for name, value in row.items()]
        named = ", ".join(f'"{name}"' for name in row)
        connection.execute(f'INSERT INTO "{table}" ({named}) VALUES ({", ".join("?" * len(row))})', values)


def tables_of(query: str) -> list[str]:
    """Tables that the query names, without its comments."""
    text = re.sub(r"//.*", "", query)
    return [table for table in tables() if re.search(rf"\b{table}\b", text)]
