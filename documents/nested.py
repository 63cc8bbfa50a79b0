"""Values inside plain data, as JSON and YAML have it."""

from collections.abc import Iterator, Mapping
from typing import Any


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, with its path (``rules[0].access``); an empty object or list is one."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def texts_in(value: Any) -> Iterator[str]:
    """Every text inside a value."""
    return (leaf for _, leaf in leaves(value) if isinstance(leaf, str))
