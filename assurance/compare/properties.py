"""Where two values differ."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

_NAMES = ("name", "id", "key", "ruleId")
"""What tells the items of a list apart, so that one more in front does not make all others look changed."""


@dataclass(frozen=True)
class Difference:
    """A value on both sides; None where a side has it not."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Every value that differs, at its deepest path (``securityRules[3].access``); in the head's order of lists."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list):
        for index, old, new in _aligned(before, after):
            yield from differences(old, new, f"{path}[{index}]")
    elif before != after or type(before) is not type(after):
        yield Difference(path, before, after)


def _aligned(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[int, Any, Any]]:
    """(index in the head, else in the base, both items): by name where all items have one, else by position."""
    for name in _NAMES:
        old, new = _by_name(before, name), _by_name(after, name)
        if old is not None and new is not None:
            if list(old) != list(new) and set(old) == set(new):
                yield from ((index, before[index], item) for index, item in enumerate(after))  # the order is a value
                return
            renamed = {
                index: index for key, index in old.items() if key not in new and _is_new(after, index, name, old)
            }
            for key, index in new.items():
                place = old.get(key, index if index in renamed else None)
                yield index, before[place] if place is not None else None, after[index]
            gone = [index for key, index in old.items() if key not in new and index not in renamed]
            yield from ((index, before[index], None) for index in gone)
            return
    yield from _by_content(before, after)


def _is_new(after: Sequence[Any], index: int, name: str, old: Mapping[str, int]) -> bool:
    """Whether the item at ``index`` has a name that was not there before: what stood there has got it."""
    return index < len(after) and after[index][name] not in old


def _by_content(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[int, Any, Any]]:
    """Items without a name: what is equal stays together, so that one more item is one difference."""
    old, new = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    for _, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for offset in range(max(i_end - i, j_end - j)):
            left, right = i + offset, j + offset
            yield (
                right if right < j_end else left,
                before[left] if left < i_end else None,
                after[right] if right < j_end else None,
            )


def _by_name(items: Sequence[Any], name: str) -> dict[str, int] | None:
    found: dict[str, int] = {}
    for index, item in enumerate(items):
        value = item.get(name) if isinstance(item, Mapping) else None
        if not isinstance(value, str) or value in found:
            return None
        found[value] = index
    return found
