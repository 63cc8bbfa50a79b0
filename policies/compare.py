"""Values as Azure compares them: one place for case, order and form."""

import re
from collections.abc import Callable
from typing import Any


def folded(value: Any) -> Any:
    """A value to compare by: names, states and tags of Azure have no case nor blanks at ends.

    A boolean is its word and a number its digits: the provider writes both as the text that Azure takes.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(int(value)) if value == value // 1 else str(value)
    return value.strip().lower() if isinstance(value, str) else value


def same(value: Any, *allowed: Any) -> bool:
    """Whether ``value`` is one of ``allowed`` to Azure."""
    return folded(value) in [folded(item) for item in allowed]


def version(value: Any) -> tuple[int, ...]:
    """A version's digits, however it is written: ``TLS1_2``, ``TLS12``, ``TLSv1.2`` and ``1.2`` are (1, 2)."""
    digits = re.findall(r"\d", str(value))[:2]
    return tuple(int(digit) for digit in digits)


def lies_in(arm_id: str, scope: str) -> bool:
    """Whether an ARM id is a scope, or of what is below it."""
    return f"{arm_id}/".lower().startswith(f"{scope.rstrip('/')}/".lower())


def measured(duration: Any, unit: Callable[[str], float]) -> float:
    """A duration in ``unit`` (`days`, `minutes`); 0 where there is none, or none that Azure takes."""
    try:
        return unit(str(duration))
    except ValueError:
        return 0
