"""API versions of calls that people make by hand (`api_calls.yaml`)."""

from datetime import date

from documents.reading import data_reader
from documents.sections import Section


class ApiCall(Section):
    """One kind of call. The file's head says what each field means."""

    what: str
    type: str
    version: str
    source: str
    read: date


api_calls = data_reader(__file__, "api_calls.yaml", list[ApiCall])
"""Every row."""
