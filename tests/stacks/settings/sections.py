"""Reading one section of a stack config in tests, as the settings parser does: from JSON, with every problem."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import ValidationError

from documents.sections import Section, all_problems

AnySection = TypeVar("AnySection", bound=Section)


def read(model: type[AnySection], data: dict[str, Any]) -> AnySection:
    return model.model_validate_json(json.dumps(data))


def refused(model: type[Section], data: dict[str, Any]) -> set[str]:
    """Keys that are refused: by type and range, or by rules between fields."""
    try:
        section = read(model, data)
    except ValidationError as error:
        return {".".join(map(str, details["loc"])) for details in error.errors()}
    return {problem.key for problem in all_problems(section)}
