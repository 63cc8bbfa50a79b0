"""docs/stack-config.md says what the settings models say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

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


def test_every_model_has_its_rows() -> None:
    """Found by the models' own types, not by the schema that the page is made from: also below names of one's own."""
    text = PAGE.read_text(encoding="utf-8")
    for model in _models_below(Settings):
        for key in _keys(model):
            assert re.search(rf"^\| `([\w<>.\[\]]+\.)?{re.escape(key)}` \|", text, re.M) or model is Settings, (
                model,
                key,
            )


def _models_below(hint: Any) -> set[type[Section]]:
    """The models that a value of this type is made of."""
    if inspect.isclass(hint) and issubclass(hint, Section):
        return {hint}.union(*(_models_below(field.annotation) for field in hint.model_fields.values()))
    return set().union(*(_models_below(each) for each in get_args(hint)))
