"""What may be set in the pack's config: the level of each rule or severity, and where the registers stand.

The config is JSON, given with `--policy-pack-config FILE`: ``{"pack": {"levels": {"medium": "advisory"}}}``. The engine
checks it against `schema`; what the schema cannot say is said here.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

from documents.problems import DocumentError, Problem, did_you_mean
from documents.sections import Section, under, validate
from policies.rule import Severity

NAME = "pack"
"""The policy whose config it is: it judges nothing."""
FILE = "the pack's config"
Level = Literal["mandatory", "advisory", "disabled"]
"""mandatory: a violation stops the deployment; advisory: it is shown; disabled: the rule does not run."""
SEVERITIES = get_args(Severity)


class PackConfig(Section):
    """The config, with the names that the engine hands over."""

    levels: dict[str, Level] = {}
    """Level by severity or by rule id; a rule's own goes before its severity's."""
    exceptions: str = ""
    """File of the register of exceptions, from the folder of the project that is previewed."""
    trusted: str = ""
    """File of the register of trusted strangers, from the folder of the project that is previewed."""

    def level(self, rule: str, severity: str) -> Level | None:
        """The level that the config gives a rule; None where it says nothing of it."""
        return self.levels.get(rule) or self.levels.get(severity)


def schema(rules: Collection[str]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each property of the config."""
    properties: dict[str, dict[str, Any]] = {}
    for name, field in PackConfig.model_fields.items():
        properties[name] = {"type": "string", "description": field.description}
    level = {"type": "string", "enum": list(get_args(Level))}
    named = dict.fromkeys((*SEVERITIES, *rules), level)
    properties["levels"] |= {"type": "object", "properties": named, "additionalProperties": False}
    return properties


def read_config(properties: Mapping[str, Any], rules: Collection[str]) -> PackConfig:
    """The config as the engine hands it over. Raises DocumentError with every mistake in it."""
    config, problems = validate(properties, PackConfig)
    given, names = properties.get("levels"), {*SEVERITIES, *rules}
    for name, level in given.items() if isinstance(given, Mapping) else ():
        if name not in names:
            allowed = f"a rule's id or {', '.join(SEVERITIES)}{did_you_mean(name, names)}"
            problems.append(Problem(f"levels.{name}", level, allowed))
    if problems:
        raise DocumentError([replace(under(NAME, problem), file=FILE) for problem in problems])
    read: PackConfig = config
    return read
