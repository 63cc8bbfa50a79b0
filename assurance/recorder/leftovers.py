"""What a recorded program leaves in memory: the SDK's resources, outputs and tasks hold each other in rings.

Only the garbage collector frees a ring. A process that records one program after another, as tests do, searched for
them for a fifth of its time and kept 20 MB of each least stack meanwhile; untied, they go at once.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from pulumi import Resource
from pulumi.runtime import known_types, rpc

_NAME = "contains_unknowns"


def untie(resources: Iterable[Resource]) -> None:
    """Empty the resources of a program that has ended; its outputs keep their values."""
    for resource in resources:
        vars(resource).clear()


@contextlib.contextmanager
def ringless_unknowns() -> Iterator[None]:
    """Look for unknowns without the SDK's function, each call of which leaves a ring of its own: there are twice as
    many as outputs. Without a function of this name the SDK's way stays."""
    original = getattr(rpc, _NAME, None)
    if original is None:
        yield
        return
    setattr(rpc, _NAME, _contains_unknowns)
    try:
        yield
    finally:
        setattr(rpc, _NAME, original)


def _contains_unknowns(value: Any) -> bool:
    """Whether ``value``, or anything inside its dictionaries and lists, is not known yet."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if known_types.is_unknown(item):
            return True
        if isinstance(item, dict | list) and id(item) not in seen:
            seen.add(id(item))
            # Not ``item.values()``: an output type may have a property of that name.
            waiting.extend(dict.values(item) if isinstance(item, dict) else item)
    return False
