"""Queries that keep no row are known; those that only look so are not."""

from __future__ import annotations

import pytest

from policies.kusto import keeps_nothing
from tests.harness import ROOT

EMPTY = [
    "T | where false",
    "T | where a == 'x' and (false)",
    "T | where not(true)",
    "T | where 1 == 2 or false",
    "T | where 'a' =~ \"b\"",
    "T | where 2 <= 1.5",
    "T | where Level != Level",
    "T | filter bool(false)",
    "T | where TimeGenerated >= now()",
    "T | where a == 'x' | where b > 1 | where a == 'y'",
    "T | take 0",
    "T | top 0 by TimeGenerated",
    "T | sample 0 | summarize count()",
    "let x = T | limit 0;\nx",
    "(T | where false) | project a",
    "",
    "// T",
    "let x = T;",
]
KEPT = [
    "T",
    "T // | where false",
    "T | where a == 'where false | take 0; // ' | take 10",
    "T | where a == 'x' or a == 'y'",
    "T | where a == 'x' | extend a = b | where a == 'y'",
    "T | where false or a == 1",
    "T | where 1 == 1 and 'a' == \"A\"",
    "T | where TimeGenerated > ago(1h)",
    "union (T | take 0), U | where a > 0",
    "T | join kind=leftanti (U | where false) on a",
    "let x = datatable(a: string)[];\nlet y = T | where false;\nT | where a !in (x)",
    "set notruncation;\nT | where a < b",
    "let T = T | where a;\nT",
]


@pytest.mark.parametrize("query", EMPTY)
def test_query_that_keeps_nothing_is_known(query: str) -> None:
    assert keeps_nothing(query)


@pytest.mark.parametrize("query", [*KEPT, *sorted((ROOT / "stacks" / "catalogues").rglob("*.kql"))], ids=str)
def test_query_that_keeps_rows_is_let_pass(query: object) -> None:
    text = query if isinstance(query, str) else query.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert keeps_nothing(text) == ""
