"""Dates of a stack file that cannot be right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assurance.basis import file_hash
from assurance.check.dates import date_findings
from assurance.record import Record
from tests.harness import ROOT, STACKS, shared_record

TODAY = date(2026, 11, 29)
CATALOGUE = """
FAST: {rotation: {kind: replace, days: 90}}
SLOW: {rotation: {kind: replace, days: 730}}
RING: {rotation: {kind: keyring, days: 365}}
"""


def judged(folder: Path, vaults: str, budget: str = "2026-12-01", today: date = TODAY) -> dict[str, str]:
    """Name and status of each finding on a stack file with these dates."""
    (folder / "stacks/catalogues").mkdir(parents=True)
    (folder / "stacks/catalogues/secrets.yaml").write_text(CATALOGUE, encoding="utf-8")
    file = folder / "Pulumi.prod.yaml"
    text = f"config:\n  medspasync:vaults: {vaults}\n  medspasync:monitoring: {{budget: {{startDate: {budget}}}}}\n"
    file.write_text(text, encoding="utf-8")
    record = Record("prod", "deployed", basis={"stackFile": file_hash(file), "project": "medspasync"})
    return {each.name: each.status for each in date_findings(record, folder, today)}


def test_shipped_dates_can_be_right() -> None:
    for stack in STACKS:
        assert [each.status for each in date_findings(shared_record(stack), ROOT, TODAY)] == ["pass"]


@pytest.mark.parametrize(
    ("vaults", "key"),
    [
        ('{rotatedOn: "2999-11-01"}', "vaults.rotatedOn"),
        ('{rotatedOn: "2020-01-01"}', "vaults.rotatedOn"),
        ('{rotatedOn: "2026-11-01", keys: {k1: {createdOn: "2027-11-01"}}}', "vaults.keys.k1.createdOn"),
        ('{rotatedOn: "2026-11-01", rotations: {SLOW: ["2019-11-01"]}}', "vaults.rotations.SLOW[0]"),
        ('{rotatedOn: "2026-11-01", rotations: {FAST: ["2026-10-01", "2062-11-01"]}}', "vaults.rotations.FAST[1]"),
        ('{rotatedOn: "2026-11-01", keyrings: {RING: {k1: "2023-11-01"}}}', "vaults.keyrings.RING.k1"),
    ],
)
def test_rotation_that_cannot_be_right_fails(tmp_path: Path, vaults: str, key: str) -> None:
    assert judged(tmp_path, vaults) == {key: "fail"}


@pytest.mark.parametrize(
    "vaults",
    [
        '{rotatedOn: "2026-11-29"}',
        # Old values that newer ones took the place of, and a key that data may still need.
        '{rotatedOn: "2026-11-01", rotations: {FAST: ["2019-01-01", "2026-11-01"]}}',
        '{rotatedOn: "2026-11-01", keyrings: {RING: {k1: "2019-11-01", k2: "2026-11-01"}}}',
        '{rotatedOn: "2026-11-01", keys: {k1: {createdOn: "2020-11-01"}}}',
        # The default is old, and every secret has a date of its own.
        '{rotatedOn: "2024-11-01", rotations: {FAST: ["2026-11-01"], SLOW: ["2026-11-01"]}, '
        'keyrings: {RING: {k1: "2026-11-01"}}}',
    ],
)
def test_date_that_can_be_right_passes(tmp_path: Path, vaults: str) -> None:
    assert set(judged(tmp_path, vaults).values()) == {"pass"}


@pytest.mark.parametrize(
    ("start", "today", "status"),
    [
        ('"2016-12-01"', TODAY, "fail"),
        ('"2024-12-01"', TODAY, "fail"),
        ('"2028-12-01"', TODAY, "fail"),
        ('"2026-01-01"', TODAY, "pass"),
        # It stays right as long as the stack lives.
        ('"2026-12-01"', date(2027, 10, 1), "pass"),
    ],
)
def test_budget_begins_within_reason(tmp_path: Path, start: str, today: date, status: str) -> None:
    found = judged(tmp_path, '{rotatedOn: "2026-11-01"}', start, today)
    assert set(found.values()) == {status}
    assert status == "pass" or set(found) == {"monitoring.budget.startDate"}
