"""From config as the engine hands it over to settings, with every mistake told at once."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from stacks.settings.base import Problem, Section, SettingsError, did_you_mean
from stacks.settings.model import Settings
from stacks.settings.rules import cross_section_problems

NAMESPACE = "medspasync"
SUPPLIED_KEY = "secrets"


def parse(config: Mapping[str, str], file: str) -> Settings:
    """Settings from config by full key (objects as JSON text). ``file`` is named in messages.

    Raises SettingsError with every mistake: unknown keys, wrong types and values, and, as soon as the sections they
    concern are right, mistakes between fields and between sections.
    """
    document, problems = _document(config)
    sections: dict[str, Section] = {}
    for name, info in Settings.model_fields.items():
        key = str(info.alias)
        # Pulumi.yaml gives an optional section an empty object where the stack file has none.
        if document.get(key, {}) == {} and not info.is_required():
            continue
        if key not in document:
            problems.append(Problem(key, None, f"required: {info.description}"))
            continue
        model: Any = info.annotation
        try:
            sections[name] = section = _validate(model, document[key])
            problems += [_under(key, problem) for problem in _all_problems(section)]
        except ValidationError as error:
            problems += [_under(key, _problem(model, details)) for details in error.errors()]
    if not problems:
        settings = Settings.model_construct(**{**_defaults(), **sections})
        problems += cross_section_problems(settings)
    if problems:
        raise SettingsError([Problem(f"{NAMESPACE}:{p.key}", p.value, p.allowed, file=file) for p in problems])
    return settings


def _document(config: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Sections by key, still as data, and keys that no section has. The supplied secrets are not read here."""
    allowed = [*(str(info.alias) for info in Settings.model_fields.values()), SUPPLIED_KEY]
    document: dict[str, Any] = {}
    problems = []
    for full_key, text in config.items():
        namespace, _, key = full_key.partition(":")
        if namespace != NAMESPACE or key == SUPPLIED_KEY:
            continue
        if key not in allowed:
            problems.append(Problem(key, "…", f"unknown key{did_you_mean(key, allowed)}"))
            continue
        try:
            document[key] = json.loads(text)
        except json.JSONDecodeError:
            document[key] = text
    return document, problems


def _validate(model: Any, value: Any) -> Any:
    """Validate as JSON, where strict mode still takes dates and addresses as text."""
    return TypeAdapter(model).validate_json(json.dumps(value))


def _defaults() -> dict[str, Any]:
    return {name: info.get_default() for name, info in Settings.model_fields.items() if not info.is_required()}


def _all_problems(value: Any, path: str = "") -> Iterator[Problem]:
    """Problems of a section and of every section inside it."""
    if isinstance(value, Section):
        yield from (_under(path, problem) for problem in value.problems())
        for name, info in type(value).model_fields.items():
            yield from _all_problems(getattr(value, name), _join(path, str(info.alias)))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _all_problems(item, _join(path, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from _all_problems(item, f"{path}[{index}]")


def _problem(model: Any, details: ErrorDetails) -> Problem:
    path = ""
    for part in details["loc"]:
        path = f"{path}[{part}]" if isinstance(part, int) else path if part == "[key]" else _join(path, part)
    if details["type"] == "missing":
        return Problem(path, None, "required")
    if details["type"] == "extra_forbidden":
        keys = _keys_at(model, details["loc"][:-1])
        return Problem(
            path,
            details["input"],
            f"unknown key{did_you_mean(str(details['loc'][-1]), keys)}; known: {', '.join(keys)}",
        )
    return Problem(path, details["input"], details["msg"][:1].lower() + details["msg"][1:])


def _keys_at(model: Any, loc: Sequence[int | str]) -> list[str]:
    """Keys that the model knows at ``loc``; none where the place is not a section."""
    sections = list(_sections_in(model))
    for part in loc:
        inner = []
        for section in sections:
            for info in section.model_fields.values():
                if info.alias == part:
                    inner += list(_sections_in(info.annotation))
        sections = inner or sections
    return sorted({str(info.alias) for section in sections for info in section.model_fields.values()})


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    """Section classes that an annotation holds, through unions, lists and mappings."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, Section):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _sections_in(argument)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _under(path: str, problem: Problem) -> Problem:
    key = problem.key if not path or not problem.key else _join(path, problem.key)
    return Problem(key or path, problem.value, problem.allowed)
