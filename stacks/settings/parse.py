"""From config as the engine hands it over to settings, with every mistake told at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from documents.problems import MISSING, Bare, DocumentError, Problem, did_you_mean
from documents.sections import Section, requirement, under, validate
from stacks.catalogues.all_catalogues import catalogue_problems
from stacks.settings.base import SettingsError
from stacks.settings.model import Settings
from stacks.settings.paths import forgotten_path
from stacks.settings.rules import cross_section_problems

NAMESPACE = "medspasync"
SUPPLIED_KEY = "secrets"


def parse(config: Mapping[str, str], file: str) -> Settings:
    """Settings from config by full key (objects as JSON text). ``file`` is named in messages.

    Raises SettingsError with every mistake: unknown keys, wrong types and values, and, where the sections they concern
    are right, mistakes between fields and between sections; it says where more may follow. Mistakes in catalogues are
    among them, by their own file and line.
    """
    in_catalogues = catalogue_problems()
    document, problems = _document(config)
    sections: dict[str, Section] = {}
    wrong: list[str] = []
    for name, info in Settings.model_fields.items():
        key = str(info.alias)
        # Pulumi.yaml gives an optional section an empty object where the stack file has none.
        if document.get(key, {}) == {} and not info.is_required():
            continue
        if key not in document:
            problems.append(Problem(key, MISSING, requirement(Settings, (key,))))
            wrong.append(name)
            continue
        try:
            sections[name], mistakes = validate(document[key], info.annotation)
        except DocumentError:  # held against a catalogue that is wrong: its mistakes are told
            wrong.append(name)
            continue
        problems += [under(key, problem) for problem in mistakes]
        if mistakes:
            wrong.append(name)
    settings = {**_defaults(), **sections}
    if not in_catalogues:
        problems += cross_section_problems(settings, wrong)
    if problems or in_catalogues:
        named = [replace(p, key=f"{NAMESPACE}:{p.key}" if p.key else "") for p in problems]
        raise SettingsError([*(replace(p, file=file) for p in named), *in_catalogues])
    return Settings.model_construct(**settings)


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
            unknown = Problem(key, Bare("…"), f"unknown key{did_you_mean(key, allowed)}")
            problems.append(forgotten_path(key, allowed, NAMESPACE, SUPPLIED_KEY) or unknown)
            continue
        try:
            document[key] = json.loads(text)
        except json.JSONDecodeError:
            document[key] = text
    return document, problems


def _defaults() -> dict[str, Any]:
    return {name: info.get_default() for name, info in Settings.model_fields.items() if not info.is_required()}
