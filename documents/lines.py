"""Where keys stand in a YAML file."""

from pathlib import Path

import yaml

from documents.yaml_text import compose_yaml


def key_lines(node: yaml.Node | None, key: str = "") -> dict[str, int]:
    """1-based line of every key path under ``node``: ``a.b`` for mappings, ``a[0]`` for lists.

    A list item that has an ``id`` or ``name`` is found under that too (``rules.auth``), as catalogues are spoken of.
    """
    lines: dict[str, int] = {}
    if isinstance(node, yaml.MappingNode):
        for name_node, value_node in node.value:
            path = f"{key}.{name_node.value}" if key else str(name_node.value)
            lines[path] = name_node.start_mark.line + 1
            lines.update(key_lines(value_node, path))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            for path in (f"{key}[{index}]", *_spoken_of(item, key)):
                lines[path] = item.start_mark.line + 1
            lines.update(key_lines(item, f"{key}[{index}]"))
    return lines


def text_lines(text: str) -> dict[str, int]:
    """The lines of a YAML text. Raises yaml.YAMLError."""
    return key_lines(compose_yaml(text))


def file_lines(path: Path) -> dict[str, int]:
    """The lines of a file of the project; empty when it is no readable YAML, for a line is only ever a help."""
    try:
        return text_lines(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return {}


def line_of(lines: dict[str, int], key: str) -> int | None:
    """Line of ``key``, or of the nearest parent that the file has (a key may be missing)."""
    while key:
        if key in lines:
            return lines[key]
        key = max(key.rpartition(".")[0], key.rpartition("[")[0], key=len)
    return None


def _spoken_of(item: yaml.Node, key: str) -> list[str]:
    if not isinstance(item, yaml.MappingNode):
        return []
    names = [value.value for name, value in item.value if name.value in ("id", "name")]
    return [f"{key}.{name}" if key else str(name) for name in names if isinstance(name, str)]
