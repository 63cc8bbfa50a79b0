"""A Pulumi project as the engine sees it: its name, its program and the config that a stack file gives it."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from assurance.errors import UsageError
from documents.problems import DocumentError
from documents.yaml_text import compose_yaml, node_data, yaml_problem
from policies.projects import OUR_PROJECTS

HOME = Path(__file__).parents[1]
"""Folder of the repository that this `assurance` is part of."""


@dataclass(frozen=True)
class Project:
    """A folder with a Pulumi.yaml. main: the file that runs; defaults: config values that Pulumi.yaml gives."""

    root: Path
    name: str
    main: Path
    defaults: dict[str, Any]

    @property
    def own(self) -> bool:
        """Whether it is a program of this repository, so that its own catalogues and stack files are known."""
        return is_own(self.name)

    def config(self, stack: str) -> tuple[dict[str, str], list[str]]:
        """(config by full key, keys that are encrypted) of a stack file; no file gives no config.

        Raises UsageError with what is wrong in the file.
        """
        values = dict(self.defaults)
        path = self.root / f"Pulumi.{stack}.yaml"
        if path.is_file():
            document = _mapping(path)
            config = document.get("config") or {}
            if not isinstance(config, dict):
                raise UsageError(f"{path.name}: config = {config!r}: a mapping of keys like `{self.name}:size`")
            values |= {self._full(str(key)): value for key, value in config.items()}
        secure = [key for key, value in values.items() if isinstance(value, dict) and set(value) == {"secure"}]
        return {key: _engine_text(value) for key, value in values.items() if key not in secure}, secure

    def _full(self, key: str) -> str:
        return key if ":" in key else f"{self.name}:{key}"


def read_project(root: Path) -> Project:
    """The project in ``root``. Raises UsageError for a folder without a Pulumi.yaml, or one of another language."""
    path = root / "Pulumi.yaml"
    if not path.is_file():
        raise UsageError(f"{root}: no Pulumi.yaml there")
    document = _mapping(path)
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"{path}: name = {name!r}: the project's name")
    runtime = document.get("runtime")
    language = runtime.get("name") if isinstance(runtime, dict) else runtime
    if language != "python":
        raise UsageError(f"{path}: runtime = {language!r}: python; only Python programs can be recorded")
    main = root / str(document.get("main") or "")
    main = main / "__main__.py" if main.is_dir() else main
    if not main.is_file():
        raise UsageError(f"{path}: main = {document.get('main')!r}: a folder with a __main__.py, or a file")
    return Project(root, name, main, _defaults(name, document.get("config")))


def user_cache() -> Path:
    """The folder in the user's cache for what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "medspasync-assurance"


@cache
def own_projects() -> dict[str, Path]:
    """Folders of the projects of this repository, by name."""
    files = [HOME / "Pulumi.yaml", *sorted(HOME.glob("*/Pulumi.yaml"))]
    return {str(_mapping(path).get("name")): path.parent for path in files if path.is_file()}


def is_own(name: str | None) -> bool:
    """Whether a record of this project name is one of this repository; one that names no project counts as such."""
    return not name or name in OUR_PROJECTS


def _defaults(name: str, schema: Any) -> dict[str, Any]:
    """Values that Pulumi.yaml itself gives: ``key: value`` or ``key: {value: ...}`` or ``{default: ...}``."""
    found: dict[str, Any] = {}
    for key, entry in schema.items() if isinstance(schema, dict) else ():
        full = key if ":" in str(key) else f"{name}:{key}"
        if not isinstance(entry, dict):
            found[full] = entry
        elif "value" in entry or "default" in entry:
            found[full] = entry.get("value", entry.get("default"))
    return found


def _engine_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _mapping(path: Path) -> dict[str, Any]:
    try:
        document = node_data(compose_yaml(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise DocumentError([yaml_problem(error, str(path))]) from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: a mapping of keys")
    return document
