"""Log queries that resolve before their table has a record.

A table, or a column of AzureDiagnostics, is there once a record has arrived. Until then a query that names it fails,
and Azure disables an alert rule whose query has failed for a week
(learn.microsoft.com/azure/azure-monitor/alerts/alerts-troubleshoot-log, read 2026-11-29).
"""

import json
import re
from collections.abc import Sequence

from facts.log_tables import log_tables

_HEAD = re.compile(r"(?m)^(let \w+ = )?([A-Za-z_]\w*)$")


def with_columns(query: str) -> str:
    """The query with each table that begins a pipe united with an empty one of the columns that the query names."""
    words = set(re.findall(r"\w+", query))

    def united(match: re.Match[str]) -> str:
        start, table = match.group(1) or "", match.group(2)
        known = log_tables().get(table)
        if known is None:
            return match.group(0)
        columns = ", ".join(f"{name}: {type_}" for name, type_ in known.columns.items() if name in words)
        return f"{start}union isfuzzy=true (datatable ({columns or 'TimeGenerated: datetime'}) []), {table}"

    return _HEAD.sub(united, query)


def kql_list(values: Sequence[str]) -> str:
    """A KQL list of text."""
    return f"dynamic({json.dumps(list(values))})"
