"""What meters cost: ``prices.yaml``. Its head says what each column means."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from documents.reading import read_document
from documents.sections import Section

FILE = Path(__file__).with_name("prices.yaml")
HOURS = 730
"""Hours of a month, as Azure's own calculator counts (azure.microsoft.com/pricing/calculator, read 2026-11-29)."""
Source = Annotated[str, StringConstraints(pattern=r"^(https://|github:|estimate)")]


class Price(Section):
    """One row. amount: of one unit, in ``currency``."""

    meter: str
    unit: Literal["hour", "month", "GB-month"]
    amount: Annotated[float, Field(ge=0)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    region: str
    date: date
    source: Source
    query: dict[str, str] = {}


@cache
def prices() -> list[Price]:
    """The rows. Raises DocumentError when the file is wrong."""
    return read_document(FILE, list[Price])


def head_comment() -> str:
    """What stands above the rows in the file."""
    lines = FILE.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(lines[: next(index for index, line in enumerate(lines) if not line.startswith("#"))])


def row_text(price: Price) -> str:
    """A row as the file writes it."""
    query = ", ".join(f"{key}: {value}" for key, value in price.query.items())
    return (
        f"- {{meter: {price.meter}, unit: {price.unit}, amount: {price.amount:g}, currency: {price.currency}, "
        f"region: {price.region}, date: {price.date}, source: '{price.source}'"
        + (f", query: {{{query}}}" if query else "")
        + "}\n"
    )


def price_of(meter: str, region: str) -> Price | None:
    """The region's row of a meter, else the global one; None where nobody knows."""
    found = {each.region: each for each in prices() if each.meter == meter}
    return found.get(region) or found.get("global")
