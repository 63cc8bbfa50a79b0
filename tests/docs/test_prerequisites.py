"""README prints what must exist before the first `up`, as the record of prod says."""

from __future__ import annotations

import json
from pathlib import Path

from deployment.preflight.needs import list_needs
from deployment.record import load_record
from tests.harness import ROOT, stack_record

BEGIN, END = "<!-- preflight prod --list -->", "<!-- end -->"


def test_readme_lists_what_the_record_needs(tmp_path: Path) -> None:
    file = tmp_path / "prod.json"
    file.write_text(json.dumps(json.loads(stack_record("prod").to_json())))
    printed = (ROOT / "README.md").read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()
    assert printed == list_needs(load_record("prod", str(file))), "python -m deployment preflight prod --list"
