"""DATES: no date of a stack file is one that cannot be right."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding
from assurance.check.stack_files import StackFile, not_at_hand, read_stack_file
from assurance.record import Record, shown_place
from documents.yaml_text import read_if_possible
from policies.rule import RuleInfo

DATES = RuleInfo(
    "DATES",
    "No date of the stack file lies where it cannot be right",
    "medium",
    ("164.308(a)(5)(ii)(D)", "164.308(a)(1)(ii)(B)"),
    "Correct the date: expiry dates and alerts count from it. A budget may begin anew: the program replaces it.",
    "Azure's reference of a budget's timePeriod (first of a month, from 2017-06-01, at most twelve months ahead; read "
    "2026-11-29); a rotation is written down when it is done",
)
CATALOGUE = "stacks/catalogues/secrets.yaml"
FIRST_BUDGET = date(2017, 6, 1)
YEAR = timedelta(days=365)
"""What is overdue by more was never looked at, or is a slip of the pen; before that LIFECYCLE warns and fails."""


def date_findings(record: Record, root: Path, today: date) -> Iterator[Finding]:
    """A failure for each date that cannot be right on ``today``; else one that passes."""
    if reason := not_at_hand(record, root):
        yield Finding.of(DATES, *reason, stack=record.stack)
        return
    file = read_stack_file(root / f"Pulumi.{record.stack}.yaml")
    assert file is not None  # its hash was read
    vault_dates = list(_vault_dates(file))
    problems = [*_vault_problems(vault_dates, _days(root), today), *_budget_problems(file, vault_dates, today)]
    for path, message in problems:
        origin = file.place(path)
        yield Finding.of(
            DATES, "fail", f"{shown_place(origin)}: {path} {message}", stack=record.stack, name=path, origin=origin
        )
    if not problems:
        yield Finding.of(DATES, "pass", f"{len(vault_dates)} dates of keys and secrets", stack=record.stack)


Dated = tuple[str, date, str | None]
"""Key path, day, and the secret whose newest date it is."""


def _vault_dates(file: StackFile) -> Iterator[Dated]:
    default = _day(file.get("vaults.rotatedOn"))
    if default is not None:
        yield "vaults.rotatedOn", default, "*"
    for key, entry in _items(file.get("vaults.keys")):
        if isinstance(entry, Mapping) and (day := _day(entry.get("createdOn"))) is not None:
            yield f"vaults.keys.{key}.createdOn", day, None
    for name, dates in _items(file.get("vaults.rotations")):
        each = [_day(one) for one in dates] if isinstance(dates, list) else []
        for index, day in enumerate(each):
            if day is not None:
                yield f"vaults.rotations.{name}[{index}]", day, name if index == len(each) - 1 else None
    for name, keyring in _items(file.get("vaults.keyrings")):
        ids = [key for key, _ in _items(keyring)]
        for key, value in _items(keyring):
            if (day := _day(value)) is not None:
                yield f"vaults.keyrings.{name}.{key}", day, name if key == ids[-1] else None


def _vault_problems(dates: list[Dated], days: Mapping[str, int], today: date) -> Iterator[tuple[str, str]]:
    own = {name for _, _, name in dates if name is not None}
    for path, day, name in dates:
        if day > today:
            yield path, f"= {day}: not after {today}; a rotation is written down when it is done"
        # The default is as old as the secret that has to be rotated most often, and has no date of its own.
        ages = [age for secret, age in days.items() if secret == name or (name == "*" and secret not in own)]
        if ages and day + timedelta(days=min(ages)) + YEAR < today:
            yield path, f"= {day}: overdue since {day + timedelta(days=min(ages))}, by more than a year"


def _budget_problems(file: StackFile, dates: list[Dated], today: date) -> Iterator[tuple[str, str]]:
    path = "monitoring.budget.startDate"
    start = _day(file.get(path))
    if start is None:
        return
    oldest = min([day for _, day, _ in dates], default=today)
    if start < FIRST_BUDGET:
        yield path, f"= {start}: Azure takes none before {FIRST_BUDGET}"
    elif start < min(oldest, today) - YEAR:
        yield path, f"= {start}: more than a year before the stack's first key or secret ({oldest})"
    elif start > today + YEAR:
        yield path, f"= {start}: Azure takes none more than twelve months ahead"


def _days(root: Path) -> dict[str, int]:
    """Days after which each secret must have been replaced."""
    rows = _items(read_if_possible(root / CATALOGUE))
    ages = {str(name): row.get("rotation", {}).get("days") for name, row in rows if isinstance(row, Mapping)}
    return {name: days for name, days in ages.items() if isinstance(days, int)}


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
