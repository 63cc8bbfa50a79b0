"""An estimate of the log volume of a stack and what it costs: the oracle of the table in docs/slo.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from documents.reading import data_reader
from documents.sections import Section

DAYS = 30.4
"""Days of a month."""
GIGABYTE = 1_000_000_000
"""Bytes: Log Analytics bills decimal gigabytes."""
DOLLARS_PER_GB = 2.76
"""Pay-as-you-go, Analytics plan, East US (Azure Monitor pricing, order of magnitude; regions differ by a fifth)."""


class Source(Section):
    """One kind of record."""

    table: str
    """The Log Analytics table it goes to."""
    per: Literal["request", "app", "stack"]
    """What makes records: a user's request; an app, in a day; the stack, in a day."""
    count: Annotated[float, Field(gt=0)]
    """Records for each."""
    bytes: Annotated[int, Field(gt=0)]
    """Billed size of a record."""
    sampled: bool = False
    """Whether Application Insights sampling thins it."""
    basis: Annotated[str, Field(min_length=10)]
    """Why count and size are what they are."""


sources = data_reader(__file__, "log_volume.yaml", dict[str, Source])
"""The model's data."""


@dataclass(frozen=True, kw_only=True)
class IngestionEstimate:
    """gigabytes: a month, by table, largest first; requests: of users, a month."""

    gigabytes: Mapping[str, float]
    requests: int

    @property
    def total(self) -> float:
        """Gigabytes a month."""
        return sum(self.gigabytes.values())

    @property
    def dollars(self) -> float:
        """Cost of taking the logs in, a month."""
        return self.total * DOLLARS_PER_GB


def ingestion_estimate(traffic: Mapping[str, int], *, apps: int, sampling_percent: float) -> IngestionEstimate:
    """The volume of a stack with this traffic (requests a day, by app), so many apps and this sampling."""
    requests = sum(traffic.values())
    units = {"request": requests, "app": apps, "stack": 1}
    found: dict[str, float] = {}
    for source in sources().values():
        kept = sampling_percent / 100 if source.sampled else 1.0
        volume = units[source.per] * source.count * source.bytes * kept * DAYS / GIGABYTE
        found[source.table] = found.get(source.table, 0.0) + volume
    largest = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return IngestionEstimate(gigabytes=dict(largest), requests=round(requests * DAYS))
