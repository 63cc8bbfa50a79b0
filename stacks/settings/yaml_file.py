"""Reads the project's own YAML, with libyaml where PyYAML has it: ten times faster, and catalogues are long."""

from __future__ import annotations

from typing import Any

import yaml

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """The plain data of a YAML text. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader


def compose_yaml(text: str) -> Any:
    """The nodes of a YAML text, which know their lines. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=Loader)
