"""A number with its noun, as people write it."""


def counted(number: int, noun: str, many: str = "") -> str:
    """``1 finding``, ``2 findings``. many: the noun of several, where it is not ``noun`` with an s."""
    return f"{number} {noun if number == 1 else many or f'{noun}s'}"
