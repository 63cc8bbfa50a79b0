"""Another value for each setting of a stack file: tried through `assurance compare`.

Where the schema says what a setting takes (a switch, a choice, a number), another value is found by itself; the others
stand in ``trials.yaml``, with a value (and what it needs besides), or with the reason why none is tried.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from documents.schemas import member_schema
from documents.yaml_text import load_yaml
from stacks.settings.model import Settings
from stacks.settings.pages.changes import effects, row_of, settings_paths
from stacks.settings.reading.parse import SettingsError, parse
from tests.projects import Config, stack_config

FILE = Path(__file__).with_name("trials.yaml")
STACK = "prod"


@cache
def given() -> Mapping[str, Any]:
    """Values by path, or ``{untried: reason}``, as the file has them."""
    rows: Mapping[str, Any] = load_yaml(FILE.read_text(encoding="utf-8"))
    return rows


def reason(path: str) -> str:
    """Why no other value of a setting is tried; empty where one is."""
    value = given().get(path)
    return str(value["untried"]) if isinstance(value, dict) and set(value) == {"untried"} else ""


@cache
def trial(path: str) -> tuple[Config, Config] | None:
    """The stack's config, and the same with another value of a setting, both accepted; None where none was found."""
    if reason(path):
        return None
    base = stack_config(STACK)
    row = given().get(path)
    if isinstance(row, dict) and set(row) == {"base", "value"}:
        for key, value in row["base"].items():
            _set(base, key, copy.deepcopy(value))
    for value in _candidates(path, base):
        config = copy.deepcopy(base)
        if _set(config, path, value) and _is_accepted(config):
            return base, config
    return None


def tried() -> list[str]:
    """Settings of which another value is tried."""
    return [path for path in settings_paths() if not reason(path)]


def _is_accepted(config: Config) -> bool:
    try:
        parse({key: json.dumps(value) for key, value in config.items()}, f"Pulumi.{STACK}.yaml")
    except SettingsError:
        return False
    return True


def _candidates(path: str, base: Config) -> Iterator[Any]:
    row = effects()[row_of(path) or ""]
    if path in given():
        own = given()[path]
        yield own["value"] if isinstance(own, dict) and set(own) == {"base", "value"} else own
    elif row_of(path) == path and row.value is not None:
        yield row.value
    else:
        here = _get(base, path)
        for leaf in _leaf(path):
            yield from (value for value in _others(leaf, here) if value != here)


def _others(leaf: Mapping[str, Any], here: Any) -> Iterator[Any]:
    yield from leaf.get("enum", ())
    kind = leaf.get("type")
    if kind == "boolean":
        yield not (leaf.get("default") if here is None else here)
    if kind in ("integer", "number"):
        number = here if isinstance(here, (int, float)) else leaf.get("default") or leaf.get("minimum") or 1
        yield from (number + 1, number - 1, number * 2, leaf.get("minimum"), leaf.get("maximum"))


def _leaf(path: str) -> Iterator[Mapping[str, Any]]:
    """What the schema says of a setting: each of its alternatives."""
    schema = _schema()

    def alternatives(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if "$ref" in part:
            yield from alternatives(schema["$defs"][part["$ref"].rsplit("/", 1)[-1]])
        elif "anyOf" in part:
            for each in part["anyOf"]:
                yield from alternatives(each)
        else:
            yield part

    parts: list[Mapping[str, Any]] = [schema]
    for step in _steps(path):
        parts = [inner for part in parts if _has(part, step) for inner in alternatives(_inner(part, step))]
    yield from parts


@cache
def _schema() -> dict[str, Any]:
    return Settings.model_json_schema(by_alias=True)


def _has(part: Mapping[str, Any], step: str) -> bool:
    return (
        (step == "[]" and "items" in part)
        or step in part.get("properties", {})
        or (step == "*" and member_schema(part) is not None)
    )


def _inner(part: Mapping[str, Any], step: str) -> Mapping[str, Any]:
    inner: Mapping[str, Any] | None = (
        part["items"] if step == "[]" else member_schema(part) if step == "*" else part["properties"][step]
    )
    assert inner is not None, "_has"
    return inner


def _steps(path: str) -> list[str]:
    return path.replace("[]", ".[]").split(".")


def _get(config: Config, path: str) -> Any:
    """The value that the stack file has; None where it has none."""
    section, *steps = _steps(path)
    value: Any = config.get(f"medspasync:{section}")
    for step in steps:
        value = _member(value, step)
    return value


def _member(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return value[0] if value and step == "[]" else None
    if isinstance(value, dict):
        return next(iter(value.values()), None) if step == "*" else value.get(step)
    return None


def _set(config: Config, path: str, value: Any) -> bool:
    """Put a value in its place: of the first name for ``*``, the first item for ``[]``; whether there is that place."""
    section, *steps = _steps(path)
    if not steps:
        config[f"medspasync:{section}"] = value
        return True
    part = config.setdefault(f"medspasync:{section}", {})
    for step in steps[:-1]:
        if isinstance(part, dict) and step != "*" and step not in part:
            part[step] = {}
        part = _member(part, step)
    last = steps[-1]
    if isinstance(part, list) and last == "[]" and part:
        part[0] = value
    elif isinstance(part, dict) and (last != "*" or part):
        part[next(iter(part)) if last == "*" else last] = value
    else:
        return False
    return True
