"""The log categories of each resource type (`log_categories.yaml`)."""

from documents.reading import data_reader
from documents.texts import LowerCase
from facts.decisions import Sourced, Unknown


class LogCategories(Sourced):
    """The categories of one type with the tables that pages give for each, and its category groups."""

    groups: list[str] | Unknown
    categories: dict[str, list[str]]


log_categories = data_reader(__file__, "log_categories.yaml", dict[LowerCase, LogCategories])
"""Categories by ARM resource type in lower case."""
