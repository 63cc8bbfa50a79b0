"""Cron expressions as Container Apps jobs read them: five fields, UTC.

Source: learn.microsoft.com/azure/container-apps/jobs, "Scheduled jobs" (cron expressions), read 2026-11-29. Day of the
month and weekday: where both are given, a day that one of them names counts (Kubernetes' CronJob, crontab(5)).
"""

import re
from datetime import date, timedelta
from itertools import pairwise

FIELDS = {"minute": (0, 59), "hour": (0, 23), "day of the month": (1, 31), "month": (1, 12), "weekday": (0, 6)}
"""Each field, in its order, and what it may hold; weekday 0 is Sunday."""

YEARS = 9
"""Of which every run is looked at: two leap days are at most eight apart."""


def check_cron(text: str) -> str:
    """The expression itself. Raises ValueError that names the field, what it holds and what it may hold."""
    fields = text.split(" ")
    if len(fields) != len(FIELDS):
        raise ValueError(f"{len(fields)} fields, must be five: {', '.join(FIELDS)}")
    for (name, (low, high)), value in zip(FIELDS.items(), fields, strict=True):
        for part in value.split(","):
            match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
            numbers = [int(number) for number in match.groups()[:2] if number] if match else []
            step = int(match[3]) if match and match[3] else 1
            if not match or numbers != sorted(numbers) or not all(low <= n <= high for n in numbers) or not step:
                raise ValueError(f"{name} `{value}`: *, {low} to {high}, a range like {low}-{high}, or a step like */2")
    return text


def longest_pause(text: str) -> timedelta | None:
    """The longest time between two runs of an expression; None where it never runs, or once in many years.

    Raises ValueError as `check_cron` does.
    """
    minute, hour, day, month, weekday = (
        _numbers(value, *bounds) for value, bounds in zip(check_cron(text).split(" "), FIELDS.values(), strict=True)
    )
    _, _, day_text, month_text, weekday_text = text.split(" ")
    either = "*" not in (day_text, weekday_text)
    every_day = (day_text, month_text, weekday_text) == ("*", "*", "*")
    times = sorted(60 * h + m for h in hour for m in minute)
    start = date(2024, 1, 1)
    days = [
        number
        for number in range(2 if every_day else 365 * YEARS)
        if (each := start + timedelta(days=number)).month in month
        and (any if either else all)((each.day in day, each.isoweekday() % 7 in weekday))
    ]
    within = [later - earlier for earlier, later in pairwise(times)] if days else []
    between = [1440 * (later - earlier) + times[0] - times[-1] for earlier, later in pairwise(days)]
    return timedelta(minutes=max(within + between)) if between else None


def _numbers(field: str, low: int, high: int) -> set[int]:
    """The numbers that a field names."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = low if span == "*" else int(first)
        end = high if span == "*" or (step and not last) else int(last or first)
        found.update(range(begin, end + 1, int(step or 1)))
    return found
