"""The platform metrics of each resource type (`metrics.yaml`)."""

from documents.reading import data_reader
from documents.sections import Section
from documents.texts import LowerCase
from facts.decisions import Sourced


class Metric(Section):
    """One metric. aggregations: those that its page lists; grains: ISO 8601 durations at which it is kept."""

    unit: str
    aggregations: list[str]
    grains: list[str]
    dimensions: list[str]


class TypeMetrics(Sourced):
    """The metrics of one resource type, by their names in the REST API, which tell capitals apart."""

    metrics: dict[str, Metric]


type_metrics = data_reader(__file__, "metrics.yaml", dict[LowerCase, TypeMetrics])
"""Metrics by ARM resource type in lower case."""
