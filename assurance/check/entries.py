"""Entries as a data file writes them: which of its keys are entries, and which nobody decided."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

Keys = tuple[str, ...]
"""By what an entry may be called; the last is what a person would use."""


@dataclass(frozen=True)
class Node:
    """A place in a file. steps: keys from the top, an item of a list by its position; keys: how it may be called; an
    item that has an ``id`` or a ``name`` has two keys."""

    steps: tuple[str, ...]
    keys: Keys
    content: Any

    def children(self) -> "Iterator[Node]":
        """Values of a mapping and items of a list."""
        if isinstance(self.content, dict):
            for name, content in self.content.items():
                keys = tuple(f"{key}.{name}" if key else str(name) for key in self.keys)
                yield Node((*self.steps, str(name)), keys, content)
        elif isinstance(self.content, list):
            for index, content in enumerate(self.content):
                named = content if isinstance(content, dict) else {}
                names = [str(named[each]) for each in ("id", "name") if each in named]
                keys = tuple(
                    each
                    for key in self.keys
                    for each in (f"{key}[{index}]", *(f"{key}.{name}" if key else name for name in names))
                )
                yield Node((*self.steps, str(index)), keys, content)


def find_entries(top: Node, entries: Collection[str], shapes: Collection[str]) -> tuple[list[Keys], list[str]]:
    """The entries at and below ``top``, each as its keys, and the keys that stand in neither list.

    entries, shapes: paths with ``*`` for any step. A key without a value, and an empty list or mapping, is no entry.
    """
    found: list[Keys] = []
    undecided: list[str] = []
    patterns = [tuple(path.split(".")) for path in entries]
    shaping = [tuple(path.split(".")) for path in shapes]

    def walk(node: Node, inside: bool) -> None:
        if node.content is None or any(_matches(path, node.steps) for path in shaping):
            return
        if any(_matches(path, node.steps) for path in patterns):
            if node.content in ({}, []):
                return
            found.append(node.keys)
            inside = True
        leads_on = any(
            _matches(path[: len(node.steps)], node.steps)
            for path in (*patterns, *shaping)
            if len(path) > len(node.steps)
        )
        if leads_on:
            for child in node.children():
                walk(child, inside)
        elif not inside:
            undecided.append(node.keys[-1])

    walk(top, inside=False)
    return found, undecided


def _matches(path: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    return len(path) == len(steps) and all(one in ("*", step) for one, step in zip(path, steps, strict=True))
