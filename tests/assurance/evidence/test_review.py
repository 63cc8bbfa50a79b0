"""The review page compares with the stack that patients' data may be in, whatever other stacks there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from assurance.evidence.review import reference_stack
from tests.harness import ROOT


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"dev": "test-data", "prod": "phi", "qa": "test-data"}, "prod"),
        ({"dev": "test-data", "qa": None}, "qa"),
        ({"dev": "test-data", "qa": "test-data"}, "qa"),
    ],
    ids=["an added stack", "absent counts as phi", "none with patients' data"],
)
def test_reference_stack_may_hold_patients_data(tmp_path: Path, files: dict[str, str | None], expected: str) -> None:
    for name, data_class in files.items():
        value = f"\n    dataClassification: {data_class}" if data_class else " {}"
        (tmp_path / f"Pulumi.{name}.yaml").write_text(f"config:\n  medspasync:platform:{value}\n", encoding="utf-8")
    assert reference_stack(tmp_path) == expected


def test_reference_stack_of_this_project_is_prod() -> None:
    assert reference_stack(ROOT) == "prod"
