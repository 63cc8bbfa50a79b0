"""docs/stack-config.md says what the settings models say."""

from __future__ import annotations

from collections.abc import Iterator

from documents.sections import Section
from stacks.settings.model import Settings
from stacks.settings.pages.stack_config import PAGE, page


def _keys(model: type[Section]) -> Iterator[str]:
    for field in model.model_fields.values():
        assert field.alias is not None
        yield field.alias


def test_page_is_written_from_models() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_every_section_and_setting_is_described() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for key in _keys(Settings):
        assert f"\n## {key}\n" in text
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith("|  |")] == []
