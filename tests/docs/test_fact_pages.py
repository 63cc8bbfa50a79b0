"""Pages are written from the facts, and the facts name what stays of everything that a stack deletes."""

from __future__ import annotations

import pytest

from assurance.fact_pages import BEGIN, END, PAGES, unknown_table
from documents.generated import with_part
from facts.soft_delete import remains
from facts.types import ResourceType, resource_types, type_row
from tests.harness import ROOT, STACKS, shared_record


@pytest.mark.parametrize("name", PAGES)
def test_page_is_written_from_facts(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text == with_part(text, BEGIN, END, "\n".join(PAGES[name]())), "run .venv/bin/python -m assurance.fact_pages"


def test_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        with_part("# A page", BEGIN, END, "\n".join(unknown_table()))


def test_every_unknown_cell_is_listed() -> None:
    rows = list(unknown_table())
    cells = [(key, *cell) for key, row in resource_types().items() for cell in row.unknown().items()]
    assert cells
    for key, column, looked in cells:
        assert any(key.removeprefix("azure-native:") in row and f"| {column} | {looked} |" in row for row in rows)


def test_everything_stateful_says_what_stays() -> None:
    """Itself, or what it lives in."""
    told = {type_ for row in remains() for type_ in row.types}
    recorded = {each.type for stack in STACKS for each in shared_record(stack)}
    stateful = {key for key in recorded if isinstance((type_row(key) or ResourceType()).stateful, list)}
    assert stateful
    assert {key for key in stateful if not _homes(key) & told} == set()


def test_rows_name_types_that_exist() -> None:
    assert {type_ for row in remains() for type_ in row.types} <= resource_types().keys()


def _homes(key: str) -> set[str]:
    """A type and all that it lives in."""
    row = type_row(key)
    above = row.lives_in if row is not None and isinstance(row.lives_in, str) else None
    return {key} | (_homes(above) if above is not None else set())
