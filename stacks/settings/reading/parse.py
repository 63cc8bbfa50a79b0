"""From config as the engine hands it over to settings, with every mistake told at once."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pulumi

from documents.problems import MISSING, Bare, DocumentError, Problem, did_you_mean
from documents.sections import Section, requirement, under, validate
from stacks.catalogues.all_catalogues import catalogue_problems
from stacks.catalogues.secrets import catalogue
from stacks.settings.between.all_rules import cross_section_problems
from stacks.settings.model import Settings

NAMESPACE = "medspasync"
SUPPLIED_KEY = "secrets"


class SettingsError(DocumentError, pulumi.RunError):
    """The stack config is wrong. Raised before the first resource, with every mistake that could be found.

    A RunError, so that the engine shows the message and no traceback.
    """


def parse(config: Mapping[str, str], file: str) -> Settings:
    """Settings from config by full key (objects as JSON text). ``file`` is named in messages.

    Raises SettingsError with every mistake: unknown keys, wrong types and values, and, where the sections they concern
    are right, mistakes between fields and between sections; it says where more may follow. Mistakes in catalogues and
    facts are among them, by their own file and line.
    """
    elsewhere = catalogue_problems()
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
        except DocumentError as error:  # held against a catalogue or a fact that is wrong
            elsewhere += error.problems
            wrong.append(name)
            continue
        problems += [under(key, problem) for problem in mistakes]
        if mistakes:
            wrong.append(name)
    settings = {**_defaults(), **sections}
    if not elsewhere:
        problems += cross_section_problems(settings, wrong)
    if problems or elsewhere:
        named = [replace(p, key=f"{NAMESPACE}:{p.key}" if p.key else "") for p in problems]
        raise SettingsError([*(replace(p, file=file) for p in named), *{str(p): p for p in elsewhere}.values()])
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
            problems.append(forgotten_path(key, allowed) or unknown)
            continue
        try:
            document[key] = json.loads(text)
        except json.JSONDecodeError:
            document[key] = text
    return document, problems


def _defaults() -> dict[str, Any]:
    return {name: info.get_default() for name, info in Settings.model_fields.items() if not info.is_required()}


def forgotten_path(key: str, sections: Collection[str]) -> Problem | None:
    """What is told of a key below no section, without the namespace: ``database.backupDays``, ``STRIPE-SECRET-KEY``.

    sections: keys of sections. None for a key of another kind.
    """
    section, separator, inner = re.fullmatch(r"([^.\[]+)([.\[]?)(.*)", key, re.S).groups()  # type: ignore[union-attr]
    if separator and section == SUPPLIED_KEY:
        return Problem(key, Bare("(not shown)"), _message(key, inner, "--secret --path"))
    if separator and section in sections:
        return Problem(key, Bare("…"), _message(key, inner, "--path"))
    if key in catalogue():
        return Problem(key, Bare("(not shown)"), _message(f"{SUPPLIED_KEY}.{key}", key, "--secret --path"))
    return None


def _message(key: str, inner: str, options: str) -> str:
    section = re.split(r"[.\[]", key)[0]
    command = f"pulumi config set {options} '{NAMESPACE}:{key}'"
    return f"{inner} inside {NAMESPACE}:{section}; remove this key and use `{command}`"
