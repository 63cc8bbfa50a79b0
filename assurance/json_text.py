"""JSON as files of ours hold it: an entry a line, texts as they are read."""

from typing import Any

from pydantic_core import to_json


def json_text(value: Any) -> str:
    """``value`` as JSON, each level a space further in.

    As ``json.dumps(value, indent=1, ensure_ascii=False)`` writes it, which takes five times as long: with an indent the
    library's writer is in Python. Raises ValueError for a text that is none (half of a surrogate pair).
    """
    return to_json(value, indent=1).decode()
