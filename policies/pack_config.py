"""What may be set in the pack's config: the level of each rule or severity, and where the registers stand.

The config is JSON, given with `--policy-pack-config FILE`: ``{"pack": {"levels": {"medium": "advisory"}}}``. The engine
checks it against `schema`; what the schema cannot say is said here.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from documents.problems import DocumentError, Problem, did_you_mean
from policies.rule import Severity

NAME = "pack"
"""The policy whose config it is: it judges nothing."""
FILE = "the pack's config"
LEVELS = ("mandatory", "advisory", "disabled")
"""mandatory: a violation stops the deployment; advisory: it is shown; disabled: the rule does not run."""
SEVERITIES = get_args(Severity)
_PATHS = {
    "exceptions": "File of the register of exceptions, from the folder of the project that is previewed.",
    "trusted": "File of the register of trusted strangers, from the folder of the project that is previewed.",
}


@dataclass(frozen=True)
class PackConfig:
    """levels: by rule id or severity; a rule's own goes before its severity's. exceptions, trusted: files of the
    registers; empty for those of the project that is previewed."""

    levels: Mapping[str, str] = field(default_factory=dict)
    exceptions: str = ""
    trusted: str = ""

    def level(self, rule: str, severity: str) -> str | None:
        """The level that the config gives a rule; None where it says nothing of it."""
        return self.levels.get(rule) or self.levels.get(severity)


def schema(rules: Collection[str]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each property of the config."""
    level = {"type": "string", "enum": list(LEVELS)}
    return {
        "levels": {
            "type": "object",
            "description": "Level by severity or by rule id; a rule's own goes before its severity's.",
            "properties": dict.fromkeys((*SEVERITIES, *rules), level),
            "additionalProperties": False,
        },
        **{name: {"type": "string", "description": text} for name, text in _PATHS.items()},
    }


def read_config(properties: Mapping[str, Any], rules: Collection[str]) -> PackConfig:
    """The config as the engine hands it over. Raises DocumentError with every mistake in it."""
    problems = list(_problems(properties, rules))
    if problems:
        raise DocumentError(problems)
    known = {name: value for name, value in properties.items() if name in ("levels", *_PATHS)}
    return PackConfig(**known)


def _problems(properties: Mapping[str, Any], rules: Collection[str]) -> Iterator[Problem]:
    for name, value in properties.items():
        key = f"{NAME}.{name}"
        if name in _PATHS:
            if not isinstance(value, str):
                yield Problem(key, value, "a path", FILE)
        elif name != "levels":
            allowed = f"levels, {', '.join(_PATHS)}{did_you_mean(name, ['levels', *_PATHS])}"
            yield Problem(key, value, allowed, FILE)
        elif not isinstance(value, Mapping):
            yield Problem(key, value, "a mapping of rules and severities to levels", FILE)
        else:
            yield from _wrong_levels(value, rules)


def _wrong_levels(levels: Mapping[str, Any], rules: Collection[str]) -> Iterator[Problem]:
    names = {*SEVERITIES, *rules}
    for name, level in levels.items():
        key = f"{NAME}.levels.{name}"
        if name not in names:
            yield Problem(key, level, f"a rule's id or {', '.join(SEVERITIES)}{did_you_mean(name, names)}", FILE)
        elif level not in LEVELS:
            yield Problem(key, level, f"one of {', '.join(LEVELS)}", FILE)
