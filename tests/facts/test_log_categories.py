"""The log tables catalogue says what Microsoft's pages say of categories and tables."""

from __future__ import annotations

import pytest

from facts.log_categories import log_categories
from facts.log_tables import fed_tables
from stacks.catalogues.log_tables import log_tables

ELSEWHERE = {
    "subscription": "categories of the activity log, which is no resource's (Azure activity log event schema)",
    "tenant": "categories of Entra: not looked up (facts of the log tables name the tables)",
}
"""Feeding kinds that are no resource type."""

TABLES = {category: tables for row in log_categories().values() for category, tables in row.categories.items()}


@pytest.mark.parametrize("table", fed_tables())
def test_table_is_fed_by_known_categories(table: str) -> None:
    for kind, categories in fed_tables()[table].items():
        for category in categories:
            if kind not in ELSEWHERE:
                assert category in TABLES, f"{category}: no page names it"
                assert not TABLES[category] or table in TABLES[category], f"{category} fills {TABLES[category]}"


def test_catalogue_holds_every_table_that_is_fed() -> None:
    assert set(log_tables()) == set(fed_tables())
