"""Values as Azure compares them: one place for case, order and form."""

from __future__ import annotations

from typing import Any


def folded(value: Any) -> Any:
    """A value to compare by: names, states and tags of Azure have no case, and ends no blanks."""
    return value.strip().lower() if isinstance(value, str) else value


def same(value: Any, *allowed: Any) -> bool:
    """Whether ``value`` is one of ``allowed`` to Azure."""
    return folded(value) in [folded(item) for item in allowed]
