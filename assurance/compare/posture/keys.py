"""The key of a stack file that a change comes from, where both sides' files are at hand."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import yaml

from assurance.compare.posture.item import Posture
from documents.lines import text_lines
from documents.nested import leaves
from documents.yaml_text import compose_yaml, node_data

Texts = tuple[str | None, str | None]
"""The stack file of the base and of the head."""


def name_keys(items: Iterable[Posture], file: str, texts: Texts, *, alone: bool = False) -> list[Posture]:
    """The items; one whose entry is a whole section of ``file`` names the key in it that changed, where it is clear.

    alone: nothing else that the program reads differs, so that a single key that does is what the items come from.
    """
    if texts[0] is None or texts[1] is None:
        return list(items)
    try:
        before, after = (dict(leaves(node_data(compose_yaml(text)))) for text in (texts[0], texts[1]))
        lines = {**text_lines(texts[0]), **text_lines(texts[1])}  # of the base for what is gone
    except yaml.YAMLError:
        return list(items)
    changed = {key: (before.get(key), after.get(key)) for key in {*before, *after} if before.get(key) != after.get(key)}
    return [_named(each, file, changed, lines, alone) for each in items]


def _named(
    item: Posture, file: str, changed: dict[str, tuple[Any, Any]], lines: dict[str, int], alone: bool
) -> Posture:
    origin = item.origin or {}
    if str(origin.get("file", "")).startswith("policies/"):
        return item
    section = f"config.{origin.get('key')}" if origin.get("file") == file else None
    inside = [key for key in changed if section and (key == section or key.startswith((f"{section}.", f"{section}[")))]
    same = [key for key in changed if changed[key] == (item.before, item.after)]
    exact = [key for key in same if key in inside]
    keys = exact if len(exact) == 1 else inside
    if len(keys) != 1 and not inside and (alone or origin.get("file") in (file, None)):
        keys = same if len(same) == 1 and _telling(item) else list(changed) if alone else []
    if len(keys) != 1:
        return item
    return replace(item, origin={"file": file, "line": lines.get(keys[0]), "key": keys[0].removeprefix("config.")})


def _telling(item: Posture) -> bool:
    """Whether values say where they come from: that something is on, off or not there is said in many places."""
    return not {type(item.before), type(item.after)} <= {bool, type(None)}
