"""The bill of materials of a record."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from assurance.record import Record, Resource, short_type
from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from facts.prices import HOURS, price_of
from policies.resource import lookup

CURRENCY = "USD"


class Times(Section):
    """By how much a quantity is multiplied for the values of an input."""

    input: str
    values: dict[str, float]


class Meter(Section):
    """One row; the file's head says what each column means."""

    types: list[str]
    free: str | None = None
    meter: str | None = None
    quantity: float | str = 1.0
    times: Times | None = None
    where: dict[str, str] = {}
    usage: str | None = None

    def problems(self) -> Iterator[Problem]:
        """It is free, or has a meter."""
        if (self.free is None) == (self.meter is None):
            yield Problem("", self.types, "free or meter, one of them")

    def is_about(self, resource: Resource) -> bool:
        """Whether it charges for this resource."""
        if short_type(resource) not in self.types:
            return False
        return all(str(lookup(resource.inputs, path)) == value for path, value in self.where.items())


meters = data_reader(__file__, "meters.yaml", list[Meter])
"""The rows."""


@dataclass(frozen=True)
class Line:
    """One line of a bill.

    quantity: how many, of what is charged by the hour hours of a month; unit: ``hour``, ``month`` or ``GB-month``.
    price: of one unit; amount: of a month; None: unknown. usage: what is charged by use beside, and not in the amount.
    """

    urn: str
    type: str
    name: str
    meter: str
    region: str
    quantity: float | None = None
    unit: str | None = None
    price: float | None = None
    amount: float | None = None
    date: str | None = None
    source: str | None = None
    usage: str | None = None


@dataclass(frozen=True)
class Bill:
    """What a stack costs a month as declared, in `CURRENCY`, without what is charged by use."""

    stack: str
    lines: list[Line] = field(default_factory=list)
    basis: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Of all lines with a known price."""
        return round(sum(line.amount or 0 for line in self.lines), 2)

    @property
    def unknown(self) -> list[str]:
        """Lines without a known price: not in the total."""
        return [f"{line.meter} of {line.name}" for line in self.lines if line.amount is None]

    @property
    def by_use(self) -> list[str]:
        """What is charged by use beside, by resource: not in the total."""
        return sorted({f"{line.name}: {line.usage}" for line in self.lines if line.usage})

    def as_dict(self) -> dict[str, Any]:
        """The bill as JSON holds it."""
        return {
            "stack": self.stack,
            "currency": CURRENCY,
            "total": self.total,
            "unknown": self.unknown,
            "byUse": self.by_use,
            "lines": [asdict(line) for line in self.lines],
        }


def bill_of(record: Record) -> Bill:
    """The bill of a record: a line for each meter of each resource, and one for each type that nobody has a row for."""
    groups = {str(each.inputs.get("resourceGroupName")): str(each.inputs.get("location"))
              for each in record.of_type("resources:ResourceGroup")}  # fmt: skip
    lines = [line for each in record if _charged(each) for line in _lines(each, groups)]
    return Bill(record.stack, lines, basis=record.basis)


def _charged(resource: Resource) -> bool:
    """Whether Azure could charge for it: a provider of something else, or what is only looked up, costs nothing."""
    return resource.custom and resource.type.startswith("azure-native:") and not resource.options.get("existing")


def _lines(resource: Resource, groups: dict[str, str]) -> Iterator[Line]:
    region = str(resource.inputs.get("location") or groups.get(str(resource.inputs.get("resourceGroupName")), ""))
    nothing = Line(resource.urn, resource.type, resource.name, short_type(resource), region)
    rows = [row for row in meters() if row.is_about(resource)]
    if not rows:
        yield nothing
    for row in rows:
        if row.meter is not None:
            yield _priced(replace(nothing, usage=row.usage), row, row.meter, resource)
        elif row.usage is not None:
            yield replace(nothing, meter=row.usage, quantity=0, price=0, amount=0, usage=row.usage)


def _priced(line: Line, row: Meter, meter: str, resource: Resource) -> Line:
    name = re.sub(r"\{([^}]+)\}", lambda match: str(lookup(resource.inputs, match[1])), meter)
    count = _count(resource, row)
    price = price_of(name, line.region)
    if price is None or count is None:
        return replace(line, meter=name, quantity=count)
    quantity = count * (HOURS if price.unit == "hour" else 1)
    amount = round(quantity * price.amount, 2)
    return replace(line, meter=name, quantity=quantity, unit=price.unit, price=price.amount, amount=amount,
                   date=price.date.isoformat(), source=price.source)  # fmt: skip


def _count(resource: Resource, row: Meter) -> float | None:
    """How many; None where only a deployment knows."""
    count = row.quantity if isinstance(row.quantity, float) else lookup(resource.inputs, row.quantity, 1)
    try:
        number = float(count)
    except (TypeError, ValueError):
        return None
    if row.times is not None:
        number *= row.times.values.get(str(lookup(resource.inputs, row.times.input)), 1)
    return number
