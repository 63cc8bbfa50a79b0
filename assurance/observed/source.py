"""What another program saved, as JSON."""

from pathlib import Path
from typing import Any

from assurance.errors import UsageError
from documents.json_reading import parse_json


def read_json(path: Path) -> Any:
    """The content of a file. Raises UsageError where it cannot be read, or is no JSON."""
    try:
        return parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
