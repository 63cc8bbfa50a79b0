"""What changing a setting does: said for every setting, and as `assurance compare` sees it."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.compare.changes import find_changes
from assurance.compare.pairing import pair_revisions
from stacks.settings.changes import PAGE, effects, page, row_of, settings_paths
from tests.harness import project_record
from tests.long import sample
from tests.projects import stack_config

TRIED = [path for path, row in effects().items() if row.value is not None]


def test_every_setting_has_a_row() -> None:
    assert [path for path in settings_paths() if row_of(path) is None] == []
    assert {row_of(path) for path in settings_paths()} == set(effects()), "rows that no setting has"


def test_page_is_written_from_rows() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def with_value(path: str, value: Any) -> dict[str, Any]:
    config = stack_config("prod")
    section, *inner, last = path.split(".")
    part = config[f"medspasync:{section}"]
    for key in inner:
        part = part[key]
    part[last] = value
    return config


@pytest.mark.parametrize("path", sample(TRIED, every=len(TRIED)))
def test_change_does_what_its_row_says(path: str) -> None:
    """Another resource takes the place exactly where the row says so; in an outage it may."""
    row = effects()[path]
    base, head = project_record(stack_config("prod")), project_record(with_value(path, row.value))
    changes = find_changes(base, head, pair_revisions(base, head))
    assert changes, "it changes nothing"
    replaced = [each.name for each in changes if each.change != "changed"]
    if row.effect != "outage":
        assert bool(replaced) == (row.effect in ("replacement", "impossible")), replaced
