"""App Service plans of the stack: their size, how many workers, and when."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.sections import Section
from documents.words import Text

PlanName = Annotated[str, Text(r"^[a-z][a-z0-9-]{0,18}[a-z0-9]$", "a name in lower case, like api")]
Sku = Annotated[
    str,
    Text(
        r"^(B[123]|S[123]|P[0-3]v3|P[1-5]mv3|P[0-3]v4|P[1-5]mv4)$",
        "a plan size, like P1v3 (B, S, P…v3, P…mv3, P…v4, P…mv4)",
    ),
]
Count = Annotated[int, Field(ge=1, le=30)]
TimeOfDay = Annotated[str, Text(r"^([01]\d|2[0-3]):[0-5]\d$", "a time of day in quotes, like 07:00")]
Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True)
class Tier:
    """What a pricing tier can do (learn.microsoft.com/azure/azure-resource-manager/management/
    azure-subscription-service-limits#azure-app-service-limits).

    name: Azure's name; workers: the most a plan may have; elastic: autoscale and deployment slots.
    encrypted: TLS from the front end to the worker; zones: zone redundancy.
    """

    name: str
    workers: int
    elastic: bool
    encrypted: bool
    zones: bool


TIERS = {
    r"B\d": Tier("Basic", 3, elastic=False, encrypted=False, zones=False),
    r"S\d": Tier("Standard", 10, elastic=True, encrypted=True, zones=False),
    r"P\dm?v3": Tier("PremiumV3", 30, elastic=True, encrypted=True, zones=True),
    r"P\dm?v4": Tier("PremiumV4", 30, elastic=True, encrypted=True, zones=True),
}

ZONE_REDUNDANT_WORKERS = 2
"""learn.microsoft.com/azure/reliability/reliability-app-service: zone redundancy wants two workers or more. With three,
every zone keeps one."""


class InstanceSettings(Section):
    """How many workers a plan has."""

    minimum: Count
    """Never fewer workers: 1 to 30. Every worker is paid for."""
    maximum: Count
    """Never more workers: 1 to 30, and at most what the tier allows (Basic 3, Standard 10)."""
    default: Count
    """Workers at creation, and when autoscale has no metrics to go by."""

    def problems(self) -> Iterator[Problem]:
        """minimum, default and maximum in this order."""
        if not self.minimum <= self.default <= self.maximum:
            yield Problem(
                "default",
                self.default,
                f"from minimum ({self.minimum}) to maximum ({self.maximum}), which must not be less",
            )


class ScheduleSettings(Section):
    """Working hours, in which the plan has its full range. Outside them, at night and on other days, it is `quiet`."""

    time_zone: Annotated[str, Field(min_length=3)]
    """A Windows time zone name, for example Eastern Standard Time (daylight saving is taken care of)."""
    days: Annotated[list[Day], Field(min_length=1, max_length=7)]
    """Working days, English names."""
    start: TimeOfDay
    """When the full range begins, HH:MM."""
    end: TimeOfDay
    """When the quiet range begins, HH:MM, later than `start`."""
    quiet: InstanceSettings
    """Workers outside working hours."""

    def problems(self) -> Iterator[Problem]:
        """The end comes after the start, and a day stands once."""
        if self.end <= self.start:
            yield Problem("end", self.end, f"later than start ({self.start})")
        if len(set(self.days)) < len(self.days):
            yield Problem("days", self.days, "each day once")


class PlanSettings(Section):
    """One App Service plan (Linux). Several apps may share it."""

    sku: Sku
    """Size of a worker. Month for month and worker, Linux, east US, about: B1 $13, S1 $69, P0v3 $62, P1v3 $124,
    P2v3 $248; P0v4 and P1v4 cost about as much as their v3 and are faster. Slots and autoscale need S1 or P0v3."""
    zone_redundant: bool = True
    """Spread workers over the region's zones. Needs Premium v3 or v4 and two workers; three keep one in every zone."""
    instances: InstanceSettings
    """Workers of the plan; autoscale moves between minimum and maximum."""
    schedule: ScheduleSettings | None = None
    """Working hours, for environments that nobody uses at night. Null: the full range always."""

    @property
    def tier(self) -> Tier:
        """What the size's pricing tier can do."""
        return next(tier for pattern, tier in TIERS.items() if re.fullmatch(pattern, self.sku))

    def problems(self) -> Iterator[Problem]:
        """The tier must be able to do what is asked, at night too."""
        tier = self.tier
        ranges = {"instances": self.instances}
        if self.schedule:
            ranges["schedule.quiet"] = self.schedule.quiet
        for key, instances in ranges.items():
            if instances.maximum > tier.workers:
                yield Problem(f"{key}.maximum", instances.maximum, f"at most {tier.workers} in tier {tier.name}")
            if self.zone_redundant and instances.minimum < ZONE_REDUNDANT_WORKERS:
                yield Problem(
                    f"{key}.minimum",
                    instances.minimum,
                    f"at least {ZONE_REDUNDANT_WORKERS} workers, or zoneRedundant: false",
                )
        if self.zone_redundant and not tier.zones:
            yield Problem("zoneRedundant", True, f"false in tier {tier.name}: zones need Premium v3 or v4")
        if not tier.elastic and self.instances.minimum != self.instances.maximum:
            yield Problem(
                "instances.maximum", self.instances.maximum, f"minimum and maximum alike: {tier.name} has no autoscale"
            )
        if not tier.elastic and self.schedule:
            yield Problem("schedule", "…", f"none: tier {tier.name} has no autoscale")


PlansSettings = dict[PlanName, PlanSettings]
"""The section ``plans``: plans by name."""
