"""One end of one thing, and how near it is."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from assurance.record import Resource

WARN_DAYS, FAIL_DAYS = 180, 60
"""How long before an end it warns and fails: half a year to plan, two months to act."""

Nearness = Literal["past", "near", "coming", "later", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What ends of one resource, or of one entry of a register.

    id: what ends, the same for all whom it concerns; kind: what sort of thing, as facts/lifecycle.yaml names it, or
    key, secret, exemption, budget, or a register's name.
    day: the first day without it; None where nobody has named one, why: where one looked. life: days from its beginning
    to its end, where they are known.
    effect: what Azure does then (facts/lifecycle.yaml); `own` for what this project decides itself.
    then, action: what happens, and what to do. status: confirmed or reported, by whom: source.
    resource, name, place: what it is about; place: {file, line, key} of an entry.
    """

    id: str
    kind: str
    subject: str
    day: date | None
    then: str
    action: str
    name: str
    effect: str = "own"
    why: str = ""
    life: int | None = None
    status: str = "confirmed"
    source: str = "declared"
    read: date | None = None
    resource: Resource | None = None
    place: dict[str, Any] | None = None

    @property
    def type(self) -> str:
        """The type of its resource; empty for an entry."""
        return self.resource.type if self.resource else ""

    def days(self, today: date) -> int | None:
        """Days until it ends; 0 and less: it has ended."""
        return None if self.day is None else (self.day - today).days

    def nearness(self, today: date) -> Nearness:
        """near: within the days that fail; coming: within those that warn.

        What lives shorter than a year is not near for most of its life: both are a sixth and half of it at most.
        """
        left = self.days(today)
        if left is None:
            return "unknown"
        warn = WARN_DAYS if self.life is None else min(WARN_DAYS, self.life // 2)
        fail = FAIL_DAYS if self.life is None else min(FAIL_DAYS, self.life // 6)
        if left <= 0:
            return "past"
        return "near" if left <= fail else "coming" if left <= warn else "later"

    def when(self, today: date) -> str:
        """The end in words."""
        left = self.days(today)
        if left is None:
            return f"no day is announced ({self.why})"
        return f"ended on {self.day}" if left <= 0 else f"ends on {self.day}, in {left} day{'s' * (left != 1)}"
