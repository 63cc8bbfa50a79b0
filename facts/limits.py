"""Limits of a subscription (`limits.yaml`)."""

from typing import Literal

from documents.reading import data_reader
from facts.decisions import Sourced


class Limit(Sourced):
    """How many resources of a type there may be. The file's head says what each field means."""

    type: str
    limit: int
    per: Literal["subscription", "region"]
    adjustable: bool
    catalogue: Literal["activity"] | None = None


limits = data_reader(__file__, "limits.yaml", dict[str, Limit])
"""Limits by name."""
