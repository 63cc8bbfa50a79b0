"""Reads a stack file (``Pulumi.<stack>.yaml``) as the engine does, and remembers where everything stands.

Read offline only: in a real run the engine hands the config over. What Python's YAML and the engine's read differently
(unquoted dates, yes and no, a key written twice) is refused, so that both see the same config. A supplied secret in
plain text is refused too: the engine would take it, and everybody with the repository would have it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from documents.lines import file_lines, key_lines, line_of
from documents.problems import Bare, Problem, did_you_mean
from documents.reading import read_document
from documents.yaml_text import compose_yaml, is_plain, node_data, repeated_keys, yaml_problem
from stacks.settings.model import Settings
from stacks.settings.reading.parse import NAMESPACE, SettingsError, forgotten_path
from stacks.settings.reading.supplied import COMMAND, CONFIG_KEY

PROJECT_FILE = "Pulumi.yaml"
FOREIGN_NAMESPACES = ("azure-native", "pulumi", "random")
_TOP_LEVEL = ("config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment")
_BOOLEANS = ("true", "false", "yes", "no", "on", "off")
_DATE = re.compile(r"^\d{4}-\d\d?-\d\d?")
_ODD_NUMBER = re.compile(r"[-+]?0\d+|0[xo][0-9a-fA-F]+|[-+]?\d+(\.\d*)?[eE][-+]?\d+")
"""Texts that readers take for a number that is written otherwise: 0123, 0x1f, 12e4."""
_NO_CONFIG = "a mapping of keys like `medspasync:platform`; `assurance new` writes a whole file"


@dataclass
class StackFile:
    """The config of one stack file.

    config: values by full key, as written; ``secure:`` values stay as {"secure": ciphertext}.
    lines: 1-based line of every key path under ``config`` (``medspasync:network.subnets.apps``).
    """

    path: Path
    config: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def placed(self, problem: Problem) -> Problem:
        """``problem`` with the line it is on; one of another file, a catalogue, as it is."""
        if problem.file not in ("", self.path.name):
            return problem
        return Problem(problem.key, problem.value, problem.allowed, self.path.name, line_of(self.lines, problem.key))

    def engine_config(self) -> dict[str, str]:
        """The config as the engine hands it to a program: objects as JSON text, scalars as text, no ciphertext."""
        return {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in self.config.items()
            if not is_secure(value)
        }


def read_stack_file(path: Path, mistakes: list[Problem] | None = None) -> StackFile:
    """Read a stack file. Raises SettingsError with every mistake of form: not YAML, no config, wrong keys, a supplied
    secret that is not encrypted (its value is not shown).

    mistakes: where given, takes those after which the settings can be read all the same, so that what is wrong in them
    is told in the same round.
    """
    root = _compose(path)
    config_node = next((value for name, value in root.value if name.value == "config"), None)
    fatal = [*_form_problems(root, config_node), *_project_problems(path.parent / "Pulumi.yaml")]
    light: list[Problem] = []
    config: dict[str, Any] = {}
    if isinstance(config_node, yaml.MappingNode):
        config = node_data(config_node)
        light += [*repeated_keys(config_node), *_value_problems(config_node, "")]
        fatal += _namespace_problems(config)
        light += _secret_key_problems(config)
    lines = key_lines(config_node)
    place = StackFile(path, lines=lines | key_lines(root)).placed
    if fatal or (light and mistakes is None):
        raise SettingsError([place(problem) for problem in (*fatal, *light)])
    if mistakes is not None:
        mistakes += [place(problem) for problem in light]
    return StackFile(path, config, lines)


def is_secure(value: Any) -> bool:
    """Whether a value is a ciphertext of ``pulumi config set --secret``."""
    return isinstance(value, dict) and set(value) == {"secure"}


def _compose(path: Path) -> yaml.MappingNode:
    try:
        root = compose_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError([Problem("", path.name, _stacks_there(path), path.name)]) from None
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError([yaml_problem(error, path.name)]) from None
    if not isinstance(root, yaml.MappingNode):
        raise SettingsError([Problem("config", None, _NO_CONFIG, path.name, 1)])
    return root


def _form_problems(root: yaml.MappingNode, config: yaml.Node | None) -> Iterator[Problem]:
    for name, _ in root.value:
        if name.value not in _TOP_LEVEL:
            near = did_you_mean(str(name.value), _TOP_LEVEL)
            yield Problem(str(name.value), name.value, f"one of {', '.join(_TOP_LEVEL)}{near}")
    if not isinstance(config, yaml.MappingNode):
        yield Problem("config", None, _NO_CONFIG)


def _value_problems(node: yaml.Node, key: str) -> Iterator[Problem]:
    """What the engine's YAML reads differently from Python's, and secrets in plain text."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _value_problems(value, f"{key}.{name.value}" if key else str(name.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _value_problems(item, f"{key}[{index}]")
    elif _is_supplied(key):
        if not key.endswith(".secure"):
            yield Problem(key, "(not shown)", f"encrypted: {COMMAND % key}; replace the value, it has been seen")
    elif "${" in str(node.value):
        yield Problem(key, node.value, "the value itself: nothing replaces ${...} in a stack file")
    elif is_plain(node) and _DATE.match(node.value):
        yield Problem(key, node.value, "a date in quotes: the engine makes a time stamp of a bare one")
    elif is_plain(node) and node.value not in ("true", "false") and node.value.lower() in _BOOLEANS:
        quoted = f'true or false, or "{node.value}" in quotes for a text: the engine reads other words as text'
        yield Problem(key, node.value, quoted)
    elif is_plain(node) and _ODD_NUMBER.fullmatch(node.value):
        read = node_data(node)
        message = f'"{node.value}" in quotes for a text, or {read:g} for a number: readers make {read:g} of it'
        yield Problem(key, Bare(node.value), message)


