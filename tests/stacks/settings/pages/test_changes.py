"""What changing a setting does: said for every setting, and as `assurance compare` sees it."""

from __future__ import annotations

import pytest

from assurance.compare.changes import find_changes
from assurance.compare.pairing import pair_revisions
from stacks.settings.pages.changes import PAGE, effects, page, row_of, settings_paths
from tests.harness import project_record
from tests.long import sample
from tests.stacks.settings.pages.trials import given, trial, tried


def test_every_setting_has_a_row() -> None:
    assert [path for path in settings_paths() if row_of(path) is None] == []
    assert {row_of(path) for path in settings_paths()} == set(effects()), "rows that no setting has"


def test_page_is_written_from_rows() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_setting_is_tried_or_told_why_not() -> None:
    assert set(given()) <= set(settings_paths()), "rows of settings that are not there"
    assert [path for path in tried() if trial(path) is None] == [], "no other value is accepted: trials.yaml"


@pytest.mark.parametrize("path", sample(tried(), every=len(tried())))
def test_change_does_what_its_row_says(path: str) -> None:
    """Another resource takes the place exactly where the row says so; in an outage it may."""
    row = effects()[row_of(path) or ""]
    configs = trial(path)
    assert configs is not None
    base, head = (project_record(config) for config in configs)
    changes = find_changes(base, head, pair_revisions(base, head))
    assert changes, "it changes nothing"
    remade = {type_ if type_.count(":") > 1 and "/" in type_ else f"azure-native:{type_}" for type_ in row.remade}
    replaced = {each.name for each in changes if each.change in ("replaced", "moved") and each.type not in remade}
    gone, made = ({each.type for each in changes if each.change == kind} - remade for kind in ("removed", "added"))
    if row.effect in ("replacement", "impossible") and not row.refused:
        assert replaced or gone & made
    elif row.effect != "outage":
        assert replaced == set()
        assert gone & made == set()
