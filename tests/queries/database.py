"""One DuckDB for all queries of a process: to open one takes longer than most of them."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb_kql


@contextmanager
def empty_database() -> Iterator[Any]:
    """A connection to a database without tables; those that the block makes are gone after it."""
    connection = _connection()
    connection.begin()
    try:
        yield connection
    finally:
        connection.rollback()


@cache
def _connection() -> Any:
    connection = duckdb_kql.connect(config={"threads": 1})  # there are few rows: more threads only cost
    atexit.register(connection.close)
    return connection
