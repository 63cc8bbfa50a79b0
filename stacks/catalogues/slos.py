"""The catalogue of service level objectives: how an indicator is measured, and how fast a budget may burn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from documents.reading import data_reader
from documents.sections import Section
from stacks.catalogues.alerts import QueryFrequency, QueryWindow

_CATALOGUES = Path(__file__).parent


SLOS = "stacks/catalogues/slos.yaml"


Indicator = Literal["availability", "latency"]


class IndicatorEntry(Section):
    """How an indicator is measured."""

    bad: str
    """KQL on AppRequests: true for a request that spends budget."""


class BurnRate(Section):
    """One pair of windows."""

    limit: Annotated[float, Field(gt=0)]
    """Times as fast as the objective allows."""
    long: QueryWindow
    short: Literal["PT5M", "PT30M", "PT2H", "PT4H"]
    frequency: QueryFrequency
    spent: Annotated[float, Field(gt=0, lt=1)]
    """Share of a 30-day budget that is gone when the long window is full."""
    source: str


class SloCatalogue(Section):
    """The catalogue of indicators and burn rates."""

    indicators: dict[Indicator, IndicatorEntry]
    burn_rates: dict[str, BurnRate]


slo_catalogue = data_reader(__file__, "slos.yaml", SloCatalogue)
"""The catalogue."""


def burn_rate_query(values: Mapping[str, str]) -> str:
    """The KQL of a burn-rate alert with these values in it. Raises KeyError for a place that has no value."""
    text = (_CATALOGUES / "slo" / "burn-rate.kql").read_text(encoding="utf-8").strip()
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    if "{{" in text:
        raise KeyError(text[text.index("{{") : text.index("}}") + 2])
    return text
