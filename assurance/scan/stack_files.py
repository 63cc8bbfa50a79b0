"""What stack files give away: a key that is plain in one stack and encrypted in another, and one that says secret."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from assurance.scan.lines import Hit
from assurance.scan.values import is_value
from documents.lines import line_of, text_lines
from documents.nested import leaves
from documents.yaml_text import load_yaml
from facts.secret_inputs import says_secret


def is_stack_file(path: Path) -> bool:
    """Whether Pulumi reads it as the config of a stack."""
    return path.name.startswith("Pulumi.") and path.suffix in (".yaml", ".yml") and path.stem != "Pulumi"


def stack_file_hits(files: Mapping[Path, str]) -> Iterator[tuple[Path, Hit]]:
    """Secrets of stack files, which are compared with those in the same folder."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        if is_stack_file(path):
            folders[path.parent].append(path)
    for paths in folders.values():
        yield from _compared({path: files[path] for path in sorted(paths)})


def _compared(files: Mapping[Path, str]) -> Iterator[tuple[Path, Hit]]:
    configs = {path: config for path, text in files.items() if (config := _config(text)) is not None}
    values = {path: dict(_values(config)) for path, config in configs.items()}
    encrypted = {key: path for path, own in values.items() for key, value in own.items() if value is None}
    for path, own in values.items():
        lines, text = text_lines(files[path]), files[path].splitlines()
        for key, value in own.items():
            if value is None:
                continue
            line = line_of(lines, f"config.{key}") or 1
            shown = text[line - 1].strip() if line <= len(text) else ""
            if key in encrypted:
                yield path, Hit(line, f"{key} in plain text, which {encrypted[key].name} encrypts", shown)
            elif says_secret(_last(key)) and isinstance(value, str) and is_value(value):
                yield path, Hit(line, f"{key} in plain text", shown)


def _config(text: str) -> Any:
    try:
        document = load_yaml(text)
    except yaml.YAMLError:
        return None
    return document.get("config") if isinstance(document, Mapping) else None


def _values(config: Any) -> Iterator[tuple[str, Any]]:
    """Every value by its path; None for one that is encrypted."""
    for key, value in leaves(config):
        if key.endswith(".secure"):
            yield key.removesuffix(".secure"), None
        elif value is not None:
            yield key, value


def _last(key: str) -> str:
    return key.rpartition(".")[2].rpartition(":")[2]
