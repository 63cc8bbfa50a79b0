"""Quotas of a subscription in a region (`quotas.yaml`)."""

from documents.reading import data_reader
from documents.sections import Section


class Quota(Section):
    """Where the use of a type is counted."""

    path: str
    """Provider path below the subscription; names {location}."""
    version: str
    name: str
    """The name of the count in the answer."""


quotas = data_reader(__file__, "quotas.yaml", dict[str, Quota])
"""Rows by type key."""
