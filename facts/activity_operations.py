"""Operations that the activity log names (`activity_operations.yaml`)."""

from typing import Literal

from documents.reading import data_reader
from documents.texts import LowerCase
from facts.decisions import Sourced


class Operation(Sourced):
    """One operation. spelling: ``confirmed`` by a list of Microsoft's, or ``unverified``."""

    what: str
    spelling: Literal["confirmed", "unverified"]


activity_operations = data_reader(__file__, "activity_operations.yaml", dict[LowerCase, Operation])
"""Operations by name in lower case."""