def _is_supplied(key: str) -> bool:
    return key == CONFIG_KEY or key.startswith((f"{CONFIG_KEY}.", f"{CONFIG_KEY}["))


def _namespace_problems(config: dict[str, Any]) -> Iterator[Problem]:
    spaces = {key.partition(":")[0] for key in config if ":" in key} - set(FOREIGN_NAMESPACES)
    if len(spaces) == 1 and len(config) > 1 and NAMESPACE not in spaces:
        first = next(key for key in config if key.partition(":")[0] in spaces)
        yield Problem(first, Bare(first), f"{NAMESPACE}:, as in all keys here: the project keeps its name")
        return
    for key in config:
        namespace, colon, _ = key.partition(":")
        if not colon or namespace not in (NAMESPACE, *FOREIGN_NAMESPACES):
            near = did_you_mean(namespace, (NAMESPACE, *FOREIGN_NAMESPACES)) if colon else _near_section(key)
            yield Problem(key, key, f"a key like `{NAMESPACE}:platform` or of a provider (azure-native:){near}")


def _near_section(key: str) -> str:
    """The end of a message about a section that was written without the project's name."""
    sections = [str(info.alias) for info in Settings.model_fields.values()]
    return f"; did you mean {NAMESPACE}:{key}?" if key in sections else ""


def _secret_key_problems(config: dict[str, Any]) -> Iterator[Problem]:
    """Encrypted values beside the key of supplied secrets: no setting is one, so nobody would ever read them."""
    sections = [str(info.alias) for info in Settings.model_fields.values()]
    for full, value in config.items():
        namespace, _, key = full.partition(":")
        if namespace == NAMESPACE and is_secure(value):
            found = forgotten_path(key, sections)
            if found is not None:
                yield replace(found, key=full)


def project_problems(name: str) -> Iterator[Problem]:
    """The engine looks for config under the project's name: by another one it finds none of ours."""
    if name != NAMESPACE:
        allowed = f"{NAMESPACE}: every key of a stack file begins with the project's name; rename the workload by "
        yield Problem("name", name, f"{allowed}`platform.short` instead", file=PROJECT_FILE)


def _project_problems(file: Path) -> Iterator[Problem]:
    if file.is_file():
        name, line = read_document(file, dict[str, Any]).get("name"), line_of(file_lines(file), "name")
        yield from (replace(p, line=line) for p in project_problems(str(name)))


def _stacks_there(path: Path) -> str:
    stacks = sorted(p.name.split(".")[1] for p in path.parent.glob("Pulumi.*.yaml"))
    asked = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    return f"a stack of this project; there are {', '.join(stacks) or 'none'}{did_you_mean(asked, stacks)}"
