"""What a log-scrubbing rule hides (`log_scrubbing.yaml`)."""

from documents.reading import data_reader
from facts.decisions import Sourced

HIDDEN = "****"
"""What Azure writes in place of a hidden value."""


class Scrubbing(Sourced):
    """The scrubbing rules of one resource type.

    category: the log they act on. rules, state: where the resource's inputs hold the rules and whether they are on.
    hides, hides_arguments: columns by match variable, hidden whole or from the question mark on.
    """

    category: str
    rules: str
    state: str
    hides: dict[str, list[str]]
    hides_arguments: dict[str, list[str]]


log_scrubbing = data_reader(__file__, "log_scrubbing.yaml", dict[str, Scrubbing])
"""Scrubbing by type token."""
