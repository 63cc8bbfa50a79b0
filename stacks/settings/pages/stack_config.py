"""Writes docs/stack-config.md, the settings of a stack by section: ``python -m stacks.settings.pages.stack_config``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from documents.arguments import read_arguments
from documents.schemas import member_schema
from stacks.settings.model import Settings
from stacks.settings.pages.sections import LeftOut, left_out
from stacks.settings.reading.parse import NAMESPACE

PAGE = Path(__file__).parents[3] / "docs" / "stack-config.md"
WAYS = {
    "refused": "refused",
    "safe": "safe default",
    "rule": "a rule fails",
    "optional": "nothing is made",
}
"""How a stack without a section ends, as the page says it."""

_INTRODUCTION = f"""\
<!-- Written by `python -m stacks.settings.pages.stack_config` from stacks/settings. -->

# Stack config

Every setting of a `Pulumi.<stack>.yaml`, by section. A section is a key `{NAMESPACE}:<section>` under `config`.
Defaults are the safe ones; *required* has none. Editors complete and check the same from
[stack-config.schema.json](stack-config.schema.json).

## Sections, and a stack without one

- *refused*: the settings refuse the file (exit 2).
- *safe default*: the record is the same or a stricter one.
- *a rule fails*: `assurance check` names it.
- *nothing is made*: what it made is gone, and nothing else refers to it.

A test takes each out of every stack file.

| section | without it | with test data only | why |
|---|---|---|---|
"""

_HEAD = """\
| setting | allowed | default | what it does |
|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    schema = Settings.model_json_schema(by_alias=True)
    rows = [_section_row(key, entry) for key, entry in left_out().items()]
    parts = [_INTRODUCTION, *rows]
    required = schema.get("required", [])
    texts = {field.alias: field.description for field in Settings.model_fields.values()}
    for key, section in schema["properties"].items():
        default = "Required." if key in required else "May be left out."
        parts.append(f"\n## {key}\n\n{texts[key]} {default}\n\n{_HEAD}")
        parts += [f"| {' | '.join(row)} |\n" for row in _settings("", section, schema["$defs"])]
    return "".join(parts)


def _section_row(key: str, entry: LeftOut) -> str:
    way = WAYS[entry.ends] + (f" ({', '.join(entry.rules)})" if entry.ends == "rule" else "")
    if entry.owner:
        way += f"; of the subscription's owner: {WAYS[entry.owner]}"
    other = WAYS[entry.test_data] if entry.test_data else "the same"
    return f"| `{key}` | {way} | {other} | {entry.reason} |\n"


def _settings(prefix: str, schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Rows of a section: its settings, and below each one that holds others, those."""
    for prefix_, model in _models(prefix, schema, defs):
        required = model.get("required", [])
        for name, value in model["properties"].items():
            key = f"{prefix_}.{name}" if prefix_ else name
            default = "required" if name in required else _default(value.get("default"))
            yield f"`{key}`", _allowed(value, defs), default, _text(value)
            yield from _settings(key, value, defs)


def _models(key: str, schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The models that a value is made of, with the key under which each one's settings stand."""
    for part in _parts(schema, defs):
        if "properties" in part:
            yield key, part
        elif part.get("type") == "array":
            yield from _models(f"{key}[]", part["items"], defs)
        elif (member := member_schema(part)) is not None:
            yield from _models(f"{key}.<name>".lstrip("."), member, defs)


def _parts(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schema itself, or what it refers to and chooses between; null left out."""
    if "$ref" in schema:
        yield from _parts(defs[schema["$ref"].rsplit("/", 1)[-1]], defs)
    elif "anyOf" in schema:
        for choice in schema["anyOf"]:
            yield from _parts(choice, defs)
    elif schema.get("type") != "null":
        yield schema


def _allowed(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_words(part, defs) for part in _parts(schema, defs)))


def _words(part: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return (
            ", ".join(f"`{value}`" for value in part["enum"]) if len(part["enum"]) <= 12 else "a name of the catalogue"
        )
    if "properties" in part:
        return "settings below"
    kind = part.get("type", "any")
    if kind == "array":
        return f"list of: {_allowed(part['items'], defs)}"
    if kind == "object":
        return f"by name: {_allowed(member_schema(part) or {}, defs)}"
    low, high = part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        return f"{low:,} to {high:,}"
    return {"string": "text", "boolean": "true, false", "integer": "whole number", "number": "number"}.get(kind, kind)


def _default(value: Any) -> str:
    if value is None:
        return "none"
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= 60 else "as below"


def _text(schema: Mapping[str, Any]) -> str:
    return " ".join(schema.get("description", "").split()).replace("|", "\\|")


if __name__ == "__main__":
    read_arguments("stacks.settings.pages.stack_config", __doc__)
    PAGE.write_text(page(), encoding="utf-8")
