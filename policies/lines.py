"""Where the entries of this room's YAML files stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

Key = tuple[str | int, ...]


def key_lines(text: str) -> dict[Key, int]:
    """The 1-based line of every entry, by its path of keys and list positions. Raises yaml.YAMLError."""
    return dict(_lines(yaml.compose(text, Loader=yaml.SafeLoader), ()))


def line_of(lines: Mapping[Key, int], key: Key) -> int:
    """The line of ``key``, or of the nearest parent that the file has."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def _lines(node: yaml.Node | None, key: Key) -> Iterator[tuple[Key, int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield (*key, name.value), name.start_mark.line + 1
            yield from _lines(value, (*key, name.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*key, index), item.start_mark.line + 1
            yield from _lines(item, (*key, index))
