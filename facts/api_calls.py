"""API versions of calls that people make by hand (`api_calls.yaml`)."""

from documents.reading import data_reader
from facts.decisions import Sourced


class ApiCall(Sourced):
    """One kind of call. The file's head says what each field means."""

    what: str
    type: str
    version: str


api_calls = data_reader(__file__, "api_calls.yaml", list[ApiCall])
"""Every row."""
