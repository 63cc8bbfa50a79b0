"""Numbers with their nouns, and long lists, as people write them."""

from collections.abc import Sequence


def counted(number: int, noun: str, many: str = "") -> str:
    """``1 finding``, ``2 findings``. many: the noun of several, where it is not ``noun`` with an s."""
    return f"{number} {noun if number == 1 else many or f'{noun}s'}"


def first_of(names: Sequence[str], most: int) -> str:
    """``a, b and 4 more``. most: how many are named."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
