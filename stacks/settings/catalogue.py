"""Reads the catalogues: data of the project that people review, each a YAML file with a type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from stacks.settings.base import Problem, SettingsError
from stacks.settings.mistakes import all_problems, refused
from stacks.settings.yaml_file import load_yaml
from stacks.settings.yaml_lines import file_lines, line_of

_ROOT = Path(__file__).parents[2]


def load_catalogue(file: Path, type_: Any) -> Any:
    """The content of a catalogue as ``type_`` (a Section, or mappings and lists of them).

    Raises SettingsError with every mistake: the catalogue's own file, line, key, value and what is allowed.
    """
    name = str(file.relative_to(_ROOT)) if file.is_relative_to(_ROOT) else file.name
    try:
        rows = load_yaml(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError([Problem("", file.name, "a catalogue of this project, which is missing", name)]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        text = getattr(error, "problem", None) or str(error)
        raise SettingsError([Problem("", text, "a YAML file", name, mark.line + 1 if mark else None)]) from None
    try:
        # As JSON, where strict mode takes a list for a tuple.
        content = TypeAdapter(type_).validate_json(to_json(rows))
        problems = list(all_problems(content))
    except ValidationError as error:
        problems = [refused(type_, details) for details in error.errors()]
    if problems:
        lines = file_lines(file)
        raise SettingsError([Problem(p.key, p.value, p.allowed, name, line_of(lines, p.key)) for p in problems])
    return content
