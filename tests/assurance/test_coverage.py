"""The coverage matrix says what a record has, and the page in docs says what production has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assurance.coverage import BEGIN, END, PAGE, markdown, matrix
from assurance.record import Record
from documents.generated import with_part
from facts.types import Logs, types_with
from tests.harness import ROOT
from tests.policies.records import records


def prod() -> Record:
    return records("deployed")["prod"]


def test_the_page_is_current() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert text == with_part(text, BEGIN, END, markdown(matrix(prod()))), (
        "run .venv/bin/python -m assurance.coverage prod"
    )


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        with_part("# A page", BEGIN, END, "")


def test_everything_that_is_there_sends_what_is_needed() -> None:
    for row in matrix(prod()):
        assert row.sending == row.resources, row
        assert 0 < row.searchable <= row.kept, row


def test_types_with_logs_are_all_in_the_matrix() -> None:
    """By the table that the policies judge diagnostic settings with."""
    rows = {row.type for row in matrix(prod())}
    logging = {t.removeprefix("azure-native:") for t, logs in types_with("logs", Logs).items() if logs.emits == "logs"}
    there = {resource.type.removeprefix("azure-native:") for resource in prod()}
    assert logging & there <= rows


def test_what_is_taken_away_is_missed() -> None:
    record = prod()
    kept = [r for r in record if r.name != "vault-backend-diagnostics"]
    before = next(row for row in matrix(record) if row.category == "AuditEvent")
    after = next(row for row in matrix(replace(record, resources=kept)) if row.category == "AuditEvent")
    assert (after.sending, after.resources) == (before.sending - 1, before.resources)
    assert f"{after.sending} of {after.resources}" in markdown([after])


def test_the_archive_is_named_by_its_own_retention() -> None:
    archived = {row.category: row.archived for row in matrix(prod())}
    assert archived["AuditEvent"] == archived["PostgreSQLLogs"] == archived["FrontDoorAccessLog"] == 2192
    assert archived["Administrative"] == 2192
    assert archived["Autoscale"] is archived["AppServiceConsoleLogs"] is None
