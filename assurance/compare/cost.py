"""What a change does to the bill."""

from dataclasses import dataclass, field

from assurance.cost.bill import CURRENCY, Bill, bill_of
from assurance.errors import UsageError
from assurance.record import Record, get


@dataclass(frozen=True)
class Cost:
    """A month before and after, in ``currency``, without what is charged by use; None where a side is not there.

    unknown: lines of the head without a price, which are in neither amount. budget: of the head, where it has one.
    """

    before: float | None
    after: float | None
    currency: str
    unknown: list[str] = field(default_factory=list)
    budget: float | None = None

    @property
    def line(self) -> str:
        """Both amounts in words; empty where they are the same."""
        if self.before == self.after:
            return ""
        unknown = f", {len(self.unknown)} unknown" if self.unknown else ""
        before, after = (f"{each:,.2f}" if each is not None else "nothing" for each in (self.before, self.after))
        rise = (self.after or 0) - (self.before or 0)
        return f"{before} → {after} {self.currency} ({rise:+,.2f}{unknown})"


@dataclass(frozen=True)
class Limit:
    """By how much a bill may rise: an amount in its currency, or percent of what it was."""

    number: float
    percent: bool


def compare_bills(base: Record | None, head: Record | None) -> Cost | None:
    """The cost of both sides; None where nothing of the bill differs."""
    before, after = (bill_of(each) if each is not None else None for each in (base, head))
    if before is not None and after is not None and _essence(before) == _essence(after):
        return None
    budgets = [get(each, "amount") for each in head.of_type("consumption:Budget")] if head is not None else []
    known = [float(each) for each in budgets if isinstance(each, (int, float))]
    return Cost(
        before.total if before else None,
        after.total if after else None,
        CURRENCY,
        after.unknown if after else [],
        min(known, default=None),
    )


def _essence(bill: Bill) -> list[tuple[str, str, float | None, float | None]]:
    return sorted((each.meter, each.region, each.quantity or 0, each.amount or -1) for each in bill.lines)


def read_limit(text: str | None) -> Limit | None:
    """The limit that ``--max-increase`` names. Raises UsageError."""
    if text is None:
        return None
    number, percent = text.removesuffix("%"), text.endswith("%")
    if not number.replace(".", "", 1).isdigit():
        raise UsageError(f"--max-increase {text}: an amount like 100 or a percentage like 10%")
    return Limit(float(number), percent)


def too_dear(cost: Cost, limit: Limit | None) -> list[str]:
    """How a bill rises by more than ``limit`` allows, or above the stack's budget."""
    reasons = []
    before, after = cost.before or 0, cost.after or 0
    if limit is not None and after - before > (before * limit.number / 100 if limit.percent else limit.number) + 0.005:
        allowed = f"{limit.number:g}{'%' if limit.percent else ' ' + cost.currency}"
        reasons.append(f"it rises by more than {allowed}: {cost.line}")
    if cost.budget is not None and after > cost.budget >= before:
        reasons.append(f"it rises above the stack's budget of {cost.budget:,g}: {cost.line}")
    return reasons
