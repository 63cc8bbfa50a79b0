"""Operations that the activity log names (`activity_operations.yaml`)."""

from functools import cache
from pathlib import Path
from typing import Literal

from documents.reading import read_document
from facts.decisions import Sourced


class Operation(Sourced):
    """One operation. spelling: ``confirmed`` by a list of Microsoft's, or ``unverified``."""

    what: str
    spelling: Literal["confirmed", "unverified"]


@cache
def activity_operations() -> dict[str, Operation]:
    """Operations by name in lower case, as Azure compares them. Raises DocumentError when the file is wrong."""
    path = Path(__file__).with_name("activity_operations.yaml")
    rows: dict[str, Operation] = read_document(path, dict[str, Operation])
    return {name.lower(): row for name, row in rows.items()}
