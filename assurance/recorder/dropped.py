"""Finds inputs that the SDK drops without a word: those that come from an output which has no value."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi import _types


def dropped_inputs(given: Any, sent: Any, path: str = "") -> Iterator[str]:
    """Paths where the program gave an output and nothing was sent.

    given: a resource's arguments as the program passed them; sent: its inputs on the wire, unmarked.
    """
    if isinstance(given, pulumi.Output):
        if sent is None:
            yield path
    elif isinstance(given, Mapping):
        yield from _members(given, sent, path)
    elif isinstance(given, (list, tuple)):
        for index, item in enumerate(given):
            present = isinstance(sent, list) and index < len(sent)
            yield from dropped_inputs(item, sent[index] if present else None, f"{path}[{index}]")
    elif _types.is_input_type(type(given)):
        yield from _members(vars(given), sent, path)


def _members(given: Mapping[str, Any], sent: Any, path: str) -> Iterator[str]:
    wire = {_folded(name): value for name, value in sent.items()} if isinstance(sent, dict) else {}
    for name, value in given.items():
        yield from dropped_inputs(value, wire.get(_folded(str(name))), f"{path}.{name}" if path else str(name))


def _folded(name: str) -> str:
    """The same for a Python name and its wire name: resource_group_name and resourceGroupName."""
    return name.replace("_", "").lower()
