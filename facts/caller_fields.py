"""Columns of log tables that the caller of a request writes (`caller_fields.yaml`)."""

from documents.reading import data_reader
from facts.decisions import Sourced


class CallerFields(Sourced):
    """The columns of one table that a caller chooses, and who says so."""

    columns: list[str]


caller_fields = data_reader(__file__, "caller_fields.yaml", dict[str, CallerFields])
"""Caller-written columns by table."""
