"""JSON that somebody else wrote: every way in which it can be none is one ValueError."""

from typing import Any

from pydantic_core import from_json


def parse_json(text: str) -> Any:
    """The value that ``text`` is JSON of.

    Raises ValueError: malformed, half of a surrogate pair, NaN, or nested deeper than 200 (what walks through the value
    would run out of stack).
    """
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
