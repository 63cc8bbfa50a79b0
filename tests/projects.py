"""Copies of this project with other stack files, for tests that run the command on them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from documents.yaml_text import load_yaml
from tests.harness import ROOT

CODE = ("__main__.py", "Pulumi.yaml", "stacks", "components", "database", "policies")
MINIMAL = ROOT / "tests" / "fixtures" / "Pulumi.minimal.yaml"

Config = dict[str, Any]


def minimal_config() -> Config:
    """The config of the least stack, to be changed by a test."""
    return copy.deepcopy(_config(MINIMAL))


def stack_config(stack: str) -> Config:
    """The config in a stack's own file, to be changed by a test."""
    return copy.deepcopy(_config(ROOT / f"Pulumi.{stack}.yaml"))


@cache
def _config(file: Path) -> Config:
    config: Config = load_yaml(file.read_text(encoding="utf-8"))["config"]
    return config


def project(folder: Path, **stack_files: str | Config) -> Path:
    """A project in ``folder`` with this one's code and only these stacks: file text, or config to be written."""
    for name in CODE:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    for stack, content in stack_files.items():
        text = content if isinstance(content, str) else yaml.safe_dump({"config": content}, sort_keys=False)
        (folder / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")
    return folder


def changed(change: Callable[[Config], Any]) -> Config:
    """The least config after ``change``, which alters it in place."""
    config = minimal_config()
    change(config)
    return config
