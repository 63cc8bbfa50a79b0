"""From config as the engine hands it over to settings, with every mistake told at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from documents.problems import Problem, did_you_mean
from documents.sections import Section, under, validate
from stacks.settings.base import SettingsError
from stacks.settings.model import Settings
from stacks.settings.rules import cross_section_problems

NAMESPACE = "medspasync"
SUPPLIED_KEY = "secrets"


def parse(config: Mapping[str, str], file: str) -> Settings:
    """Settings from config by full key (objects as JSON text). ``file`` is named in messages.

    Raises SettingsError with every mistake: unknown keys, wrong types and values, and, as soon as the sections they
    concern are right, mistakes between fields and between sections. A wrong catalogue is told alone, by its own file.
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
        sections[name], mistakes = validate(document[key], info.annotation)
        problems += [under(key, problem) for problem in mistakes]
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


def _defaults() -> dict[str, Any]:
    return {name: info.get_default() for name, info in Settings.model_fields.items() if not info.is_required()}
