"""When a job runs: a cron expression, every field within its range."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from documents.words import Words

# learn.microsoft.com/azure/container-apps/jobs, "Scheduled jobs" (cron expressions), read 2026-11-29.
FIELDS = {"minute": (0, 59), "hour": (0, 23), "day of the month": (1, 31), "month": (1, 12), "weekday": (0, 6)}


def check_cron(text: str) -> str:
    """The expression itself. Raises ValueError that names the field, what it holds and what it may hold."""
    for (name, (low, high)), value in zip(FIELDS.items(), text.split(" "), strict=True):
        for part in value.split(","):
            match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
            numbers = [int(number) for number in match.groups()[:2] if number] if match else []
            step = int(match[3]) if match and match[3] else 1
            if not match or numbers != sorted(numbers) or not all(low <= n <= high for n in numbers) or not step:
                raise ValueError(f"{name} `{value}`: *, {low} to {high}, a range like {low}-{high}, or a step like */2")
    return text


Cron = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9*/,-]+ ){4}[0-9*/,-]+$"),
    Words("minute, hour, day of the month, month and weekday in UTC with one space between, like */15 * * * *"),
    AfterValidator(check_cron),
]
"""Minute, hour, day of the month, month, weekday; UTC."""
