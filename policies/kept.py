"""Judgements of texts and paths that are kept: the same few stand in most resources of a stack."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

TEXTS = 1 << 15
"""How many each function keeps, so that a process that judges one program after another does not grow."""
_forgetters: list[Callable[[], None]] = []

P = ParamSpec("P")
T = TypeVar("T")


def kept(function: Callable[P, T]) -> Callable[P, T]:
    """A function of texts alone, which answers what it answered before."""
    quick = lru_cache(TEXTS)(function)
    _forgetters.append(quick.cache_clear)
    return cast(Callable[P, T], quick)


def finds(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    """A function that says whether a text holds a pattern, and answers what it answered before."""
    return kept(lambda text: pattern.search(text) is not None)


def forget() -> None:
    """Keep nothing of what was answered so far, as a process begins: for measuring."""
    for each in _forgetters:
        each()
