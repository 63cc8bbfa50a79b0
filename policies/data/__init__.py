"""Tables that rules look things up in: data that people review."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NotRequired

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from policies.lines import key_lines, line_of

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class Parameter(TypedDict):
    """A server parameter: what it is when nothing declares it, and what passes."""

    default: str
    allowed: NotRequired[list[str]]
    includes: NotRequired[list[str]]


@with_config(_STRICT)
class PrivateService(TypedDict):
    """What a private endpoint needs for a service."""

    groups: list[str]
    zones: list[str]


SHAPES: Mapping[str, Any] = {
    "alert_coverage": list[str],
    "diagnostics": dict[str, str],
    "paired_regions": dict[str, str],
    "postgres_parameters": dict[str, dict[str, Parameter]],
    "private_services": dict[str, PrivateService],
    "stateful": dict[str, list[Literal["protect", "lock"]]],
}
"""What each table holds."""


class TableError(ValueError):
    """A table is malformed; ``problems`` tells every mistake with file, line, key, value and what is allowed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@cache
def table(name: str) -> Any:
    """The table ``<name>.yaml`` of this directory. Raises TableError."""
    return read_table(Path(__file__).with_name(f"{name}.yaml"), SHAPES[name])


def read_table(path: Path, shape: Any) -> Any:
    """The table in a file, which must have this shape. Raises TableError with every mistake in it."""
    file = f"policies/data/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        rows = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else file
        raise TableError([f"{place}: {getattr(error, 'problem', None) or error}: a YAML file"]) from None
    try:
        return TypeAdapter(shape).validate_python(rows, strict=True)
    except ValidationError as error:
        lines = key_lines(text)
        raise TableError([_told(file, lines, details) for details in error.errors()]) from None


def _told(file: str, lines: Mapping[tuple[str | int, ...], int], details: Any) -> str:
    key = ".".join(str(part) for part in details["loc"])
    found = f"{key} = {details['input']!r}" if key else repr(details["input"])[:60]
    return f"{file}:{line_of(lines, details['loc'])}: {found}: {details['msg'][:1].lower()}{details['msg'][1:]}"
