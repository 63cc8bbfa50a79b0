"""Columns of log tables that the caller of a request writes (`caller_fields.yaml`)."""

from datetime import date

from documents.reading import data_reader
from documents.sections import Section


class CallerFields(Section):
    """The columns of one table that a caller chooses, and who says so."""

    columns: list[str]
    source: str
    read: date


caller_fields = data_reader(__file__, "caller_fields.yaml", dict[str, CallerFields])
"""Caller-written columns by table."""
