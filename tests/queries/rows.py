"""Runs any KQL text on rows by table: for queries that are not alerts of the catalogue."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb_kql

from tests.queries.declared import as_declared
from tests.queries.engine import NOW, SQL_TYPES, tables

Rows = dict[str, list[dict[str, Any]]]


def answers(query: str, rows: Rows) -> list[dict[str, Any]]:
    """The rows that ``query`` returns. A row without TimeGenerated was recorded when the query is run."""
    connection = duckdb_kql.connect()
    for table in tables_of(query):
        recorded = {"TimeGenerated": NOW} if "TimeGenerated" in tables()[table] else {}
        written = [as_declared(table, row) for row in rows.get(table, [])]
        given = [{**recorded, **row} for row in written if row is not None]
        # Only columns in use: DuckDB folds case, and AzureDiagnostics has clientIP_s beside clientIp_s.
        used = {name for row in given for name in row} | set(re.findall(r"\w+", query)) | {"TimeGenerated"}
        columns = {name: kind for name, kind in tables()[table].items() if name in used}
        unknown = {name for row in given for name in row} - set(columns)
        assert not unknown, f"{table} has no column {unknown}"
        described = ", ".join(f'"{name}" {SQL_TYPES[kind]}' for name, kind in columns.items())
        connection.execute(f'CREATE TABLE "{table}" ({described})')
        for row in given:
            values = [json.dumps(value) if columns[name] == "dynamic" else value for name, value in row.items()]
            named = ", ".join(f'"{name}"' for name in row)
            connection.execute(f'INSERT INTO "{table}" ({named}) VALUES ({", ".join("?" * len(row))})', values)
    result = duckdb_kql.kql(connection, query)
    return [dict(zip([column[0] for column in result.description], row, strict=True)) for row in result.fetchall()]


def tables_of(query: str) -> list[str]:
    """Tables that the query names, without its comments."""
    text = re.sub(r"//.*", "", query)
    return [table for table in tables() if re.search(rf"\b{table}\b", text)]
