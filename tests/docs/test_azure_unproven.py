"""The page of what nobody could prove: each row says how to look and what then, with commands that exist."""

from __future__ import annotations

import re

from deployment.steps import STEPS
from tests.harness import ROOT

PAGE = (ROOT / "docs/azure-unproven.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)
]


def test_rows_are_numbered_and_complete() -> None:
    assert [row[0] for row in ROWS] == [str(number + 1) for number in range(len(ROWS))]
    assert all(len(row) == 4 and all(row) for row in ROWS), [row[0] for row in ROWS if len(row) != 4]


def test_every_reading_step_has_its_row() -> None:
    """And no row names a step that is not there."""
    named = {row[0]: set(re.findall(r"--step ([a-z-]+)", row[2])) for row in ROWS}
    steps = {step.name: step for step in STEPS}
    assert {name for names in named.values() for name in names} <= set(steps)
    assert {name for name, step in steps.items() if step.when == "verify"} <= set().union(*named.values())


def test_rows_of_verify_name_step_that_only_reads() -> None:
    for row in ROWS:
        if "*verify*" in row[2]:
            assert "deployment verify $STACK --step" in row[2], row[0]
