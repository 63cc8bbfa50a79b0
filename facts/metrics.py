"""The platform metrics of each resource type (`metrics.yaml`)."""

from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section
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


@cache
def type_metrics() -> dict[str, TypeMetrics]:
    """Metrics by ARM resource type in lower case. Raises DocumentError when the file is wrong."""
    rows: dict[str, TypeMetrics] = read_document(Path(__file__).with_name("metrics.yaml"), dict[str, TypeMetrics])
    return {type_.lower(): row for type_, row in rows.items()}
