"""What another program saved, as JSON."""

import json
from pathlib import Path
from typing import Any

from assurance.errors import UsageError


def read_json(path: Path) -> Any:
    """The content of a file. Raises UsageError where it cannot be read, or is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: no JSON ({error})") from None
